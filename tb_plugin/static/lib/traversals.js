/** Codes to look at a space of many dimensions: along each of them, and drawn at random. */

/**
 * Returns the lowest and the highest number of each dimension.
 * @param {Float32Array} codes [n, dims] @param {number} dims
 */
export function limits(codes, dims) {
  const low = new Float32Array(dims).fill(Infinity);
  const high = new Float32Array(dims).fill(-Infinity);
  for (let i = 0; i < codes.length; i++) {
    const [d, value] = [i % dims, codes[i]];
    if (value < low[d]) low[d] = value;
    if (value > high[d]) high[d] = value;
  }
  return { low, high };
}

/**
 * Returns codes [rows * columns, dims]: in row r they are `code`, but its r-th number goes from the lowest to the highest.
 * @param {Float32Array} code
 * @param {{low: Float32Array, high: Float32Array}} limits
 * @param {number} rows
 * @param {number} columns
 */
export function traversals(code, { low, high }, rows, columns) {
  const dims = code.length;
  const made = new Float32Array(rows * columns * dims);
  for (let k = 0; k < rows * columns; k++) {
    const [row, column] = [Math.floor(k / columns), k % columns];
    made.set(code, k * dims);
    made[k * dims + row] = low[row] + ((high[row] - low[row]) * column) / (columns - 1);
  }
  return made;
}

/**
 * Returns random codes of the normal distribution that has the mean and the covariance of given ones. Each is the mean plus
 * their deviations from it, weighted by normal random numbers over sqrt(n - 1): no matrix of dims x dims is needed.
 * @param {Float32Array} codes [n, dims], n > 1
 * @param {number} dims
 * @param {number} count
 * @param {() => number} [random] uniform, 0..1
 */
export function fitted(codes, dims, count, random = Math.random) {
  const n = codes.length / dims;
  const mean = new Float64Array(dims);
  for (let i = 0; i < codes.length; i++) mean[i % dims] += codes[i] / n;
  const made = new Float32Array(count * dims);
  const sum = new Float64Array(dims);
  for (let k = 0; k < count; k++) {
    sum.fill(0);
    for (let i = 0; i < n; i++) {
      const weight = normal(random);
      for (let d = 0; d < dims; d++) sum[d] += weight * (codes[i * dims + d] - mean[d]);
    }
    for (let d = 0; d < dims; d++) made[k * dims + d] = mean[d] + sum[d] / Math.sqrt(n - 1);
  }
  return made;
}

/**
 * Returns random codes of the standard normal distribution, a variational autoencoder's prior.
 * @param {number} dims @param {number} count @param {() => number} [random] uniform, 0..1
 */
export function standard(dims, count, random = Math.random) {
  return Float32Array.from({ length: count * dims }, () => normal(random));
}

/** Returns a normal random number (Box and Muller). @param {() => number} random */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
