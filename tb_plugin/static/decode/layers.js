/**
 * The layers of a decoder, for one picture at a time. layers.py is the reference.
 *
 * Pictures are [height, width, channels]; kernels are [in, out] or [height, width, in, out].
 */

import { ACTIVATIONS } from "./activations.js";
import { check, product } from "../lib/codec.js";
import { conv2d, conv2dTranspose, dense } from "./kernels.js";

/** @typedef {import("../lib/codec.js").Weights} Weights */
/** @typedef {{kind: string, config: Record<string, any>, weights: Weights[]}} Layer */

/**
 * A layer that is ready to run: the shape of its output, its multiplications for one picture, its evaluation. `run`
 * returns its own buffer or its input's; the next picture overwrites it.
 *
 * @typedef {{shape: number[], macs: number, run: (x: Float32Array) => Float32Array}} Stage
 */

/**
 * Prepares a layer for an input.
 * @param {Layer} layer
 * @param {number[]} shape of the input
 * @returns {Stage}
 * @throws {Error} if the layer does not fit or is unknown.
 */
export function stage(layer, shape) {
  if (Object.hasOwn(ACTIVATIONS, layer.kind)) {
    const activation = ACTIVATIONS[layer.kind];
    return { shape, macs: 0, run: (x) => (activation(x, layer.config, shape[shape.length - 1]), x) };
  }
  if (!Object.hasOwn(KINDS, layer.kind)) throw new Error("this kind of layer is not known; is the page an old one?");
  return KINDS[layer.kind](layer, shape);
}

/** @type {Record<string, (layer: Layer, shape: number[]) => Stage>} */
const KINDS = { dense, conv2d, conv2d_transpose: conv2dTranspose, upsample, flatten, reshape, permute, scale };

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
function upsample({ config }, shape) {
  const [down, across] = config.size;
  check(shape.length === 3 && down > 0 && across > 0, `it does not take [${shape}]`);
  const [height, width, channels] = shape;
  const row = width * across * channels;
  const out = new Float32Array(height * down * row);

  /** @type {Stage["run"]} */
  const run = (x) => {
    for (let y = 0, at = 0; y < height; y++) {
      const start = at;
      for (let pixel = y * width; pixel < (y + 1) * width; pixel++) {
        for (let i = 0; i < across; i++) {
          for (let c = 0; c < channels; c++) out[at++] = x[pixel * channels + c];
        }
      }
      for (let i = 1; i < down; i++, at += row) out.copyWithin(at, start, start + row);
    }
    return out;
  };
  return { shape: [height * down, width * across, channels], macs: 0, run };
}

/**
 * @param {Layer} _
 * @param {number[]} shape
 * @returns {Stage}
 */
function flatten(_, shape) {
  return { shape: [product(shape)], macs: 0, run: (x) => x };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
function reshape({ config }, shape) {
  check(product(config.shape) === product(shape), `[${shape}] cannot take the shape [${config.shape}]`);
  return { shape: config.shape, macs: 0, run: (x) => x };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
function permute({ config }, shape) {
  /** @type {number[]} */
  const axes = config.axes;
  check([...axes].sort().join() === [...shape.keys()].join(), `[${axes}] is no order of the axes of [${shape}]`);
  const to = axes.map((axis) => shape[axis]);
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const from = new Int32Array(product(to)).map((_, position) => {
    let source = 0;
    for (let i = to.length - 1; i >= 0; i--) {
      source += (position % to[i]) * strides[axes[i]];
      position = Math.floor(position / to[i]);
    }
    return source;
  });
  const out = new Float32Array(from.length);
  return {
    shape: to,
    macs: 0,
    run: (x) => {
      for (let i = 0; i < out.length; i++) out[i] = x[from[i]];
      return out;
    },
  };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
function scale({ weights }, shape) {
  const channels = shape[shape.length - 1];
  check(
    weights.length === 2 && weights.every(({ values }) => [1, channels].includes(values.length)),
    `its factors do not fit an input of [${shape}]`,
  );
  const [factor, offset] = weights.map(({ values }) =>
    values.length === channels ? values : new Float32Array(channels).fill(values[0]),
  );
  return {
    shape,
    macs: 0,
    run: (x) => {
      for (let at = 0; at < x.length; at += channels) {
        for (let c = 0; c < channels; c++) x[at + c] = x[at + c] * factor[c] + offset[c];
      }
      return x;
    },
  };
}
