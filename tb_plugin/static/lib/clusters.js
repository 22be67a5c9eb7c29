/** The place of each class: where its points are densest. */

const CELLS = 40; // along the longer side of the box

/** A class, how many of its points are shown, and its place. @typedef {{key: number, count: number, x: number, y: number}} Cluster */

/**
 * Returns the classes that have points, those of most points first. The place is the mean of the points around the cell in
 * which, with its neighbors, there are most of them.
 * @param {Float32Array} xy [n, 2] @param {Uint8Array} marks those above 1 count @param {ArrayLike<number>} of the class of each point
 * @param {number} classes how many; other numbers are no class @param {import("./view.js").Box} box around the points
 * @returns {Cluster[]}
 */
export function clusters(xy, marks, of, classes, { left, right, bottom, top }) {
  const side = Math.max(right - left, top - bottom) / CELLS || 1;
  const wide = CELLS + 3; // with an empty cell on each side
  const all = wide * wide;
  const counts = new Uint32Array(classes * all);
  const cells = new Int32Array(marks.length).fill(-1);
  for (let i = 0; i < marks.length; i++) {
    if (marks[i] < 2 || !(of[i] >= 0 && of[i] < classes)) continue;
    const column = Math.min(CELLS, Math.max(0, Math.floor((xy[2 * i] - left) / side)));
    const row = Math.min(CELLS, Math.max(0, Math.floor((xy[2 * i + 1] - bottom) / side)));
    cells[i] = of[i] * all + (row + 1) * wide + column + 1;
    counts[cells[i]]++;
  }
  const around = [-wide - 1, -wide, -wide + 1, -1, 0, 1, wide - 1, wide, wide + 1];
  const best = new Int32Array(classes).fill(-1);
  const most = new Float64Array(classes);
  for (let cell = 0; cell < counts.length; cell++) {
    if (!counts[cell]) continue;
    // Of cells with as many neighbors, the one with more points itself.
    const near = around.reduce((sum, by) => sum + counts[cell + by], 0) + counts[cell] / (marks.length + 1);
    const key = Math.floor(cell / all);
    if (near > most[key]) [most[key], best[key]] = [near, cell];
  }
  const [shown, near] = [new Uint32Array(classes), new Uint32Array(classes)];
  const [x, y] = [new Float64Array(classes), new Float64Array(classes)];
  for (let i = 0; i < marks.length; i++) {
    if (cells[i] < 0) continue;
    const key = of[i];
    shown[key]++;
    const down = cells[i] - best[key] + wide + 1;
    if (down < 0 || down % wide > 2 || down > 2 * wide + 2) continue;
    near[key]++;
    x[key] += xy[2 * i];
    y[key] += xy[2 * i + 1];
  }
  return Array.from(shown, (count, key) => ({ key, count, x: x[key] / near[key], y: y[key] / near[key] }))
    .filter(({ count }) => count)
    .sort((a, b) => b.count - a.count || a.key - b.key);
}
