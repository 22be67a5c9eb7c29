/** The layers that multiply matrices: dense and matmul. */

import { check, product } from "../lib/codec.js";
import { BLOCK, pack, packedSize, padded } from "./product.js";

/** @typedef {import("./layers.js").Layer} Layer */
/** @typedef {import("./layers.js").Stage} Stage */

/**
 * Copies the first `width` of each `padded(width)` numbers.
 * @param {Float32Array} out
 * @param {number} at
 * @param {Float32Array} from
 * @param {number} rows
 * @param {number} width
 */
function narrow(out, at, from, rows, width) {
  const across = padded(width);
  if (across === width) out.set(from.subarray(0, rows * width), at);
  else {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) out[at++] = from[row * across + column];
    }
  }
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function dense({ weights }, shape) {
  const [kernel, bias] = weights;
  const inputs = shape[shape.length - 1];
  check(
    weights.length === 2 && kernel.shape.length === 2 && kernel.shape[0] === inputs,
    `its kernel does not fit an input of [${shape}]`,
  );
  const width = kernel.shape[1];
  check(bias.values.length === width, "its bias does not fit its kernel");
  const rows = product(shape) / inputs;
  const block = Math.min(rows, Math.ceil(BLOCK / padded(width)));
  return {
    shape: [...shape.slice(0, -1), width],
    macs: product(shape) * width,
    room: [packedSize(inputs, width), block * padded(width)],
    prepare(memory, factor, result) {
      pack(factor, inputs, width, (row) => row * width, kernel.values, bias.values);
      return (out, x) => {
        for (let row = 0; row < rows; row += block) {
          const n = Math.min(block, rows - row);
          memory.multiply(n, inputs, width, x, row * inputs, inputs, factor, result);
          narrow(out, row * width, result, n, width);
        }
      };
    },
  };
}

/**
 * @param {Layer} _
 * @param {number[]} a
 * @param {number[]} b
 * @returns {Stage}
 */
export function matmul(_, a, b) {
  const [m, k, width] = [a[a.length - 2], a[a.length - 1], b[b.length - 1]];
  check(a.length > 1 && b.length > 1 && b[b.length - 2] === k, `its inputs [${a}] and [${b}] are no matrices that fit`);
  const rank = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((shape) => [...Array(rank - shape.length).fill(1), ...shape].slice(0, -2));
  const outer = left.map((length, i) => Math.max(length, right[i]));
  check(
    outer.every((length, i) => [1, length].includes(left[i]) && [1, length].includes(right[i])),
    `its inputs [${a}] and [${b}] do not broadcast`,
  );
  const count = product(outer);
  const block = Math.min(m, Math.ceil(BLOCK / padded(width)));
  /** Returns where the matrix of a position in `outer` lies. @param {number[]} lengths @param {number} position */
  const source = (lengths, position) => {
    let [index, step] = [0, 1];
    for (let i = outer.length - 1; i >= 0; i--) {
      if (lengths[i] > 1) index += (position % outer[i]) * step;
      step *= lengths[i];
      position = Math.floor(position / outer[i]);
    }
    return index;
  };
  return {
    shape: [...outer, m, width],
    macs: count * m * k * width,
    room: [packedSize(k, width), block * padded(width)],
    prepare: (memory, factor, result) => (out, x, y) => {
      for (let i = 0, packed = -1; i < count; i++) {
        const matrix = source(right, i);
        if (matrix !== packed) pack(factor, k, width, (row) => (matrix * k + row) * width, y);
        packed = matrix;
        for (let row = 0; row < m; row += block) {
          const n = Math.min(block, m - row);
          memory.multiply(n, k, width, x, (source(left, i) * m + row) * k, k, factor, result);
          narrow(out, (i * m + row) * width, result, n, width);
        }
      }
    },
  };
}
