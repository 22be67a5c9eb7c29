/** Decodes the place under the pointer. */

/** @type {import("../tools.js").Tool} */
export const decode = {
  name: "decode",
  title: "Click or drag: decode the place under the pointer",
  key: "d",
  cursor: "crosshair",

  press(plot, { state }, px, py) {
    /** @param {number} x @param {number} y */
    const move = (x, y) => state.set({ probe: plot.place(x, y) });
    move(px, py);
    return { move };
  },

  click({ state }, at) {
    state.set({ probe: at });
  },
};
