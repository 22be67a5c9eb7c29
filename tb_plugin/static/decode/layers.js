/**
 * The layers of a decoder, for one picture at a time. layers.py is the reference.
 *
 * Pictures are [height, width, channels]; kernels are [in, out] or [height, width, in, out].
 */

import { check } from "../lib/codec.js";
import { ACTIVATIONS } from "./activations.js";
import { clamp, max, mean, normalize, of, prelu, scale, sum } from "./arithmetic.js";
import { conv2d, conv2dTranspose } from "./convolution.js";
import { dense, matmul } from "./matrices.js";
import { concat, constant, flatten, pad, permute, reshape, slice, upsample } from "./shapes.js";
import { averagePool, maxPool, resample } from "./windows.js";

/** @typedef {import("../lib/codec.js").Weights} Weights */
/** @typedef {{kind: string, config: Record<string, any>, weights: Weights[]}} Layer */

/** @typedef {(out: Float32Array, ...inputs: Float32Array[]) => void} Run sets `out`, which may be the only input */

/**
 * A layer for inputs of given shapes.
 *
 * @typedef {object} Stage
 * @property {number[]} shape of its output
 * @property {number} macs its multiplications for one picture
 * @property {boolean} [inPlace] whether its output may take the place of its input
 * @property {boolean} [fixed] whether its output is set once, by `prepare`
 * @property {number[]} [room] how many floats `prepare` needs, for weights and between steps
 * @property {(memory: import("./product.js").Memory, ...room: Float32Array[]) => Run} prepare
 */

/** @type {Record<string, (layer: Layer, ...shapes: number[][]) => Stage>} */
const KINDS = {
  dense,
  conv2d,
  conv2d_transpose: conv2dTranspose,
  average_pool: averagePool,
  max_pool: maxPool,
  upsample,
  resample,
  flatten,
  reshape,
  permute,
  pad,
  slice,
  concat,
  constant,
  add: of((a, b) => a + b),
  subtract: of((a, b) => a - b),
  multiply: of((a, b) => a * b),
  divide: of((a, b) => a / b),
  maximum: of((a, b) => Math.max(a, b)),
  matmul,
  mean,
  sum,
  max,
  normalize,
  scale,
  prelu,
  clamp,
};

/** @type {Record<string, number[]>} how many inputs a layer has, at least and at most, unless it is one */
const INPUTS = {
  constant: [0, 0],
  concat: [2, 64],
  ...Object.fromEntries(["add", "subtract", "multiply", "divide", "maximum", "matmul"].map((kind) => [kind, [2, 2]])),
};

/**
 * Prepares a layer for its inputs.
 * @param {Layer} layer
 * @param {number[][]} shapes of the inputs
 * @returns {Stage}
 * @throws {Error} if the layer does not fit or is unknown.
 */
export function stage(layer, ...shapes) {
  const [fewest, most] = (Object.hasOwn(INPUTS, layer.kind) && INPUTS[layer.kind]) || [1, 1];
  check(shapes.length >= fewest && shapes.length <= most, `it does not take ${shapes.length} inputs`);
  if (Object.hasOwn(ACTIVATIONS, layer.kind)) {
    const activation = ACTIVATIONS[layer.kind];
    const [shape] = shapes;
    const channels = shape[shape.length - 1];
    return {
      shape,
      macs: 0,
      inPlace: true,
      prepare: () => (out, x) => {
        if (out !== x) out.set(x);
        activation(out, layer.config, channels);
      },
    };
  }
  if (!Object.hasOwn(KINDS, layer.kind)) throw new Error("this kind of layer is not known; is the page an old one?");
  return KINDS[layer.kind](layer, ...shapes);
}
