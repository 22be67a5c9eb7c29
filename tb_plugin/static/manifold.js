/** A grid of decoded pictures behind the points: what the decoder makes of the plane, fading where no data is. */

import { inked, pictureShape, put, toBytes } from "./picture.js";
import { scale, toPlane } from "./view.js";
import { lift } from "./planes.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Size} Size */

const CELL = 34; // of a picture, in CSS pixels at least
const MOST = 900; // pictures
const FAINT = 0.1; // where there is no data
const FULL = 0.75;

export class Manifold {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    this.canvas = document.createElement("canvas");
    /** @type {{left: number, top: number, width: number, height: number}|null} the part of the plane it shows */
    this.area = null;
    /** @type {AbortController|null} */
    this.work = null;
  }

  /**
   * Decodes anew; what was there stays until it is done.
   * @param {import("./space.js").Frame} frame
   * @param {import("./decoding.js").Decoding} decoding
   * @param {number[]|null} imageShape
   * @param {View} view
   * @param {Size} size
   * @param {number[]} ink RGB
   */
  async show(frame, decoding, imageShape, view, size, ink) {
    this.work?.abort();
    const work = (this.work = new AbortController());
    const shape = pictureShape(decoding.outputShape, imageShape);
    if (!shape) return this.clear();
    const pixels = Math.max(CELL, Math.sqrt((size.width * size.height) / MOST), 0.6 * Math.max(shape[0], shape[1]));
    const cell = pixels / scale(view, size);
    // Cells lie on multiples of their size, so that pictures stay where they are while the view is moved.
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
    const near = density(frame, cell, column, row, columns, rows);
    const [height, width] = shape;
    const values = shape[0] * shape[1] * shape[2];
    const sheet = new Uint8ClampedArray(4 * width * columns * height * rows);
    for (let k = 0; k < columns * rows; k++) {
      const opacity = FAINT + (FULL - FAINT) * near[k];
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
    if (this.area) this.redraw();
    this.area = null;
  }

  /** @param {CanvasRenderingContext2D} c @param {View} view @param {Size} size */
  draw(c, view, size) {
    if (!this.area) return;
    const k = scale(view, size);
    c.imageSmoothingQuality = "medium";
    c.drawImage(this.canvas, size.width / 2 + (this.area.left - view.x) * k,
      size.height / 2 - (this.area.top - view.y) * k, this.area.width * k, this.area.height * k);
  }
}

/**
 * How much data is about each cell, 0..1, the cells row by row from the top.
 * @param {import("./space.js").Frame} frame
 * @param {number} cell @param {number} column @param {number} row @param {number} columns @param {number} rows
 */
function density({ xy, grid }, cell, column, row, columns, rows) {
  const counts = new Float32Array(columns * rows);
  grid.within(column * cell, (column + columns) * cell, row * cell, (row + rows) * cell, (index) => {
    const x = Math.min(columns - 1, Math.floor(xy[2 * index] / cell) - column);
    const y = Math.min(rows - 1, Math.floor(xy[2 * index + 1] / cell) - row);
    counts[(rows - 1 - y) * columns + x]++;
  });
  return counts.map((own, k) => {
    let around = 2 * own;
    for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
      const [x, y] = [(k % columns) + dx, Math.floor(k / columns) + dy];
      if (x >= 0 && x < columns && y >= 0 && y < rows) around += counts[y * columns + x];
    }
    return 1 - Math.exp(-around / 3);
  });
}
