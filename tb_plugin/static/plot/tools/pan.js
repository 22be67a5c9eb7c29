/** Drags the view. */

import { pan as panned } from "../../lib/view.js";
import { zoomIn } from "../gestures.js";

/** @type {import("../tools.js").Tool} */
export const pan = {
  name: "pan",
  title: "Drag the view (also: shift and drag)",
  key: "h",
  cursor: "grab",

  press(plot, { session, camera, look }, px, py) {
    let [x, y] = [px, py];
    session.set({ dragging: true });
    return {
      move: (nx, ny) => {
        look(panned(camera.view, plot.size, nx - x, ny - y));
        [x, y] = [nx, ny];
      },
      end: () => session.set({ dragging: false }),
    };
  },

  doubleClick: zoomIn,
};
