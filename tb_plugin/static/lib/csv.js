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

/**
 * Returns a table as CSV (RFC 4180): a line of names, then the rows. null is an empty cell.
 * @param {string[]} names
 * @param {(string|number|null)[][]} rows
 */
export function table(names, rows) {
  const cell = (/** @type {string|number|null} */ value) => {
    const isFloat = typeof value === "number" && !Number.isInteger(value) && Math.fround(value) === value;
    const text = value === null ? "" : isFloat ? shortest(value) : `${value}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows].map((row) => row.map(cell).join() + "\n").join("");
}

/** @param {number} value a float32; nine digits are always enough */
function shortest(value) {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
