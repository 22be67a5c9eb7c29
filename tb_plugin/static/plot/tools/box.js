/** Selects the points in a box. */

import { selecting, zoomIn } from "../gestures.js";

/** @type {import("../tools.js").Tool} */
export const box = {
  name: "box",
  title: "Select the points in a box",
  key: "b",
  cursor: "crosshair",

  press: (plot, shared, px, py) => selecting(plot, shared, px, py, ([first], corner) => between(first, corner)),

  doubleClick: zoomIn,

  /** The first corner, then the opposite one. */
  enter(plot, { session }, at) {
    const [first] = session.now.outline?.corners ?? [];
    if (!first) session.set({ outline: { corners: [at], closed: true } });
    else if (first[0] !== at[0] || first[1] !== at[1]) plot.select(between(first, at));
  },
};

/** Returns the corners of a box. @param {[number, number]} a @param {[number, number]} b @returns {[number, number][]} */
function between(a, b) {
  return [a, [b[0], a[1]], b, [a[0], b[1]]];
}
