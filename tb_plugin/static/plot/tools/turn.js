/** Turns the plane within the first principal components. */

import { START, turn as turned } from "../../lib/tour.js";

/** @typedef {import("../plot.js").Plot} Plot */
/** @typedef {import("../plot.js").Shared} Shared */

const ARROW = Math.PI / 36; // an arrow key turns by 5 degrees

/** @type {import("../tools.js").Tool} */
export const turn = {
  name: "turn",
  title: "Drag: turn the plane through another principal component",
  key: "t",
  cursor: "move",
  dims: 3,

  press(plot, { state, session }, px, py) {
    if (!turns(plot)) return null;
    let [x, y] = [px, py];
    session.set({ dragging: true });
    return {
      move: (nx, ny) => {
        turnBy(state, (nx - x) / radius(plot), (y - ny) / radius(plot));
        [x, y] = [nx, ny];
      },
      end: () => session.set({ dragging: false }),
    };
  },

  arrow(plot, { state }, [right, down]) {
    if (turns(plot)) turnBy(state, ARROW * right, -ARROW * down);
  },
};

/** Returns whether the codes of a plot have a side that is not seen. @param {Plot} plot */
const turns = (plot) => (plot.content.frame?.plane.origin.length ?? 0) >= 3;

/** Returns the radius of the ball that a drag turns, in pixels. @param {Plot} plot */
const radius = ({ size }) => Math.min(size.width, size.height) / 2;

/** @param {Shared["state"]} state @param {number} x @param {number} y */
function turnBy(state, x, y) {
  const { plane } = state.now;
  state.set({ plane: turned(plane?.kind === "tour" ? plane : START, x, y) });
}
