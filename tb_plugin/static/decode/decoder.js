/** Evaluates a decoder in the browser. decoder.py is the reference. */

import { check, product, unpack } from "../lib/codec.js";
import { stage } from "./layers.js";

/** @typedef {import("./layers.js").Stage} Stage */

const MAX_VALUES = 2 ** 22; // of one picture between two layers

/** The layers that turn codes into pictures. */
export class Decoder {
  /**
   * @param {number} dims the width of a code
   * @param {Stage[]} stages
   */
  constructor(dims, stages) {
    this.dims = dims;
    this.stages = stages;
    /** The shape of the last layer's output, e.g. [784] or [28, 28, 1]. */
    this.outputShape = stages[stages.length - 1].shape;
    /** Multiplications for one code. */
    this.macs = stages.reduce((sum, { macs }) => sum + macs, 0);
    this.code = new Float32Array(dims);
  }

  /**
   * Returns the decoder of a blob of `/data/plugin/latent/decoder`.
   *
   * @param {ArrayBuffer} buffer
   * @returns {Decoder}
   * @throws {Error} if the blob is damaged or has an unknown layer. The message is a sentence.
   */
  static parse(buffer) {
    const { header, arrays } = unpack(buffer);
    const { dims, layers } = header;
    check(
      arrays.every(({ values }) => values.every(Number.isFinite)),
      "The decoder holds numbers that are not finite.",
    );
    if (!Number.isInteger(dims) || dims < 1 || dims > MAX_VALUES || !Array.isArray(layers) || !layers.length) {
      throw new Error("The decoder has no layers.");
    }
    const stages = [];
    let shape = [dims];
    for (const [number, { kind, weights, ...config }] of layers.entries()) {
      try {
        const made = stage({ kind, config, weights: arrays.splice(0, weights) }, shape);
        if (!(product(made.shape) <= MAX_VALUES)) throw new Error("its pictures are too large");
        stages.push(made);
        shape = made.shape;
      } catch (error) {
        throw new Error(`Layer ${number + 1} (${kind}) of the decoder: ${/** @type {Error} */ (error).message}.`);
      }
    }
    if (arrays.length) throw new Error("The decoder has more weights than its layers take.");
    return new Decoder(dims, stages);
  }

  /**
   * Returns the pictures of `n` codes, one after the other.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   * @returns {Float32Array} n * the product of outputShape numbers
   */
  decode(codes, n) {
    if (codes.length !== n * this.dims) {
      throw new Error(`${codes.length} numbers are not ${n} codes of ${this.dims}.`);
    }
    const size = product(this.outputShape);
    const pictures = new Float32Array(n * size);
    for (let k = 0; k < n; k++) {
      this.code.set(codes.subarray(k * this.dims, (k + 1) * this.dims));
      /** @type {Float32Array} */
      let x = this.code;
      for (const { run } of this.stages) x = run(x);
      pictures.set(x, k * size);
    }
    return pictures;
  }
}
