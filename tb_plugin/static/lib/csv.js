/** Codes as text for a spreadsheet. */

/**
 * Returns codes [n, dims] as CSV. Each number is the shortest that gives the same float32.
 *
 * @param {Float32Array} codes
 * @param {number} dims
 */
export function csv(codes, dims) {
  const lines = [Array.from({ length: dims }, (_, d) => `code_${d}`).join()];
  for (let at = 0; at < codes.length; at += dims) {
    lines.push(Array.from(codes.subarray(at, at + dims), shortest).join());
  }
  return lines.join("\n") + "\n";
}

/** @param {number} value a float32; nine digits are always enough */
function shortest(value) {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
