/** Walks: places [frames, D] in the space of the codes or in a plane. */

import { spline } from "./spline.js";

/**
 * Returns the places of the circle center + radius * (cos(t) u + sin(t) v), the first at t = 0.
 *
 * @param {ArrayLike<number>} center
 * @param {number} radius
 * @param {ArrayLike<number>} u
 * @param {ArrayLike<number>} v
 * @param {number} frames
 * @param {1 | -1} direction -1: the other way around
 * @param {ArrayLike<number>|null} shares of the way at which the frames lie; null: evenly
 */
export function circle(center, radius, u, v, frames, direction = 1, shares = null) {
  const dims = center.length;
  const places = new Float32Array(frames * dims);
  for (let k = 0; k < frames; k++) {
    const t = direction * 2 * Math.PI * (shares ? shares[k] : k / frames);
    const [x, y] = [radius * Math.cos(t), radius * Math.sin(t)];
    for (let d = 0; d < dims; d++) places[k * dims + d] = center[d] + x * u[d] + y * v[d];
  }
  return places;
}

/**
 * Returns the places of straight lines from point to point. The first and the last point are among them; along the lines
 * the places are equally far apart.
 *
 * @param {ArrayLike<number>[]} points one or more
 * @param {number} frames
 * @param {ArrayLike<number>|null} shares of the way at which the frames lie; null: evenly
 */
export function path(points, frames, shares = null) {
  const dims = points[0].length;
  const places = new Float32Array(frames * dims);
  const reached = [0]; // the length of the lines up to each point
  for (let i = 1; i < points.length; i++) reached.push(reached[i - 1] + distance(points[i - 1], points[i]));
  const whole = reached[points.length - 1];
  let i = 0;
  for (let k = 0; k < frames; k++) {
    const gone = frames > 1 ? whole * (shares ? shares[k] : k / (frames - 1)) : 0;
    while (i < points.length - 2 && reached[i + 1] < gone) i++;
    const [from, to] = [points[i], points[i + 1] ?? points[i]];
    const length = reached[i + 1] - reached[i];
    const share = length > 0 ? Math.min(1, (gone - reached[i]) / length) : 0;
    for (let d = 0; d < dims; d++) places[k * dims + d] = (1 - share) * from[d] + share * to[d];
  }
  // Exact even if the last line is too short for a float.
  if (frames > 1) places.set(points[points.length - 1], places.length - dims);
  return places;
}

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
function distance(a, b) {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d] - b[d]) ** 2;
  return Math.sqrt(sum);
}

/** Returns the corners that straight lines connect; of a smooth path they are close to each other. @param {Extract<import("./state.js").Walk, {kind: "path"}>} walk */
export const corners = ({ points, smooth }) => (smooth ? spline(points) : points);

/**
 * Returns the places [frames, 2] of a walk in a plane.
 *
 * @param {import("./state.js").Walk} walk
 * @param {number} frames
 * @param {1 | -1} direction
 * @param {ArrayLike<number>|null} [shares] of the way at which the frames lie; null: evenly
 */
export function along(walk, frames, direction, shares = null) {
  if (walk.kind === "circle") return circle([walk.x, walk.y], walk.r, [1, 0], [0, 1], frames, direction, shares);
  const points = corners(walk);
  return path(direction > 0 ? points : points.toReversed(), frames, shares);
}
