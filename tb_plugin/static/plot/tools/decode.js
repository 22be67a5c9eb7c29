/** Decodes the place under the pointer. */

/** @type {import("../tools.js").Tool} */
export const decode = {
  name: "decode",
  title: "Click or drag: decode the place under the pointer",
  key: "d",
  cursor: "crosshair",

  press(plot, { state, session }, px, py) {
    /** @param {number} x @param {number} y */
    const move = (x, y) => {
      session.set({ anchor: -1 });
      state.set({ probe: plot.place(x, y) });
    };
    move(px, py);
    session.set({ anchor: plot.pick(px, py) });
    return { move };
  },

  click({ state }, at) {
    state.set({ probe: at });
  },
};
