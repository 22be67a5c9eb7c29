/** The layers that compute with numbers one by one: of two inputs, by channels, over axes. */

import { check, product } from "../lib/codec.js";
import { distances } from "./shapes.js";

/** @typedef {import("./layers.js").Layer} Layer */
/** @typedef {import("./layers.js").Stage} Stage */

/**
 * Returns the layer that applies `f` to two inputs, whose shapes broadcast.
 *
 * @param {(a: number, b: number) => number} f
 */
export function of(f) {
  /** @param {Layer} _ @param {number[]} a @param {number[]} b @returns {Stage} */
  return (_, a, b) => {
    const rank = Math.max(a.length, b.length);
    const full = [a, b].map((shape) => [...Array(rank - shape.length).fill(1), ...shape]);
    const shape = full[0].map((size, axis) => (size === 1 ? full[1][axis] : size));
    check(
      full.every((one) => one.every((size, axis) => size === 1 || size === shape[axis])),
      `its inputs [${a}] and [${b}] do not broadcast`,
    );
    if (product(a) === product(shape) && product(b) === product(shape)) {
      const plain = (/** @type {Float32Array[]} */ ...[out, x, y]) => {
        for (let i = 0; i < out.length; i++) out[i] = f(x[i], y[i]);
      };
      return { shape, macs: 0, prepare: () => plain };
    }
    const [left, right] = full.map((one) => placesOf(shape, (axis) => one[axis] > 1, distances(one)));
    return {
      shape,
      macs: 0,
      prepare: () => (out, x, y) => {
        for (let i = 0; i < out.length; i++) out[i] = f(x[left[i]], y[right[i]]);
      },
    };
  };
}

/**
 * Returns for each number of an array of `shape` the place in memory that its indices along some axes lead to.
 *
 * @param {number[]} shape
 * @param {(axis: number) => boolean} counts whether an axis is one of them
 * @param {number[]} steps the distance in memory of two neighbors along each axis
 */
function placesOf(shape, counts, steps) {
  const used = steps.map((step, axis) => (counts(axis) ? step : 0));
  const place = shape.map(() => 0);
  const places = new Int32Array(product(shape));
  for (let i = 0, at = 0; i < places.length; i++) {
    places[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += used[axis];
      if (++place[axis] < shape[axis]) break;
      at -= place[axis] * used[axis];
      place[axis] = 0;
    }
  }
  return places;
}

/**
 * Returns for each number the group that it is in: those that differ along `axes` only.
 *
 * @param {number[]} shape
 * @param {number[]} axes
 */
function groupsOf(shape, axes) {
  check(
    Array.isArray(axes) && axes.every((axis) => axis >= 0 && axis < shape.length),
    `[${axes}] are no axes of [${shape}]`,
  );
  const to = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return { to, groups: placesOf(shape, (axis) => !axes.includes(axis), distances(to)) };
}

/**
 * Returns the layer that combines the numbers of each group.
 *
 * @param {number} start
 * @param {(sum: number, value: number) => number} combine
 * @param {(sum: number, count: number) => number} finish
 */
const reduction =
  (start, combine, finish) =>
  (/** @type {Layer} */ { config }, /** @type {number[]} */ shape) => {
    const { to, groups } = groupsOf(shape, config.axes);
    const sums = new Float64Array(product(to));
    const count = groups.length / sums.length;
    return {
      shape: to,
      macs: 0,
      prepare: () => (/** @type {Float32Array} */ out, /** @type {Float32Array} */ x) => {
        sums.fill(start);
        for (let i = 0; i < groups.length; i++) sums[groups[i]] = combine(sums[groups[i]], x[i]);
        for (let i = 0; i < sums.length; i++) out[i] = finish(sums[i], count);
      },
    };
  };

export const sum = reduction(0, (all, value) => all + value, (all) => all); // prettier-ignore
export const mean = reduction(0, (all, value) => all + value, (all, count) => all / count); // prettier-ignore
export const max = reduction(-Infinity, (most, value) => Math.max(most, value), (most) => most); // prettier-ignore

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function normalize({ config }, shape) {
  const { axes, epsilon, center } = config;
  const { to, groups } = groupsOf(shape, axes);
  const [means, factors] = [new Float64Array(product(to)), new Float64Array(product(to))];
  const count = groups.length / means.length;
  return {
    shape,
    macs: 0,
    inPlace: true,
    prepare: () => (out, x) => {
      means.fill(0);
      factors.fill(0);
      if (center) for (let i = 0; i < x.length; i++) means[groups[i]] += x[i] / count;
      for (let i = 0; i < x.length; i++) factors[groups[i]] += (x[i] - means[groups[i]]) ** 2;
      for (let g = 0; g < factors.length; g++) factors[g] = 1 / Math.sqrt(factors[g] / count + epsilon);
      for (let i = 0; i < x.length; i++) out[i] = (x[i] - means[groups[i]]) * factors[groups[i]];
    },
  };
}

/**
 * Returns the weights of a layer, each for all channels.
 *
 * @param {Layer} layer
 * @param {number[]} shape
 * @param {number} count
 */
function perChannel({ weights }, shape, count) {
  const channels = shape[shape.length - 1];
  check(
    weights.length === count && weights.every(({ values }) => [1, channels].includes(values.length)),
    `its factors do not fit an input of [${shape}]`,
  );
  return weights.map(({ values }) =>
    values.length === channels ? values : new Float32Array(channels).fill(values[0]),
  );
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function scale(layer, shape) {
  const [factor, offset] = perChannel(layer, shape, 2);
  const channels = factor.length;
  return {
    shape,
    macs: 0,
    inPlace: true,
    prepare: () => (out, x) => {
      for (let at = 0; at < x.length; at += channels) {
        for (let c = 0; c < channels; c++) out[at + c] = x[at + c] * factor[c] + offset[c];
      }
    },
  };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function prelu(layer, shape) {
  const [alpha] = perChannel(layer, shape, 1);
  return {
    shape,
    macs: 0,
    inPlace: true,
    prepare: () => (out, x) => {
      for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? x[i] : alpha[i % alpha.length] * x[i];
    },
  };
}

/**
 * @param {Layer} layer
 * @param {number[]} shape
 * @returns {Stage}
 */
export function clamp({ config }, shape) {
  const [low, high] = [config.low ?? -Infinity, config.high ?? Infinity];
  return {
    shape,
    macs: 0,
    inPlace: true,
    prepare: () => (out, x) => {
      for (let i = 0; i < x.length; i++) out[i] = Math.min(Math.max(x[i], low), high);
    },
  };
}
