/** Convolutions and transposed ones, as products of matrices. */

import { check } from "../lib/codec.js";
import { BLOCK, pack, packedSize, padded } from "./product.js";

/** @typedef {import("./layers.js").Layer} Layer */
/** @typedef {import("./layers.js").Stage} Stage */

/**
 * A convolution on part of the output, the pixels (y0 + i * stepY, x0 + j * stepX): each is the product of the input's
 * pixels (i * strideY + y, j * strideX + x) of all taps, one after another, and a matrix.
 *
 * @typedef {{
 *   y0: number, x0: number, stepY: number, stepX: number, strideY: number, strideX: number,
 *   height: number, width: number, taps: {y: number, x: number, row: number}[],
 * }} Phase
 */

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function conv2d(layer, shape) {
  const { kernel, strides, padding, dilation } = convolution(layer, shape);
  const [height, width] = [0, 1].map((axis) => {
    const window = (kernel.shape[axis] - 1) * dilation[axis] + 1;
    return Math.floor((shape[axis] + padding[axis][0] + padding[axis][1] - window) / strides[axis]) + 1;
  });
  const taps = [];
  for (let i = 0; i < kernel.shape[0]; i++) {
    for (let j = 0; j < kernel.shape[1]; j++) {
      const [y, x] = [i * dilation[0] - padding[0][0], j * dilation[1] - padding[1][0]];
      taps.push({ y, x, row: i * kernel.shape[1] + j });
    }
  }
  const [strideY, strideX] = strides;
  const phase = { y0: 0, x0: 0, stepY: 1, stepX: 1, strideY, strideX, height, width, taps };
  return phases(layer, shape, [height, width], [phase], height * width * kernel.values.length);
}

/**
 * A pixel of the output has as many taps as it has input pixels whose stamps reach it. Pixels with the same ones, those
 * at a distance of the strides, are a phase.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function conv2dTranspose(layer, shape) {
  const { kernel, strides, padding, dilation } = convolution(layer, shape);
  const lengths = [0, 1].map((axis) => {
    const [before, after] = padding[axis];
    return (shape[axis] - 1) * strides[axis] + (kernel.shape[axis] - 1) * dilation[axis] + 1 - before - after;
  });
  /** The taps of an axis for the output pixels first, first + stride, ... @param {number} axis @param {number} first */
  const alongOf = (axis, first) => {
    const found = [];
    for (let i = kernel.shape[axis] - 1; i >= 0; i--) {
      const distance = first + padding[axis][0] - i * dilation[axis];
      if (distance % strides[axis] === 0) found.push({ i, at: distance / strides[axis] });
    }
    return { first, count: Math.ceil((lengths[axis] - first) / strides[axis]), found };
  };
  const [down, across] = lengths.map((length, axis) =>
    [...Array(Math.max(0, Math.min(strides[axis], length))).keys()].map((first) => alongOf(axis, first)),
  );
  const [stepY, stepX] = strides;
  const made = down.flatMap((vertical) =>
    across.map((horizontal) => ({
      ...{ y0: vertical.first, x0: horizontal.first, stepY, stepX, strideY: 1, strideX: 1 },
      ...{ height: vertical.count, width: horizontal.count },
      taps: vertical.found.flatMap(({ i, at: y }) =>
        horizontal.found.map(({ i: j, at: x }) => ({ y, x, row: i * kernel.shape[1] + j })),
      ),
    })),
  );
  return phases(layer, shape, lengths, made, shape[0] * shape[1] * kernel.values.length);
}

/**
 * Returns the checked settings of a convolution.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 */
function convolution({ weights, config }, shape) {
  const [kernel, bias] = weights;
  const { strides, padding, groups = 1, dilation = [1, 1] } = config;
  check(
    weights.length === 2 && shape.length === 3 && kernel.shape.length === 4 && kernel.shape[2] * groups === shape[2],
    `its kernel does not fit an input of [${shape}]`,
  );
  check(bias.values.length === kernel.shape[3] && kernel.shape[3] % groups === 0, "its bias does not fit its kernel");
  check(
    [...strides, ...padding.flat(), ...dilation].every(Number.isInteger) && Math.min(...strides, ...dilation) > 0,
    "its strides, padding or dilation are not whole numbers",
  );
  return { kernel, strides, padding, dilation };
}

/**
 * Returns the stage of a convolution made of phases.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 * @param {number[]} size height and width of the output
 * @param {Phase[]} all
 * @param {number} macs
 * @returns {Stage}
 */
