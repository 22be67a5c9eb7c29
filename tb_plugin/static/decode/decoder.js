/** Evaluates a decoder in the browser. decoder.py is the reference. */

import { check, product, unpack } from "../lib/codec.js";
import { stage } from "./layers.js";
import { Memory } from "./product.js";

/** @typedef {import("./layers.js").Stage} Stage */
/** @typedef {{stage: Stage, inputs: number[]}} Step a layer, and the positions of its inputs: 0 is the codes */

const MAX_VALUES = 2 ** 22; // of one picture between two layers
const ALIGNED = 4; // floats

/** The layers that turn codes into pictures. */
export class Decoder {
  /**
   * @param {number} dims the width of a code
   * @param {Step[]} steps
   * @param {boolean} [plain] whether WebAssembly is not used
   */
  constructor(dims, steps, plain) {
    this.dims = dims;
    /** The shape of the last layer's output, e.g. [784] or [28, 28, 1]. */
    this.outputShape = steps[steps.length - 1].stage.shape;
    /** Multiplications for one code. */
    this.macs = steps.reduce((sum, { stage }) => sum + stage.macs, 0);
    /** Numbers in the outputs of all layers, for one code. */
    this.values = steps.reduce((sum, { stage }) => sum + product(stage.shape), 0);
    this.prepare = once(() => prepared(dims, steps, plain));
  }

  /**
   * Returns the decoder of a blob of `/data/plugin/latent/decoder`.
   *
   * @param {ArrayBuffer} buffer
   * @param {boolean} [plain] whether WebAssembly is not used
   * @returns {Decoder}
   * @throws {Error} if the blob is damaged or has an unknown layer. The message is a sentence.
   */
  static parse(buffer, plain) {
    const { header, arrays } = unpack(buffer);
    const { dims, layers } = header;
    check(
      arrays.every(({ values }) => isFinite(values)),
      "The decoder holds numbers that are not finite.",
    );
    if (!Number.isInteger(dims) || dims < 1 || dims > MAX_VALUES || !Array.isArray(layers) || !layers.length) {
      throw new Error("The decoder has no layers.");
    }
    /** @type {Step[]} */
    const steps = [];
    const shapes = [[dims]];
    let used = 0;
    for (const [number, { kind, weights, inputs = [number], ...config }] of layers.entries()) {
      try {
        check(
          inputs.every((/** @type {number} */ position) => shapes[position]),
          "it reads layers that do not come before it",
        );
        const given = inputs.map((/** @type {number} */ position) => shapes[position]);
        const made = stage({ kind, config, weights: arrays.slice(used, (used += weights)) }, ...given);
        check(product(made.shape) <= MAX_VALUES, "its pictures are too large");
        steps.push({ stage: made, inputs });
        shapes.push(made.shape);
      } catch (error) {
        throw new Error(`Layer ${number + 1} (${kind}) of the decoder: ${/** @type {Error} */ (error).message}.`);
      }
    }
    if (used < arrays.length) throw new Error("The decoder has more weights than its layers take.");
    return new Decoder(dims, steps, plain);
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
    const { code, runs, picture } = this.prepare();
    const pictures = new Float32Array(n * picture.length);
    for (let k = 0; k < n; k++) {
      code.set(codes.subarray(k * this.dims, (k + 1) * this.dims));
      for (const run of runs) run();
      pictures.set(picture, k * picture.length);
    }
    return pictures;
  }
}

/** @template T @param {() => T} make @returns {() => T} which makes it when it is first called */
function once(make) {
  /** @type {T|undefined} */
  let made;
  return () => (made ??= make());
}

/** Returns whether all numbers are finite. A million take a millisecond. @param {Float32Array} values */
function isFinite(values) {
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += values[i] - values[i];
  return zero === 0;
}

/**
 * Allocates the memory of a decoder and packs its weights there. Returns the places of the code and the picture, and
 * what leads from one to the other.
 *
 * @param {number} dims
 * @param {Step[]} steps
 * @param {boolean} [plain]
 */
function prepared(dims, steps, plain) {
  const { places, rooms, total } = plan(dims, steps);
  const memory = new Memory(total, plain);
  /** @type {Map<Place, Float32Array>} */
  const parts = new Map();
  for (const place of [...places, ...rooms.flat()]) {
    parts.set(place, memory.all.subarray(place.at, place.at + place.length));
  }
  const part = (/** @type {Place} */ place) => /** @type {Float32Array} */ (parts.get(place));
  const values = places.map(part);
  /** @type {(() => void)[]} */
  const runs = [];
  for (const [i, { stage, inputs }] of steps.entries()) {
    const run = stage.prepare(memory, ...rooms[i].map(part));
    const [out, given] = [values[i + 1], inputs.map((position) => values[position])];
    if (stage.fixed) run(out);
    else runs.push(() => run(out, ...given));
  }
  return { code: values[0], runs, picture: values[steps.length] };
}

/** @typedef {{at: number, length: number, block: number}} Place in the memory; `block` floats are its own */

/**
 * Finds a place in memory for the codes, for each step's output, and for what each step needs besides. An output takes
 * the place of one that no later step reads.
 *
 * @param {number} dims
 * @param {Step[]} steps
 */
function plan(dims, steps) {
  let total = 0;
  /** @type {Place[]} */
  let free = [];
  /** @param {number} length @param {Place[]} among @returns {Place} */
  const take = (length, among = []) => {
    const fitting = among.filter(({ block }) => block >= length).sort((a, b) => a.block - b.block)[0];
    if (fitting) {
      free = free.filter((place) => place !== fitting);
      return { ...fitting, length };
    }
    const block = Math.ceil(length / ALIGNED) * ALIGNED;
    total += block;
    return { at: total - block, length, block };
  };
  /** @type {number[]} the last step that reads each value */
  const last = [];
  for (const [i, { inputs }] of steps.entries()) for (const position of inputs) last[position] = i;
  const places = [take(dims)];
  /** @type {Place[][]} */
  const rooms = [];
  for (const [i, { stage, inputs }] of steps.entries()) {
    rooms.push((stage.room ?? []).map((length) => take(length)));
    const ending = [...new Set(inputs)].filter((position) => last[position] === i && !steps[position - 1]?.stage.fixed);
    if (stage.inPlace && ending.length) {
      places.push(places[ending[0]]);
      continue;
    }
    const length = product(stage.shape);
    places.push(stage.fixed ? take(length) : take(length, free));
    free.push(...ending.map((position) => places[position]));
    if (last[i + 1] === undefined && i < steps.length - 1 && !stage.fixed) free.push(places[i + 1]);
  }
  return { places, rooms, total };
}
