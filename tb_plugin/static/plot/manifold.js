/** The grid of decoded pictures behind the points. It fades where there is no data. */

import { h } from "../lib/dom.js";
import { inked, pictureShape, put, toBytes } from "../lib/picture.js";
import { lift } from "../lib/planes.js";
import { scale, toPlane, toScreen } from "../lib/view.js";

/** @typedef {import("../lib/view.js").View} View */
/** @typedef {import("../lib/view.js").Size} Size */

const CELL = 34; // of a picture, in CSS pixels at least
const MOST = 900; // pictures
const FAINT = 0.1; // where there is no data
const FULL = 0.75;

export class Manifold {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    this.canvas = h("canvas", { className: "manifold", hidden: true });
    /** @type {{left: number, top: number, width: number, height: number}|null} the part of the plane that it shows */
    this.area = null;
    /** @type {AbortController|null} */
    this.work = null;
  }

  /**
   * Decodes the grid for a view. The old grid stays until the new one is done.
   * @param {import("../lib/planes.js").Frame} frame
   * @param {import("../decode/decoding.js").Decoding} decoding
   * @param {number[]|null} imageShape
   * @param {View} view
   * @param {Size} size
   * @param {number} span of the view of all points
   * @param {number[]} ink RGB
   */
  async show(frame, decoding, imageShape, view, size, span, ink) {
    this.work?.abort();
    const work = (this.work = new AbortController());
    const shape = pictureShape(decoding.decoder.outputShape, imageShape);
    if (!shape) return this.clear();
    const pixels = Math.max(CELL, Math.sqrt((size.width * size.height) / MOST), 0.6 * Math.max(shape[0], shape[1]));
    const cell = pixels / scale(view, size);
    // Cells lie on multiples of their size, so that pictures stay in place while the view moves.
    const [left, top] = toPlane(view, size, 0, 0);
    const [right, bottom] = toPlane(view, size, size.width, size.height);
    const [column, row] = [Math.floor(left / cell), Math.floor(bottom / cell)];
    const columns = Math.ceil(right / cell) - column;
    const rows = Math.ceil(top / cell) - row;
    if (!(columns > 0 && rows > 0 && columns * rows < 4 * MOST)) return this.clear();
    const places = new Float32Array(2 * columns * rows);
    for (let k = 0; k < columns * rows; k++) {
      places[2 * k] = (column + (k % columns) + 0.5) * cell;
      places[2 * k + 1] = (row + rows - 1 - Math.floor(k / columns) + 0.5) * cell;
    }
    const decoded = await decoding.decode(lift(places, frame.plane), columns * rows, work.signal).catch((error) => {
      if (!work.signal.aborted) throw error;
      return null;
    });
    if (!decoded || work.signal.aborted) return;
    const near = density(frame, Math.max(cell, span / 30));
    const [height, width] = shape;
    const values = shape[0] * shape[1] * shape[2];
    const sheet = new Uint8ClampedArray(4 * width * columns * height * rows);
    for (let k = 0; k < columns * rows; k++) {
      const opacity = FAINT + (FULL - FAINT) * near(places[2 * k], places[2 * k + 1]);
      const picture = inked(toBytes(decoded.subarray(k * values, (k + 1) * values)), shape, ink, opacity);
      const corner = (Math.floor(k / columns) * height * columns + (k % columns)) * width;
      for (let y = 0; y < height; y++) {
        sheet.set(picture.subarray(4 * y * width, 4 * (y + 1) * width), 4 * (corner + y * columns * width));
      }
    }
    put(this.canvas, sheet, width * columns, height * rows);
    this.area = { left: column * cell, top: (row + rows) * cell, width: columns * cell, height: rows * cell };
    this.redraw();
  }

  clear() {
    this.work?.abort();
    this.area = null;
    this.canvas.hidden = true;
  }

  /** Moves the grid to its place in a view, without drawing. @param {View} view @param {Size} size */
  place(view, size) {
    if (!this.area) return;
    this.canvas.hidden = false;
    const k = scale(view, size);
    const [x, y] = toScreen(view, size, this.area.left, this.area.top);
    const across = (this.area.width * k) / this.canvas.width;
    const down = (this.area.height * k) / this.canvas.height;
    this.canvas.style.transform = `matrix(${across}, 0, 0, ${down}, ${x}, ${y})`;
  }
}

/**
 * Returns the density of the points as a function of the place, 0..1: counts in cells, interpolated between them.
 * @param {import("../lib/planes.js").Frame} frame
 * @param {number} cell
 * @returns {(x: number, y: number) => number}
 */
function density({ xy }, cell) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  /** @param {number} column @param {number} row */
  const key = (column, row) => column * 1e6 + row;
  for (let i = 0; i < xy.length; i += 2) {
    const at = key(Math.floor(xy[i] / cell), Math.floor(xy[i + 1] / cell));
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return (x, y) => {
    const [column, row] = [Math.floor(x / cell - 0.5), Math.floor(y / cell - 0.5)];
    const [right, up] = [x / cell - 0.5 - column, y / cell - 0.5 - row];
    let count = 0;
    for (const [i, j] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]) {
      count += (counts.get(key(column + i, row + j)) ?? 0) * (i ? right : 1 - right) * (j ? up : 1 - up);
    }
    return 1 - Math.exp(-1.5 * count);
  };
}