function phases({ weights: [kernel, bias], config }, shape, [height, width], all, macs) {
  check(height > 0 && width > 0, "it gives an empty picture");
  const { groups = 1 } = config;
  const [, , depth, channels] = kernel.shape;
  const out = channels / groups;
  const blocks = all.map(({ taps, height: rows, width: columns }) =>
    Math.min(rows * columns, Math.max(16, Math.floor(BLOCK / Math.max(1, taps.length * depth)))),
  );
  const factors = all.map(({ taps }) => packedSize(taps.length * depth, out));
  const pixels = Math.max(...all.map(({ taps }, i) => blocks[i] * taps.length * depth));
  const products = Math.max(...blocks) * padded(out);
  return {
    shape: [height, width, channels],
    macs,
    room: [groups * factors.reduce((sum, length) => sum + length, 0), pixels, products],
    prepare(memory, packed, gathered, result) {
      let at = 0;
      const runs = all.flatMap((phase, i) => {
        const gather = gatherer(phase, shape, depth);
        return [...Array(groups).keys()].map((group) => {
          const factor = packed.subarray(at, (at += factors[i]));
          const k = phase.taps.length * depth;
          /** @param {number} row */
          const start = (row) =>
            (phase.taps[Math.floor(row / depth)].row * depth + (row % depth)) * channels + group * out;
          pack(factor, k, out, start, kernel.values, bias.values.subarray(group * out));
          return { phase, gather, group, factor, k, block: blocks[i] };
        });
      });
      return (to, x) => {
        for (const { phase, gather, group, factor, k, block } of runs) {
          const count = phase.height * phase.width;
          for (let first = 0; first < count; first += block) {
            const n = Math.min(block, count - first);
            if (k) gather(gathered, x, first, n, group * depth);
            memory.multiply(n, k, out, gathered, 0, k, factor, result);
            scatter(to, result, phase, first, n, width, channels, group * out, out);
          }
        }
      };
    },
  };
}

/**
 * Returns the function that copies the pixels of all taps of a phase, of `n` output pixels from `first` on, to rows.
 *
 * @param {Phase} phase
 * @param {number[]} shape of the input
 * @param {number} depth channels to copy
 */
function gatherer({ taps, strideY, strideX, width }, [rows, columns, channels], depth) {
  // Neighbors in a row of the input lie side by side in memory, and are copied together.
  /** @type {{y: number, x: number, count: number}[]} */
  const runs = [];
  for (const { y, x } of taps) {
    const last = runs.at(-1);
    if (last && depth === channels && last.y === y && last.x + last.count === x) last.count++;
    else runs.push({ y, x, count: 1 });
  }
  /**
   * @param {Float32Array} to
   * @param {Float32Array} from
   * @param {number} first
   * @param {number} n
   * @param {number} channel the first
   */
  return (to, from, first, n, channel) => {
    let at = 0;
    for (let pixel = first; pixel < first + n; pixel++) {
      const y0 = Math.floor(pixel / width) * strideY;
      const x0 = (pixel % width) * strideX;
      for (const run of runs) {
        const end = at + run.count * depth;
        const [y, x] = [y0 + run.y, x0 + run.x];
        const left = Math.min(run.count, Math.max(0, -x));
        const right = y < 0 || y >= rows ? 0 : Math.min(run.count, columns - x);
        for (const stop = right > left ? at + left * depth : end; at < stop;) to[at++] = 0;
        if (right > left) {
          const source = (y * columns + x + left) * channels + channel;
          const length = (right - left) * depth;
          if (length < 64) for (let i = source; i < source + length; i++) to[at++] = from[i];
          else {
            to.set(from.subarray(source, source + length), at);
            at += length;
          }
          while (at < end) to[at++] = 0;
        }
      }
    }
  };
}

/**
 * @param {Float32Array} to
 * @param {Float32Array} from rows of padded(out) numbers
 * @param {Phase} phase
 * @param {number} first
 * @param {number} n
 * @param {number} across pixels in a row of the output
 * @param {number} channels
 * @param {number} channel the first
 * @param {number} out
 */
function scatter(to, from, phase, first, n, across, channels, channel, out) {
  const skip = padded(out) - out;
  let y = Math.floor(first / phase.width);
  let x = first % phase.width;
  for (let i = 0, source = 0; i < n; i++, source += skip) {
    const at = ((phase.y0 + y * phase.stepY) * across + phase.x0 + x * phase.stepX) * channels + channel;
    for (let c = at; c < at + out; c++) to[c] = from[source++];
    if (++x === phase.width) [x, y] = [0, y + 1];
  }
}
