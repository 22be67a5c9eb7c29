/** Drags the handles of the walk: center, rim, corners. */

import { CLICK_PIXELS } from "./gestures.js";
import { toolOf } from "./tools.js";

/**
 * @param {import("./plot.js").Plot} plot
 * @param {import("./plot.js").Shared} shared
 * @param {import("../lib/state.js").Walk} walk
 * @param {"center"|"rim"|number} handle a number is the index of a corner
 * @param {number} px
 * @param {number} py
 * @returns {import("./tools.js").Drag}
 */
export function dragHandle(plot, shared, walk, handle, px, py) {
  const { state } = shared;
  const start = plot.place(px, py);
  let moved = false;
  return {
    move: (nx, ny) => {
      moved ||= Math.hypot(nx - px, ny - py) > CLICK_PIXELS;
      if (!moved) return;
      const [x, y] = plot.place(nx, ny);
      if (walk.kind === "path") {
        state.set({ walk: { ...walk, points: walk.points.map((p, i) => (i === handle ? [x, y] : p)) } });
      } else if (handle === "center") {
        state.set({ walk: { ...walk, x: walk.x + x - start[0], y: walk.y + y - start[1] } });
      } else {
        state.set({ walk: { ...walk, r: Math.hypot(x - walk.x, y - walk.y) } });
      }
    },
    end: () => {
      if (!moved) toolOf(state.now).click?.(shared, start);
    },
  };
}
