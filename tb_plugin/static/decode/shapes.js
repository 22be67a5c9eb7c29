/** The layers that move numbers and do not change them. */

import { check, product } from "../lib/codec.js";

/** @typedef {import("./layers.js").Layer} Layer */
/** @typedef {import("./layers.js").Stage} Stage */

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function upsample({ config }, shape) {
  const [down, across] = config.size;
  check(shape.length === 3 && down > 0 && across > 0, `it does not take [${shape}]`);
  const [height, width, channels] = shape;
  const row = width * across * channels;

  /** @type {import("./layers.js").Run} */
  const run = (out, x) => {
    for (let y = 0, at = 0; y < height; y++) {
      const start = at;
      for (let pixel = y * width; pixel < (y + 1) * width; pixel++) {
        for (let i = 0; i < across; i++) {
          for (let c = 0; c < channels; c++) out[at++] = x[pixel * channels + c];
        }
      }
      for (let i = 1; i < down; i++, at += row) out.copyWithin(at, start, start + row);
    }
  };
  return { shape: [height * down, width * across, channels], macs: 0, prepare: () => run };
}

/**
 * @param {number[]} shape
 * @returns {Stage}
 */
const same = (shape) => ({
  shape,
  macs: 0,
  inPlace: true,
  prepare: () => (out, x) => {
    if (out !== x) out.set(x);
  },
});

/**
 * @param {Layer} _
 * @param {number[]} shape
 */
export const flatten = (_, shape) => same([product(shape)]);

/**
 * @param {Layer} layer
 * @param {number[]} shape
 */
export function reshape({ config }, shape) {
  check(product(config.shape) === product(shape), `[${shape}] cannot take the shape [${config.shape}]`);
  return same(config.shape);
}

/**
 * Returns the stage whose number i is number from[i] of its input, or `value` if that is negative.
 *
 * @param {number[]} shape of the output
 * @param {(place: number[]) => number} from
 * @param {number} [value]
 * @returns {Stage}
 */
function moved(shape, from, value = 0) {
  const place = shape.map(() => 0);
  const sources = new Int32Array(product(shape));
  for (let i = 0; i < sources.length; i++) {
    sources[i] = from(place);
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis] === shape[axis]; axis--) place[axis] = 0;
  }
  return {
    shape,
    macs: 0,
    prepare: () => (out, x) => {
      for (let i = 0; i < sources.length; i++) out[i] = sources[i] < 0 ? value : x[sources[i]];
    },
  };
}

/** Returns the distance in memory of two neighbors along each axis. @param {number[]} shape */
export const distances = (shape) => shape.map((_, axis) => product(shape.slice(axis + 1)));

/**
 * @param {Layer} layer
 * @param {number[]} shape
 */
export function permute({ config }, shape) {
  /** @type {number[]} */
  const axes = config.axes;
  check([...axes].sort().join() === [...shape.keys()].join(), `[${axes}] is no order of the axes of [${shape}]`);
  const steps = distances(shape);
  return moved(
    axes.map((axis) => shape[axis]),
    (place) => place.reduce((sum, index, i) => sum + index * steps[axes[i]], 0),
  );
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 */
export function slice({ config }, shape) {
  const { axis, start, stop, step } = config;
  const length = Math.ceil((stop - start) / step);
  check(axis < shape.length && start >= 0 && stop <= shape[axis] && step > 0 && length > 0, "it has another input");
  const steps = distances(shape);
  return moved(
    shape.map((whole, i) => (i === axis ? length : whole)),
    (place) => place.reduce((sum, index, i) => sum + (i === axis ? start + index * step : index) * steps[i], 0),
  );
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 */
export function pad({ config }, shape) {
  /** @type {{padding: number[][], mode: string, value: number}} */
  const { padding, mode, value } = /** @type {any} */ (config);
  const sides = shape.map((_, axis) => padding[axis] ?? [0, 0]);
  check(padding.length <= shape.length && sides.flat().every(Number.isInteger), `its padding does not fit [${shape}]`);
  const steps = distances(shape);
  const axes = shape.map((length, axis) => {
    const [first, end] = [Math.max(0, -sides[axis][0]), length + Math.min(0, sides[axis][1])]; // what is not cropped
    const count = end - first;
    return [...Array(length + sides[axis][0] + sides[axis][1]).keys()].map((position) => {
      const index = position - Math.max(0, sides[axis][0]);
      if (index >= 0 && index < count) return first + index;
      if (mode === "edge") return index < 0 ? first : end - 1;
      if (mode === "wrap") return first + ((index + count) % count);
      if (mode === "reflect") return index < 0 ? first - index : end - 2 - (index - count);
      return -1;
    });
  });
  const to = axes.map((sources) => sources.length);
  return moved(
    to,
    (place) => {
      let sum = 0;
      for (let i = 0; i < place.length; i++) {
        const source = axes[i][place[i]];
        if (source < 0) return -1;
        sum += source * steps[i];
      }
      return sum;
    },
    value,
  );
}

/**
 * @param {Layer} layer
 * @param {number[][]} shapes
 * @returns {Stage}
 */
export function concat({ config }, ...shapes) {
  /** @type {number} */
  const axis = config.axis;
  const [first] = shapes;
  check(
    axis < first.length && shapes.every((shape) => first.every((size, i) => i === axis || size === shape[i])),
    "its inputs do not fit",
  );
  const shape = first.map((size, i) => (i === axis ? shapes.reduce((sum, one) => sum + one[axis], 0) : size));
  const outer = product(first.slice(0, axis));
  const lengths = shapes.map((one) => product(one.slice(axis)));
  return {
    shape,
    macs: 0,
    prepare:
      () =>
      (out, ...inputs) => {
        for (let i = 0, at = 0; i < outer; i++) {
          for (const [k, x] of inputs.entries()) {
            out.set(x.subarray(i * lengths[k], (i + 1) * lengths[k]), at);
            at += lengths[k];
          }
        }
      },
  };
}

/**
 * @param {Layer} layer
 * @returns {Stage}
 */
export function constant({ weights }) {
  check(weights.length === 1 && weights[0].shape.length > 0, "it has no array");
  const [{ shape, values }] = weights;
  return { shape, macs: 0, fixed: true, prepare: () => (out) => out.set(values) };
}
