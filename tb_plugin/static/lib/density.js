/** Points counted in the cells of a part of the plane, their density, and the lines along which it is the same. */

/** The cells: their lower left corner, their side, and how many there are. @typedef {{left: number, bottom: number, side: number, columns: number, rows: number}} Cells */

/**
 * Returns the cells over a box. They lie on multiples of their side, so that they stay in place while the view moves.
 * @param {import("./view.js").Box} box @param {number} side
 * @returns {Cells}
 */
export function cellsOf({ left, right, bottom, top }, side) {
  const [column, row] = [Math.floor(left / side), Math.floor(bottom / side)];
  const [columns, rows] = [Math.ceil(right / side) - column, Math.ceil(top / side) - row];
  return { left: column * side, bottom: row * side, side, columns, rows };
}

/**
 * Returns how many points lie in each cell, and the sums of their weights.
 * @param {Float32Array} xy [n, 2] @param {ArrayLike<number>} marks those above 1 count @param {Cells} cells
 * @param {ArrayLike<number>|null} [weights]
 */
export function counted(xy, marks, { left, bottom, side, columns, rows }, weights = null) {
  const [counts, sums] = [new Float32Array(columns * rows), new Float64Array(columns * rows)];
  for (let i = 0; i < marks.length; i++) {
    const [x, y] = [Math.floor((xy[2 * i] - left) / side), Math.floor((xy[2 * i + 1] - bottom) / side)];
    if (marks[i] < 2 || x < 0 || y < 0 || x >= columns || y >= rows) continue;
    counts[y * columns + x]++;
    if (weights) sums[y * columns + x] += weights[i];
  }
  return { counts, sums };
}

/**
 * Returns values smoothed almost as by a normal distribution: three times the mean over 2 radius + 1 cells along each axis.
 * @param {Float32Array} values @param {Cells} cells @param {number} radius
 */
export function smoothed(values, { columns, rows }, radius) {
  let [from, to] = [values.slice(), new Float32Array(values.length)];
  /** @param {number} start @param {number} step @param {number} n */
  const mean = (start, step, n) => {
    let sum = 0;
    for (let i = -radius; i < n; i++) {
      if (i + radius < n) sum += from[start + (i + radius) * step];
      if (i - radius - 1 >= 0) sum -= from[start + (i - radius - 1) * step];
      if (i >= 0) to[start + i * step] = Math.max(0, sum / (2 * radius + 1));
    }
  };
  for (let pass = 0; pass < 3; pass++) {
    for (let row = 0; row < rows; row++) mean(row * columns, 1, columns);
    [from, to] = [to, from];
    for (let column = 0; column < columns; column++) mean(column, columns, rows);
    [from, to] = [to, from];
  }
  return from;
}

/**
 * Returns the densities above which these shares of the points lie.
 * @param {Float32Array} counts @param {Float32Array} density @param {number[]} shares
 */
export function levelsOf(counts, density, shares) {
  const filled = Array.from(counts.keys()).filter((i) => counts[i]);
  filled.sort((a, b) => density[b] - density[a]);
  const all = filled.reduce((sum, i) => sum + counts[i], 0);
  return shares.map((share) => {
    let inside = 0;
    const last = filled.find((i) => (inside += counts[i]) >= share * all);
    return last === undefined ? Infinity : density[last];
  });
}

/**
 * Returns the line along which values have a level, as pieces x, y, x, y in cells from the lower left corner (marching
 * squares). A value is that of the middle of its cell.
 * @param {Float32Array} values @param {Cells} cells @param {number} level
 */
export function isoline(values, { columns, rows }, level) {
  /** @type {number[]} */
  const pieces = [];
  for (let y = 0; y < rows - 1; y++) {
    for (let x = 0; x < columns - 1; x++) {
      const at = y * columns + x;
      const [a, b, c, d] = [values[at], values[at + 1], values[at + columns + 1], values[at + columns]];
      const low = a <= level;
      if (low === b <= level && low === c <= level && low === d <= level) continue;
      /** @type {[number, number][]} where the line crosses the sides of the square */
      const ends = [];
      const part = (/** @type {number} */ from, /** @type {number} */ to) => 0.5 + (level - from) / (to - from);
      if (low !== b <= level) ends.push([x + part(a, b), y + 0.5]);
      if (b <= level !== c <= level) ends.push([x + 1.5, y + part(b, c)]);
      if (d <= level !== c <= level) ends.push([x + part(d, c), y + 1.5]);
      if (low !== d <= level) ends.push([x + 0.5, y + part(a, d)]);
      // Of four ends, those around the corners that differ from the middle belong together.
      if (ends.length === 4 && low !== (a + b + c + d) / 4 <= level) ends.unshift(/** @type {any} */ (ends.pop()));
      for (const [px, py] of ends) pieces.push(px, py);
    }
  }
  return pieces;
}
