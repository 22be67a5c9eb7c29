/**
 * Matrix products on one memory, in which all numbers of a decoder lie: by WebAssembly, or in plain JavaScript.
 *
 * The second factor is packed: for each 8 columns the 8 numbers of the bias, then 8 of each row. Columns beyond the last
 * are zeros.
 */

import { allocate } from "./product_wasm.js";

const PANEL = 8;
const BYTES = 4;
/** Floats of a factor that are multiplied at a time, so that they stay in the processor's cache. */
export const BLOCK = 2 ** 15;
const ROWS = 32; // that are packed at a time, so that they stay in the processor's cache

/** Returns the columns of a product that has `width`. @param {number} width */
export const padded = (width) => Math.ceil(width / PANEL) * PANEL;

/** Returns how many floats a packed factor has. @param {number} rows @param {number} width */
export const packedSize = (rows, width) => (rows + 1) * padded(width);

/**
 * Packs a factor.
 * @param {Float32Array} to packedSize(rows, width) numbers
 * @param {number} rows
 * @param {number} width
 * @param {(row: number) => number} start where a row begins in `values`
 * @param {Float32Array} values
 * @param {Float32Array} [bias] of which the first `width` numbers count; zeros by default
 */
export function pack(to, rows, width, start, values, bias) {
  for (let column = 0; column < padded(width); column++) {
    const at = (column - (column % PANEL)) * (rows + 1) + (column % PANEL);
    to[at] = column < width && bias ? bias[column] : 0;
  }
  const starts = new Int32Array(ROWS);
  for (let first = 0; first < rows; first += ROWS) {
    const n = Math.min(ROWS, rows - first);
    for (let i = 0; i < n; i++) starts[i] = start(first + i);
    for (let column = 0; column < width; column += PANEL) {
      const count = Math.min(PANEL, width - column);
      let at = column * (rows + 1) + PANEL * (first + 1);
      for (let i = 0; i < n; i++) {
        const from = starts[i] + column;
        for (let j = 0; j < count; j++) to[at + j] = values[from + j];
        for (let j = count; j < PANEL; j++) to[at + j] = 0;
        at += PANEL;
      }
    }
  }
}

/** The memory of a decoder. */
export class Memory {
  /**
   * @param {number} floats
   * @param {boolean} [plain] whether WebAssembly is not used
   */
  constructor(floats, plain = false) {
    const made = plain ? null : allocate(BYTES * floats);
    this.all = new Float32Array(made?.buffer ?? new ArrayBuffer(BYTES * floats), 0, floats);
    this.panel = made?.panel;
  }

  /**
   * Sets c [m, padded(width)] = a [m, k] @ b + bias.
   *
   * @param {number} m
   * @param {number} k
   * @param {number} width
   * @param {Float32Array} a a part of this memory, as b and c
   * @param {number} from where the first row of `a` begins
   * @param {number} stride between two rows
   * @param {Float32Array} b packed
   * @param {Float32Array} c
   */
  multiply(m, k, width, a, from, stride, b, c) {
    const across = padded(width);
    for (let column = 0; column < across; column += PANEL) {
      if (this.panel) {
        const factor = b.byteOffset + BYTES * column * (k + 1);
        const to = c.byteOffset + BYTES * column;
        this.panel(m, k, a.byteOffset + BYTES * from, BYTES * stride, factor, to, BYTES * across);
      } else {
        for (let row = 0; row < m; row++) {
          dot(k, a, from + row * stride, b, column * (k + 1), c, row * across + column);
        }
      }
    }
  }
}

/**
 * Sets 8 numbers of `c`. The sums stay in registers, in float64.
 *
 * @param {number} k
 * @param {Float32Array} a
 * @param {number} from
 * @param {Float32Array} b
 * @param {number} at
 * @param {Float32Array} c
 * @param {number} to
 */
function dot(k, a, from, b, at, c, to) {
  for (let half = 0; half < PANEL; half += 4) {
    let p = at + half;
    let [s, t, u, v] = [b[p], b[p + 1], b[p + 2], b[p + 3]];
    for (let i = from; i < from + k; i++) {
      p += PANEL;
      const value = a[i];
      s += value * b[p];
      t += value * b[p + 1];
      u += value * b[p + 2];
      v += value * b[p + 3];
    }
    c[to + half] = s;
    c[to + half + 1] = t;
    c[to + half + 2] = u;
    c[to + half + 3] = v;
  }
}
