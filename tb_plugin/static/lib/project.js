/** Planes along two axes, and codes in a plane: as server/projection.py computes them, for a page without a server. */

/** @typedef {import("./planes.js").Plane} Plane */

/**
 * Returns the plane along the axes i and j: through 0 on these two, and through the mean on the others.
 * @param {Float32Array} codes [n, dims]
 * @param {number} dims
 * @param {number} i
 * @param {number} j
 * @returns {Plane}
 */
export function axes(codes, dims, i, j) {
  const n = codes.length / dims;
  const [mean, variance] = [new Float64Array(dims), new Float64Array(dims)];
  for (let at = 0; at < codes.length; at += dims) for (let d = 0; d < dims; d++) mean[d] += codes[at + d] / n;
  for (let at = 0; at < codes.length; at += dims) {
    for (let d = 0; d < dims; d++) variance[d] += (codes[at + d] - mean[d]) ** 2 / n;
  }
  const total = variance.reduce((sum, value) => sum + value, 0);
  const [origin, u, v] = [Float32Array.from(mean), new Float32Array(dims), new Float32Array(dims)];
  origin[i] = origin[j] = 0;
  u[i] = 1;
  if (i !== j) v[j] = 1;
  return { origin, u, v, shares: total > 0 ? [variance[i] / total, i === j ? 0 : variance[j] / total] : [null, null] };
}

/**
 * Returns the places of codes in a plane, and the bounds of these: left, right, bottom, top.
 * @param {Float32Array} codes [n, dims]
 * @param {number} dims
 * @param {Plane} plane
 */
export function project(codes, dims, { origin, u, v }) {
  const n = codes.length / dims;
  const xy = new Float32Array(2 * n);
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    let [x, y] = [0, 0];
    for (let d = 0; d < dims; d++) {
      const away = codes[i * dims + d] - origin[d];
      x += away * u[d];
      y += away * v[d];
    }
    xy[2 * i] = x;
    xy[2 * i + 1] = y;
    box[0] = Math.min(box[0], xy[2 * i]);
    box[1] = Math.max(box[1], xy[2 * i]);
    box[2] = Math.min(box[2], xy[2 * i + 1]);
    box[3] = Math.max(box[3], xy[2 * i + 1]);
  }
  return { xy, box };
}
