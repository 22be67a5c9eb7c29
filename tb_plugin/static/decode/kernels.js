/**
 * The layers with kernels: dense and the convolutions. All of them use `accumulate`.
 *
 * Values are stored in float32 and summed in float64.
 */

import { check, product } from "../lib/codec.js";

/** @typedef {import("./layers.js").Layer} Layer */
/** @typedef {import("./layers.js").Stage} Stage */

/**
 * Adds input[from ... from + count] @ kernel to sums[at ...]. The kernel's [count, width] begin at `row`.
 *
 * All the heavy work happens here. Four sums at a time stay in registers.
 *
 * @param {Float64Array} sums
 * @param {number} at
 * @param {Float32Array} input
 * @param {number} from
 * @param {number} count
 * @param {Float32Array} kernel
 * @param {number} row
 * @param {number} width
 */
function accumulate(sums, at, input, from, count, kernel, row, width) {
  const end = from + count;
  let o = 0;
  for (; o + 3 < width; o += 4) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = from, k = row + o; i < end; i++, k += width) {
      const value = input[i];
      a += value * kernel[k];
      b += value * kernel[k + 1];
      c += value * kernel[k + 2];
      d += value * kernel[k + 3];
    }
    sums[at + o] += a;
    sums[at + o + 1] += b;
    sums[at + o + 2] += c;
    sums[at + o + 3] += d;
  }
  for (; o < width; o++) {
    // Four numbers at a time, so that the processor need not wait for one addition before it begins the next.
    let [a, b, c, d] = [0, 0, 0, 0];
    let i = from;
    let k = row + o;
    for (; i + 3 < end; i += 4, k += 4 * width) {
      a += input[i] * kernel[k];
      b += input[i + 1] * kernel[k + width];
      c += input[i + 2] * kernel[k + 2 * width];
      d += input[i + 3] * kernel[k + 3 * width];
    }
    for (; i < end; i++, k += width) a += input[i] * kernel[k];
    sums[at + o] += a + b + c + d;
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
  const to = [...shape.slice(0, -1), width];
  const sums = new Float64Array(width);
  const out = new Float32Array(product(to));
  return {
    shape: to,
    macs: product(shape) * width,
    run(x) {
      for (let from = 0, at = 0; from < x.length; from += inputs, at += width) {
        sums.set(bias.values);
        accumulate(sums, 0, x, from, inputs, kernel.values, 0, width);
        out.set(sums, at);
      }
      return out;
    },
  };
}

/**
 * Returns the checked weights and settings of a convolution.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 */
function convolution({ weights, config }, shape) {
  const [kernel, bias] = weights;
  check(
    weights.length === 2 && shape.length === 3 && kernel.shape.length === 4 && kernel.shape[2] === shape[2],
    `its kernel does not fit an input of [${shape}]`,
  );
  const [rows, columns, channels, width] = kernel.shape;
  check(bias.values.length === width, "its bias does not fit its kernel");
  const [strideY, strideX] = config.strides;
  const [[top, bottom], [left, right]] = config.padding;
  const numbers = [strideY, strideX, top, bottom, left, right];
  check(numbers.every(Number.isInteger) && strideY > 0 && strideX > 0, "its strides or padding are not whole numbers");
  return {
    kernel: kernel.values,
    bias: bias.values,
    rows,
    columns,
    channels,
    width,
    strideY,
    strideX,
    top,
    bottom,
    left,
    right,
  };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function conv2d(layer, shape) {
  const given = convolution(layer, shape);
  const { kernel, bias, rows, columns, channels, width, strideY, strideX, top, left } = given;
  const [inHeight, inWidth] = shape;
  const height = Math.floor((inHeight + top + given.bottom - rows) / strideY) + 1;
  const across = Math.floor((inWidth + left + given.right - columns) / strideX) + 1;
  check(height > 0 && across > 0, "it gives an empty picture");
  const sums = new Float64Array(width);
  const out = new Float32Array(height * across * width);

  /** @type {Stage["run"]} */
  const run = (x) => {
    let at = 0;
    for (let y = 0; y < height; y++) {
      for (let column = 0; column < across; column++, at += width) {
        const x0 = column * strideX - left;
        const first = Math.max(0, -x0);
        const count = Math.min(columns, inWidth - x0) - first;
        sums.set(bias);
        for (let i = 0; i < rows; i++) {
          const y0 = y * strideY - top + i;
          if (y0 < 0 || y0 >= inHeight || count <= 0) continue;
          // The pixels under one row of the kernel are adjacent in memory.
          accumulate(
            sums,
            0,
            x,
            (y0 * inWidth + x0 + first) * channels,
            count * channels,
            kernel,
            (i * columns + first) * channels * width,
            width,
          );
        }
        out.set(sums, at);
      }
    }
    return out;
  };
  return { shape: [height, across, width], macs: height * across * kernel.length, run };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function conv2dTranspose(layer, shape) {
  const given = convolution(layer, shape);
  const { kernel, bias, rows, columns, channels, width, strideY, strideX, top, left } = given;
  const [inHeight, inWidth] = shape;
  const height = (inHeight - 1) * strideY + rows - top - given.bottom;
  const across = (inWidth - 1) * strideX + columns - left - given.right;
  check(height > 0 && across > 0, "it gives an empty picture");
  const out = new Float32Array(height * across * width);
  const sums = new Float64Array(out.length);

  /** @type {Stage["run"]} */
  const run = (x) => {
    for (let at = 0; at < sums.length; at += width) sums.set(bias, at);
    for (let y = 0; y < inHeight * rows; y++) {
      const [inY, i] = [Math.floor(y / rows), y % rows];
      const outY = inY * strideY + i - top;
      if (outY < 0 || outY >= height) continue;
      for (let inX = 0; inX < inWidth; inX++) {
        const x0 = inX * strideX - left;
        const end = Math.min(columns, across - x0);
        for (let j = Math.max(0, -x0); j < end; j++) {
          accumulate(
            sums,
            (outY * across + x0 + j) * width,
            x,
            (inY * inWidth + inX) * channels,
            channels,
            kernel,
            (i * columns + j) * channels * width,
            width,
          );
        }
      }
    }
    out.set(sums);
    return out;
  };
  return { shape: [height, across, width], macs: inHeight * inWidth * kernel.length, run };
}
