/** Puts the corners of a walk. */

import { DEFAULTS, MAX_CORNERS } from "../../lib/state.js";

/** @typedef {import("../plot.js").Shared} Shared */

/** @type {import("../tools.js").Tool} */
export const path = {
  name: "path",
  title: "Click the corners of a walk",
  key: "p",
  cursor: "crosshair",
  overWalk: true,

  press(plot, shared, px, py) {
    addCorner(shared, plot.place(px, py));
    return null;
  },

  doubleClick: (_, shared) => finish(shared),

  enter: (_, shared, at) => addCorner(shared, at),
};

/** Adds a corner; the same corner again finishes the path. @param {Shared} shared @param {[number, number]} at */
function addCorner(shared, at) {
  const corners = shared.session.now.outline?.corners ?? [];
  const last = corners[corners.length - 1];
  if (corners.length === MAX_CORNERS || (last && last[0] === at[0] && last[1] === at[1])) return finish(shared);
  shared.session.set({ outline: { corners: [...corners, at], closed: false } });
}

/** Makes two or more corners the walk. The change of the tool clears the outline. @param {Shared} shared */
function finish({ state, session }) {
  const points = session.now.outline?.corners ?? [];
  const { walk } = state.now;
  const smooth = walk?.kind === "path" && walk.smooth ? { smooth: walk.smooth } : {};
  state.set({
    tool: DEFAULTS.tool,
    ...(points.length > 1 ? { walk: { kind: "path", points, ...smooth }, frame: 0 } : {}),
  });
}
