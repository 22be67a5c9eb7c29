/** Selects the points inside an outline. */

import { selecting, zoomIn } from "../gestures.js";

/** @type {import("../tools.js").Tool} */
export const lasso = {
  name: "lasso",
  title: "Select the points inside an outline",
  key: "l",
  cursor: "crosshair",

  press: (plot, shared, px, py) => selecting(plot, shared, px, py, (corners, corner) => [...corners, corner]),

  doubleClick: zoomIn,

  /** One more corner; the same corner again closes the outline. */
  enter(plot, { session }, at) {
    const corners = session.now.outline?.corners ?? [];
    const last = corners[corners.length - 1];
    if (!last || last[0] !== at[0] || last[1] !== at[1]) {
      session.set({ outline: { corners: [...corners, at], closed: true } });
    } else if (corners.length > 2) plot.select(corners);
  },
};
