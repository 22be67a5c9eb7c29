/** Nearest codes: as server/neighbors.py and server/moved.py find them, for a page without a server. */

/**
 * Returns the nearest codes, nearest first; of those that are equally far the first.
 * @param {Float32Array} codes [n, dims]
 * @param {number} dims
 * @param {ArrayLike<number>} code [dims]
 * @param {number} count
 * @param {string} metric "euclidean" or "cosine", which is 1 - cos, and 1 for a code of zeros
 * @param {number|null} [skip] the index of a point that is left out
 * @returns {{indices: number[], distances: number[]}}
 */
export function nearest(codes, dims, code, count, metric, skip = null) {
  const n = codes.length / dims;
  const distances = new Float64Array(n);
  let length = 0;
  for (let d = 0; d < dims; d++) length += code[d] * code[d];
  for (let i = 0, at = 0; i < n; i++, at += dims) {
    let [sum, square] = [0, 0];
    if (metric === "cosine") {
      for (let d = 0; d < dims; d++) {
        sum += codes[at + d] * code[d];
        square += codes[at + d] * codes[at + d];
      }
      const lengths = Math.sqrt(square) * Math.sqrt(length);
      distances[i] = lengths > 0 ? 1 - Math.min(1, Math.max(-1, sum / lengths)) : 1;
    } else {
      for (let d = 0; d < dims; d++) sum += (codes[at + d] - code[d]) ** 2;
      distances[i] = Math.sqrt(sum);
    }
  }
  /** @type {number[]} the nearest so far, in order */
  const indices = [];
  for (let i = 0; i < n; i++) {
    if (i === skip || (indices.length === count && distances[i] >= distances[indices[count - 1]])) continue;
    if (indices.length === count) indices.pop();
    let at = indices.length;
    while (at > 0 && distances[indices[at - 1]] > distances[i]) at--;
    indices.splice(at, 0, i);
  }
  return { indices, distances: indices.map((i) => distances[i]) };
}

const SLICE_MS = 30;

/**
 * Returns how many of the nearest neighbors of each code are the same among other codes. The page stays responsive.
 * @param {Float32Array} one [n, dims] @param {number} dims
 * @param {Float32Array} other [n, otherDims] @param {number} otherDims
 * @param {number} count
 */
export async function kept(one, dims, other, otherDims, count) {
  const made = new Uint8Array(one.length / dims);
  let began = performance.now();
  for (let i = 0; i < made.length; i++) {
    const before = nearest(one, dims, one.subarray(i * dims, (i + 1) * dims), count, "euclidean", i);
    const now = nearest(other, otherDims, other.subarray(i * otherDims, (i + 1) * otherDims), count, "euclidean", i);
    const there = new Set(before.indices);
    for (const index of now.indices) if (there.has(index)) made[i]++;
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  }
  return made;
}
