/** Draws the images of the points instead of dots, once few enough are in view. */

import { inked, toCanvas } from "../lib/picture.js";
import { toPlane, toScreen } from "../lib/view.js";

const MOST_POINTS = 4000; // in view
const SMALL = 22; // CSS pixels
const LARGE = 48;
const CACHED = 2000;

export class Thumbnails {
  constructor() {
    /** @type {Map<string, HTMLCanvasElement>} */
    this.cache = new Map();
  }

  /**
   * Returns the points whose image is drawn, so that no image covers another; null: too many points are in view.
   * @param {import("../lib/planes.js").Frame} frame
   * @param {Uint8Array} marks
   * @param {import("../lib/view.js").View} view
   * @param {import("../lib/view.js").Size} size
   * @returns {{indices: number[], side: number}|null}
   */
  choose(frame, marks, view, size) {
    const [left, top] = toPlane(view, size, 0, 0);
    const [right, bottom] = toPlane(view, size, size.width, size.height);
    /** @type {number[]} */
    const seen = [];
    const most = Math.min(MOST_POINTS, Math.max(60, frame.xy.length / 8));
    frame.grid.within(left, right, bottom, top, (index) => {
      if (marks[index] > 1) seen.push(index);
      return seen.length > most;
    });
    if (!seen.length || seen.length > most) return null;
    const side = Math.min(LARGE, Math.max(SMALL, 0.6 * Math.sqrt((size.width * size.height) / seen.length)));
    const columns = Math.ceil(size.width / side) + 2;
    const around = [-columns - 1, -columns, -columns + 1, -1, 0, 1, columns - 1, columns, columns + 1];
    /** @type {Map<number, [number, number]>} the chosen places, by cell of the size of an image */
    const taken = new Map();
    const indices = seen
      .sort((a, b) => a - b)
      .filter((index) => {
        const [x, y] = toScreen(view, size, frame.xy[2 * index], frame.xy[2 * index + 1]);
        const cell = Math.floor(x / side) + columns * Math.floor(y / side);
        const free = around.every((d) => {
          const other = taken.get(cell + d);
          return !other || Math.max(Math.abs(other[0] - x), Math.abs(other[1] - y)) > 0.9 * side;
        });
        if (free) taken.set(cell, [x, y]);
        return free;
      });
    return { indices, side };
  }

  /**
   * @param {CanvasRenderingContext2D} c
   * @param {{indices: number[], side: number}} chosen
   * @param {import("../lib/planes.js").Frame} frame
   * @param {import("../lib/picture.js").Pictures} images
   * @param {import("../lib/view.js").View} view
   * @param {import("../lib/view.js").Size} size
   * @param {Uint8Array} colors [256, 4]
   * @param {Uint8Array} values of the points
   */
  draw(c, { indices, side }, frame, images, view, size, colors, values) {
    for (const index of indices) {
      if (index >= images.count) continue;
      const ink = colors.subarray(4 * values[index], 4 * values[index] + 3);
      const key = `${index} ${ink}`;
      let canvas = this.cache.get(key);
      if (!canvas) {
        if (this.cache.size >= CACHED) this.cache.clear();
        canvas = toCanvas(
          inked(images.at(index), [images.height, images.width, images.channels], [...ink]),
          images.width,
          images.height,
        );
        this.cache.set(key, canvas);
      }
      const [x, y] = toScreen(view, size, frame.xy[2 * index], frame.xy[2 * index + 1]);
      const k = side / Math.max(images.width, images.height);
      const [w, h] = [images.width * k, images.height * k];
      c.drawImage(canvas, x - w / 2, y - h / 2, w, h);
    }
  }
}
