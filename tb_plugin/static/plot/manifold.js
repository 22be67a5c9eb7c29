/** The grid of decoded pictures behind the points. It fades where there is no data. */

import { product } from "../lib/codec.js";
import { inked, put } from "../lib/picture.js";
import { lift } from "../lib/planes.js";
import { Placed } from "./placed.js";
import { scale, toPlane } from "../lib/view.js";

/** @typedef {import("../lib/view.js").View} View */
/** @typedef {import("../lib/view.js").Size} Size */

const CELL = 34; // of a picture, in CSS pixels at least
const MOST = 900; // pictures
const FAINT = 0.1; // where there is no data
const FULL = 0.75;

const SLOW = 150; // ms: a grid that takes longer is shown while it comes
const COARSE = 4; // every so many cells come first, enlarged
const SHOW_MS = 80; // between two looks at it

export class Manifold extends Placed {
  /** @param {() => void} redraw */
  constructor(redraw) {
    super("manifold");
    this.redraw = redraw;
    /** @type {AbortController|null} of a grid that is being decoded */
    this.work = null;
  }

  /**
   * Decodes the grid for a view. The old grid stays until the new one is done, or until its first pictures are there.
   * @param {import("../lib/planes.js").Frame} frame
   * @param {import("../decode/decoding.js").Decoding} decoding
   * @param {import("../lib/picture.js").Look} look
   * @param {View} view
   * @param {Size} size
   * @param {number} span of the view of all points
   * @param {number[]} ink RGB
   * @param {[number, number]|null} pointer in pixels; what is near it comes first
   */
  async show(frame, decoding, look, view, size, span, ink, pointer) {
    this.work?.abort();
    const work = (this.work = new AbortController());
    const { shape } = look;
    const pixels = Math.max(CELL, Math.sqrt((size.width * size.height) / MOST), 0.6 * Math.max(shape[0], shape[1]));
    const cell = pixels / scale(view, size);
    // Cells lie on multiples of their size, so that pictures stay in place while the view moves.
    const [left, top] = toPlane(view, size, 0, 0);
    const [right, bottom] = toPlane(view, size, size.width, size.height);
    const [column, row] = [Math.floor(left / cell), Math.floor(bottom / cell)];
    const columns = Math.ceil(right / cell) - column;
    const rows = Math.ceil(top / cell) - row;
    if (!(columns > 0 && rows > 0 && columns * rows < 4 * MOST)) return this.clear();
    const n = columns * rows;
    const [x, y] = toPlane(view, size, ...(pointer ?? [size.width / 2, size.height / 2]));
    const slow = decoding.ms * n > SLOW;
    const order = slow ? coarseToFine(columns, rows, x / cell - column - 0.5, row + rows - 0.5 - y / cell) : null;
    const places = new Float32Array(2 * n);
    for (let i = 0; i < n; i++) {
      const k = order ? order[i] : i;
      places[2 * i] = (column + (k % columns) + 0.5) * cell;
      places[2 * i + 1] = (row + rows - 1 - Math.floor(k / columns) + 0.5) * cell;
    }
    const near = density(frame, Math.max(cell, span / 30));
    const sheet = new Sheet(columns, rows, shape);
    const values = product(decoding.decoder.outputShape);
    const draw = () => {
      put(this.canvas, sheet.pixels, sheet.width, sheet.height);
      this.area = { left: column * cell, top: (row + rows) * cell, width: columns * cell, height: rows * cell };
      this.redraw();
    };
    let drawn = -Infinity;
    /** @param {number} start @param {Float32Array} decoded */
    const take = (start, decoded) => {
      for (let i = start; i < start + decoded.length / values; i++) {
        const opacity = FAINT + (FULL - FAINT) * near(places[2 * i], places[2 * i + 1]);
        const bytes = look.bytes(decoded.subarray((i - start) * values, (i - start + 1) * values));
        sheet.add(order ? order[i] : i, inked(bytes, shape, ink, opacity), slow);
      }
      if (!slow || performance.now() - drawn < SHOW_MS) return;
      draw();
      drawn = performance.now();
    };
    try {
      await decoding.decode(lift(places, frame.plane), n, work.signal, take);
      draw();
    } catch (error) {
      if (!work.signal.aborted) throw error;
    } finally {
      if (this.work === work) this.work = null;
    }
  }

  clear() {
    this.work?.abort();
    this.work = null;
    super.clear();
  }
}

