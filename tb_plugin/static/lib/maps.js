/** Maps: places that another method gave the points. Between them codes and places are interpolated. */

import { nearest } from "./nearest.js";

/**
 * The points of a map: their places in a grid, and their codes [n, D].
 * @typedef {{grid: import("./grid.js").Grid, codes: Float32Array}} Given
 */

/** The points that a code is interpolated from. */
export const NEAREST = 8;

/** Returns the mean of codes [n, dims]. @param {Float32Array} codes @param {number} dims */
export function mean(codes, dims) {
  const sum = new Float64Array(dims);
  for (let at = 0; at < codes.length; at += dims) for (let d = 0; d < dims; d++) sum[d] += codes[at + d];
  return Float32Array.from(sum, (value) => (value * dims) / codes.length);
}

/**
 * Returns the codes [n, dims] of places [n, 2]: means of those of the nearest points. The weight of a point falls from the
 * whole at its own place to nothing at the distance of the next one that is not counted (Franke and Little's weights), so
 * that codes have no jumps.
 * @param {ArrayLike<number>} places @param {Given} given @param {number} dims
 */
export function between(places, { grid, codes }, dims) {
  const n = places.length / 2;
  const made = new Float32Array(n * dims);
  for (let i = 0; i < n; i++) {
    const near = grid.closest(places[2 * i], places[2 * i + 1], NEAREST + 1);
    const reach = near.length > NEAREST ? near[NEAREST].distance : Infinity;
    const inside = near.slice(0, NEAREST);
    const shares = sharesOf(
      inside.map(({ distance }) => distance),
      reach,
    );
    for (const [k, { index }] of inside.entries()) {
      const share = shares[k];
      for (let d = 0; d < dims; d++) made[i * dims + d] += share * codes[index * dims + d];
    }
  }
  return made;
}

/** Returns how much each point counts. @param {number[]} distances @param {number} reach the distance of the next one */
function sharesOf(distances, reach) {
  const exact = distances.includes(0);
  const weigh = (/** @type {number} */ distance) =>
    reach === Infinity ? 1 / distance ** 2 : ((reach - distance) / (reach * distance)) ** 2;
  let weights = distances.map((distance) => (exact ? Number(distance === 0) : weigh(distance)));
  if (!weights.some(Boolean)) weights = weights.map(() => 1); // all are equally far
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Returns the place of a code: a mean of those of the points whose codes are nearest, with the weights of `between`.
 * @param {ArrayLike<number>} code @param {Given} given @returns {[number, number]}
 */
export function placeBetween(code, { grid, codes }) {
  const { indices, distances } = nearest(codes, code.length, code, NEAREST + 1, "euclidean");
  const shares = sharesOf(distances.slice(0, NEAREST), distances[NEAREST] ?? Infinity);
  let [x, y] = [0, 0];
  for (const [k, share] of shares.entries()) {
    x += share * grid.xy[2 * indices[k]];
    y += share * grid.xy[2 * indices[k] + 1];
  }
  return [x, y];
}

/** Returns the place of the point whose code is nearest. @param {ArrayLike<number>} code @param {Given} given @returns {[number, number]} */
export function placeOf(code, { grid, codes }) {
  let [best, least] = [0, Infinity];
  for (let i = 0, at = 0; at < codes.length; i++, at += code.length) {
    let sum = 0;
    for (let d = 0; d < code.length; d++) sum += (codes[at + d] - code[d]) ** 2;
    if (sum < least) [best, least] = [i, sum];
  }
  return [grid.xy[2 * best], grid.xy[2 * best + 1]];
}
