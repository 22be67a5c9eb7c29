/** Pooling and resizing of images. */

import { check } from "../lib/codec.js";

/** @typedef {import("./layers.js").Layer} Layer */
/** @typedef {import("./layers.js").Stage} Stage */

/**
 * Returns the stage that combines the pixels of each window.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 * @param {number} start of each number
 * @param {(sum: number, value: number) => number} combine
 * @param {(sum: number, inside: number, all: number) => number} finish
 * @returns {Stage}
 */
function pool({ config }, shape, start, combine, finish) {
  const { size, strides, padding } = config;
  check(shape.length === 3, `it does not take [${shape}]`);
  check(
    [...size, ...strides, ...padding.flat()].every(Number.isInteger) && strides[0] > 0 && strides[1] > 0,
    "it has no size",
  );
  const [rows, columns, channels] = shape;
  const [[top, bottom], [left, right]] = padding;
  const height = Math.floor((rows + top + bottom - size[0]) / strides[0]) + 1;
  const width = Math.floor((columns + left + right - size[1]) / strides[1]) + 1;
  check(height > 0 && width > 0, "it gives an empty picture");
  const all = size[0] * size[1];

  /** @type {import("./layers.js").Run} */
  const run = (out, x) => {
    out.fill(start);
    for (let i = 0, at = 0; i < height; i++) {
      const [y0, y1] = [Math.max(0, i * strides[0] - top), Math.min(rows, i * strides[0] - top + size[0])];
      for (let j = 0; j < width; j++, at += channels) {
        const [x0, x1] = [Math.max(0, j * strides[1] - left), Math.min(columns, j * strides[1] - left + size[1])];
        for (let y = y0; y < y1; y++) {
          for (let pixel = y * columns + x0; pixel < y * columns + x1; pixel++) {
            for (let c = 0; c < channels; c++) out[at + c] = combine(out[at + c], x[pixel * channels + c]);
          }
        }
        for (let c = 0; c < channels; c++) out[at + c] = finish(out[at + c], (y1 - y0) * (x1 - x0), all);
      }
    }
  };
  return { shape: [height, width, channels], macs: 0, prepare: () => run };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 */
export const maxPool = (layer, shape) =>
  pool(layer, shape, -Infinity, (most, value) => Math.max(most, value), (most) => most); // prettier-ignore

/**
 * @param {Layer} layer
 * @param {number[]} shape
 */
export const averagePool = (layer, shape) =>
  pool(
    layer,
    shape,
    0,
    (sum, value) => sum + value,
    layer.config.count_padding ? (sum, _, all) => sum / all : (sum, inside) => sum / inside,
  );

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function resample({ weights }, shape) {
  check(
    weights.length === 2 &&
      shape.length === 3 &&
      weights.every((matrix, axis) => matrix.shape.length === 2 && matrix.shape[1] === shape[axis]),
    `its matrices do not fit an input of [${shape}]`,
  );
  const [rows, columns] = weights.map(sparse);
  const [, width, channels] = shape;
  const between = rows.length * width * channels;
  return {
    shape: [rows.length, columns.length, channels],
    macs: 4 * between + 4 * rows.length * columns.length * channels,
    room: [between],
    prepare: (_, middle) => (out, x) => {
      middle.fill(0);
      out.fill(0);
      combine(middle, x, rows, 1, width * channels);
      combine(out, middle, columns, rows.length, channels);
    },
  };
}

/**
 * Returns the indices and values of the numbers in each row of a matrix that are not 0.
 * @param {import("../lib/codec.js").Weights} matrix
 */
function sparse({ shape: [rows, columns], values }) {
  return [...Array(rows).keys()].map((row) => {
    const all = [...values.subarray(row * columns, (row + 1) * columns)];
    return all.map((value, index) => ({ value, index })).filter(({ value }) => value !== 0);
  });
}

/**
 * Adds the sparse product along the middle axis of [outer, size, inner].
 * @param {Float32Array} out
 * @param {Float32Array} x
 * @param {{value: number, index: number}[][]} matrix
 * @param {number} outer
 * @param {number} inner
 */
function combine(out, x, matrix, outer, inner) {
  const size = x.length / outer;
  for (let i = 0, at = 0; i < outer; i++) {
    for (const row of matrix) {
      for (const { value, index } of row) {
        const from = i * size + index * inner;
        for (let c = 0; c < inner; c++) out[at + c] += value * x[from + c];
      }
      at += inner;
    }
  }
}