/**
 * Returns the cells of a grid in the order in which they are decoded: first every COARSE-th, then the others, each from a
 * place on.
 *
 * @param {number} columns
 * @param {number} rows
 * @param {number} x column of the place
 * @param {number} y row of the place
 */
export function coarseToFine(columns, rows, x, y) {
  const middle = (COARSE - 1) / 2;
  return Array.from({ length: columns * rows }, (_, k) => {
    const [column, row] = [k % columns, Math.floor(k / columns)];
    const coarse = column % COARSE === 0 && row % COARSE === 0;
    const shift = coarse ? middle : 0; // it is shown in a larger place
    return { k, coarse, distance: Math.hypot(column + shift - x, row + shift - y) };
  })
    .sort((a, b) => Number(b.coarse) - Number(a.coarse) || a.distance - b.distance)
    .map(({ k }) => k);
}

/** The pixels of a grid of pictures. Until all coarse ones are there, each of them is enlarged. */
export class Sheet {
  /** @param {number} columns @param {number} rows @param {[number, number, number]} shape of a picture */
  constructor(columns, rows, [height, width]) {
    this.columns = columns;
    this.rows = rows;
    this.cell = { height, width };
    this.width = columns * width;
    this.height = rows * height;
    this.pixels = new Uint8ClampedArray(4 * this.width * this.height);
    /** @type {Map<number, Uint8ClampedArray>} the coarse pictures that are there, until all are */
    this.enlarged = new Map();
    this.missing = Math.ceil(columns / COARSE) * Math.ceil(rows / COARSE);
    /** @type {Set<number>} the fine pictures that came before */
    this.early = new Set();
  }

  /** @param {number} k the cell @param {Uint8ClampedArray} picture RGBA @param {boolean} growing whether it is shown so */
  add(k, picture, growing) {
    const [column, row] = [k % this.columns, Math.floor(k / this.columns)];
    if (!growing || !this.missing || column % COARSE || row % COARSE) {
      if (this.missing) this.early.add(k);
      return this.#paint(column, row, picture);
    }
    this.#paint(column, row, picture, COARSE);
    this.enlarged.set(k, picture);
    if (--this.missing) return;
    // From now on each cell has its own picture, until then that of its block.
    for (const [block, coarse] of this.enlarged) {
      for (let i = 0; i < COARSE ** 2; i++) {
        const x = (block % this.columns) + (i % COARSE);
        const y = Math.floor(block / this.columns) + Math.floor(i / COARSE);
        if (!this.early.has(y * this.columns + x)) this.#paint(x, y, coarse);
      }
    }
    this.enlarged.clear();
  }

  /** @param {number} column @param {number} row @param {Uint8ClampedArray} picture @param {number} [times] */
  #paint(column, row, picture, times = 1) {
    const { height, width } = this.cell;
    if (column >= this.columns || row >= this.rows) return;
    const from = new Uint32Array(picture.buffer, picture.byteOffset, height * width);
    const to = new Uint32Array(this.pixels.buffer);
    const across = Math.min(times, this.columns - column) * width;
    const down = Math.min(times, this.rows - row) * height;
    for (let y = 0; y < down; y++) {
      const at = (row * height + y) * this.width + column * width;
      const line = Math.floor(y / times) * width;
      if (times === 1) to.set(from.subarray(line, line + width), at);
      else for (let x = 0; x < across; x++) to[at + x] = from[line + Math.floor(x / times)];
    }
  }
}

/**
 * Returns the density of the points as a function of the place, 0..1: counts in cells, interpolated between them.
 * @param {import("../lib/planes.js").Frame} frame
 * @param {number} cell
 * @returns {(x: number, y: number) => number}
 */
function density({ xy, box }, cell) {
  const [left, bottom] = [Math.floor(box.left / cell), Math.floor(box.bottom / cell)];
  const [columns, rows] = [Math.floor(box.right / cell) - left + 1, Math.floor(box.top / cell) - bottom + 1];
  const counts = new Float32Array(columns * rows);
  for (let i = 0; i < xy.length; i += 2) {
    counts[Math.floor(xy[i] / cell) - left + columns * (Math.floor(xy[i + 1] / cell) - bottom)]++;
  }
  /** @param {number} x @param {number} y in cells */
  const at = (x, y) => (x >= 0 && y >= 0 && x < columns && y < rows ? counts[x + columns * y] : 0);
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
      count += at(column + i - left, row + j - bottom) * (i ? right : 1 - right) * (j ? up : 1 - up);
    }
    return 1 - Math.exp(-1.5 * count);
  };
}
