/** Charts of vectors as small pictures, for decoders whose output is no picture. server/charts.py draws the same. */

/**
 * A chart as /runs describes it: the limits of the axis up; the names or the numbers of the outputs; titles of the axes.
 * @typedef {{range: [number, number], at?: string[]|number[], x?: string, y?: string}} Chart
 */

// Pixels.
export const HEIGHT = 64;
export const WIDTH = 112;
export const EDGE = 3; // around the chart, so that those of the grid stay apart
const [ROWS, COLUMNS] = [HEIGHT - 2 * EDGE, WIDTH - 2 * EDGE];
const FEW = 32; // outputs without names that are still bars
const ZERO = 80; // the gray of the line at zero

/** Returns the names or numbers of `n` outputs, or null. @param {Chart} chart @param {number} n */
export const outputs = ({ at }, n) => (at?.length === n ? at : null);

/**
 * Returns the chart of a vector, gray [HEIGHT, WIDTH].
 * @param {ArrayLike<number>} vector
 * @param {Chart} chart
 */
export function draw(vector, chart) {
  const [low, high] = chart.range;
  const at = outputs(chart, vector.length);
  const line = at ? typeof at[0] === "number" : vector.length > FEW;
  const { top, bottom } = line
    ? lineOf(vector, /** @type {number[]|null} */ (at))
    : barsOf(vector, Math.min(Math.max(low, 0), high));
  /** @param {number} value */
  const row = (value) => Math.min(ROWS - 1, Math.max(0, Math.floor(((high - value) / (high - low)) * ROWS)));
  const pixels = new Uint8ClampedArray(HEIGHT * WIDTH);
  /** @param {number} x @param {number} y */
  const place = (x, y) => (EDGE + y) * WIDTH + EDGE + x;
  if (low < 0 && high > 0) pixels.fill(ZERO, place(0, row(0)), place(COLUMNS, row(0)));
  let [above, below] = [NaN, NaN]; // the rows of the column before
  for (let x = 0; x < COLUMNS; x++) {
    let [first, last] = [row(top[x]), row(bottom[x])];
    const [own, ownLast] = [first, last];
    if (line && first > below + 1) first = below + 1;
    if (line && last < above - 1) last = above - 1;
    for (let y = first; y <= last; y++) pixels[place(x, y)] = 255;
    [above, below] = [own, ownLast];
  }
  return pixels;
}

/**
 * Returns the highest and the lowest value of each column's bars. Wide ones have gaps: NaN.
 * @param {ArrayLike<number>} vector @param {number} base
 */
function barsOf(vector, base) {
  const n = vector.length;
  const [top, bottom] = [new Float64Array(COLUMNS).fill(base), new Float64Array(COLUMNS).fill(base)];
  for (let x = 0; x < COLUMNS; x++) {
    const [start, next] = [Math.floor((x * n) / COLUMNS), Math.floor(((x + 1) * n) / COLUMNS)];
    for (let i = start; i < Math.max(next, start + 1); i++) {
      top[x] = Math.max(top[x], vector[i]);
      bottom[x] = Math.min(bottom[x], vector[i]);
    }
    if (COLUMNS >= 3 * n && next > start) top[x] = bottom[x] = NaN;
  }
  return { top, bottom };
}

/**
 * Returns the highest and the lowest value of a line in each column.
 * @param {ArrayLike<number>} vector @param {number[]|null} at
 */
function lineOf(vector, at) {
  const n = vector.length;
  const place = (/** @type {number} */ i) => (at ? at[i] : i);
  const span = place(n - 1) - place(0) || 1;
  const column = (/** @type {number} */ i) => Math.floor(((place(i) - place(0)) / span) * (COLUMNS - 1) + 0.5);
  const [top, bottom] = [new Float64Array(COLUMNS).fill(NaN), new Float64Array(COLUMNS).fill(NaN)];
  for (let i = 0; i < n; i++) {
    const x = column(i);
    top[x] = top[x] > vector[i] ? top[x] : vector[i];
    bottom[x] = bottom[x] < vector[i] ? bottom[x] : vector[i];
    if (i === n - 1) break; // the line ends
    const next = column(i + 1);
    const slope = (vector[i + 1] - vector[i]) / Math.max(1, next - x);
    for (let between = x + 1; between < next; between++)
      top[between] = bottom[between] = vector[i] + slope * (between - x);
  }
  return { top, bottom };
}
