/** Gestures that several tools share. */

import { zoom } from "../lib/view.js";

/** @typedef {import("./plot.js").Plot} Plot */
/** @typedef {import("./plot.js").Shared} Shared */

/** A pointer that moves less has clicked. */
export const CLICK_PIXELS = 3;

/**
 * Selects points by a drag.
 * @param {Plot} plot
 * @param {Shared} shared
 * @param {number} px
 * @param {number} py
 * @param {(corners: [number, number][], corner: [number, number]) => [number, number][]} add returns the outline after the
 *   pointer came to one more place
 * @returns {import("./tools.js").Drag}
 */
export function selecting(plot, { session }, px, py, add) {
  let corners = [plot.place(px, py)];
  let moved = false;
  session.set({ outline: { corners, closed: true } });
  return {
    move: (nx, ny) => {
      moved ||= Math.hypot(nx - px, ny - py) > CLICK_PIXELS;
      corners = add(corners, plot.place(nx, ny));
      session.set({ outline: { corners, closed: true } });
    },
    end: () => (moved ? plot.select(corners) : session.set({ outline: null, selection: null })),
  };
}

/** Zooms in by a double click. @param {Plot} plot @param {Shared} shared @param {number} px @param {number} py */
export function zoomIn(plot, { camera, look }, px, py) {
  look(zoom(camera.view, plot.size, px, py, 2));
}
