/** Planes along two axes, and codes in a plane: as server/projection.py computes them, for a page without a server. */

/** @typedef {{origin: Float32Array, directions: Float32Array[], shares: (number|null)[]}} Directions */

/**
 * Returns the plane along the axes i and j: through 0 on these two, and through the mean on the others.
 * @param {Float32Array} codes [n, dims]
 * @param {number} dims
 * @param {number} i
 * @param {number} j
 * @returns {Directions}
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
  const shares = total > 0 ? [variance[i] / total, i === j ? 0 : variance[j] / total] : [null, null];
  return { origin, directions: [u, v], shares };
}

/**
 * Returns the places [n, k] of codes along k directions, and their bounds along the first two: left, right, bottom, top.
 * @param {Float32Array} codes [n, dims]
 * @param {number} dims
 * @param {Directions} plane
 */
export function project(codes, dims, { origin, directions }) {
  const [n, k] = [codes.length / dims, directions.length];
  const places = new Float32Array(k * n);
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (let d = 0; d < dims; d++) sum += (codes[i * dims + d] - origin[d]) * directions[c][d];
      places[i * k + c] = sum;
    }
    const [x, y] = places.subarray(i * k, i * k + 2);
    box[0] = Math.min(box[0], x);
    box[1] = Math.max(box[1], x);
    box[2] = Math.min(box[2], y);
    box[3] = Math.max(box[3], y);
  }
  return { places, box };
}
