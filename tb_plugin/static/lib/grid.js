/** Points sorted into cells, so that a search near a place visits few of them. */

const SLICE = 50_000; // points that are sorted at a time
const SLICE_MS = 8; // after which the page has its turn

export class Grid {
  /**
   * @param {Float32Array} xy [n, 2]; kept, not copied @param {import("./view.js").Box} box around them
   * @param {boolean} [atOnce] false: nothing is found until `sort` or `finish` have sorted the points
   */
  constructor(xy, box, atOnce = true) {
    this.xy = xy;
    const n = xy.length / 2;
    const { left, right, bottom, top } = box;
    this.left = left;
    this.bottom = bottom;
    const columns = Math.max(1, Math.min(256, Math.round(Math.sqrt(n / 4))));
    this.cell = Math.max(right - left, top - bottom) / columns || 1;
    this.columns = Math.max(1, Math.floor((right - left) / this.cell) + 1) || 1;
    this.rows = Math.max(1, Math.floor((top - bottom) / this.cell) + 1) || 1;
    /** The points of cell c are order[start[c]] ... order[start[c + 1] - 1]. */
    this.start = new Uint32Array(this.columns * this.rows + 1);
    this.order = new Uint32Array();
    this.ready = false;
    this.slices = this.#slices();
    if (atOnce) this.finish();
  }

  /** Sorts the points in slices, by counting. */
  *#slices() {
    const { xy } = this;
    const n = xy.length / 2;
    const start = new Uint32Array(this.start.length);
    const cells = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      cells[i] = this.#column(xy[2 * i]) + this.columns * this.#row(xy[2 * i + 1]);
      start[cells[i] + 1]++;
      if (i % SLICE === SLICE - 1) yield;
    }
    for (let c = 0; c < start.length - 1; c++) start[c + 1] += start[c];
    const order = new Uint32Array(n);
    const next = start.slice();
    for (let i = 0; i < n; i++) {
      order[next[cells[i]]++] = i;
      if (i % SLICE === SLICE - 1) yield;
    }
    [this.start, this.order, this.ready] = [start, order, true];
  }

  /** Sorts the rest of the points now. Returns the grid. */
  finish() {
    while (!this.slices.next().done);
    return this;
  }

  /** Sorts the points without holding up the page. */
  async sort() {
    for (let began = performance.now(); !this.slices.next().done;) {
      if (performance.now() - began < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      began = performance.now();
    }
  }

  /** @param {number} x */
  #column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.left) / this.cell)));
  }

  /** @param {number} y */
  #row(y) {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.bottom) / this.cell)));
  }

  /**
   * Visits the points in a box, by index.
   * @param {number} left @param {number} right @param {number} bottom @param {number} top
   * @param {(index: number) => unknown} visit returns true to stop
   */
  within(left, right, bottom, top, visit) {
    for (let row = this.#row(bottom); row <= this.#row(top); row++) {
      for (let column = this.#column(left); column <= this.#column(right); column++) {
        const cell = column + this.columns * row;
        for (let k = this.start[cell]; k < this.start[cell + 1]; k++) {
          const index = this.order[k];
          const x = this.xy[2 * index];
          const y = this.xy[2 * index + 1];
          if (x >= left && x <= right && y >= bottom && y <= top && visit(index) === true) return;
        }
      }
    }
  }

  /**
   * Returns the nearest point within `radius` that `wanted` accepts, or -1.
   * @param {number} x @param {number} y @param {number} radius @param {(index: number) => boolean} wanted
   */
  nearest(x, y, radius, wanted) {
    let [best, least] = [-1, radius * radius];
    this.within(x - radius, x + radius, y - radius, y + radius, (index) => {
      const distance = (this.xy[2 * index] - x) ** 2 + (this.xy[2 * index + 1] - y) ** 2;
      if (distance <= least && wanted(index)) [best, least] = [index, distance];
    });
    return best;
  }

  /**
   * Returns the points nearest to a place, nearest first; of those that are equally far the first.
   * @param {number} x @param {number} y @param {number} count
   */
  closest(x, y, count) {
    const most = Math.min(count, this.xy.length / 2);
    /** @type {{index: number, distance: number}[]} */
    let found = [];
    for (let radius = this.cell; found.length < most && radius < Infinity; radius *= 2) {
      found = [];
      this.within(x - radius, x + radius, y - radius, y + radius, (index) => {
        const distance = Math.hypot(this.xy[2 * index] - x, this.xy[2 * index + 1] - y);
        if (distance <= radius) found.push({ index, distance });
      });
    }
    return found.sort((a, b) => a.distance - b.distance || a.index - b.index).slice(0, most);
  }

  /**
   * Returns the points in a polygon, by the even-odd rule. A cell that no edge crosses is in it or not as a whole.
   * @param {[number, number][]} corners
   */
  inside(corners) {
    const { left, bottom, cell, columns, order, start, xy } = this;
    const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
    const crossed = this.#crossed(corners);
    /** @type {number[]} */
    const found = [];
    for (let row = this.#row(Math.min(...ys)); row <= this.#row(Math.max(...ys)); row++) {
      for (let column = this.#column(Math.min(...xs)); column <= this.#column(Math.max(...xs)); column++) {
        const at = column + columns * row;
        if (start[at] === start[at + 1]) continue;
        const each = crossed[at] === 1;
        if (!each && !holds(xs, ys, left + (column + 0.5) * cell, bottom + (row + 0.5) * cell)) continue;
        for (let k = start[at]; k < start[at + 1]; k++) {
          const index = order[k];
          if (!each || holds(xs, ys, xy[2 * index], xy[2 * index + 1])) found.push(index);
        }
      }
    }
    return found;
  }

  /**
   * Returns which cells the edges of a polygon cross, and their neighbors, so that rounding does not matter.
   * @param {[number, number][]} corners
   */
  #crossed(corners) {
    const crossed = new Uint8Array(this.columns * this.rows);
    for (const [i, [ax, ay]] of corners.entries()) {
      const [bx, by] = corners[(i + 1) % corners.length];
      const [low, high] = [Math.min(ay, by), Math.max(ay, by)];
      for (let row = Math.max(0, this.#row(low) - 1); row <= Math.min(this.rows - 1, this.#row(high) + 1); row++) {
        // The part of the edge in this row and its neighbors.
        const from = Math.max(low, this.bottom + (row - 1) * this.cell);
        const to = Math.min(high, this.bottom + (row + 2) * this.cell);
        const across = (/** @type {number} */ y) => (ay === by ? ax : ax + ((bx - ax) * (y - ay)) / (by - ay));
        const ends = ay === by ? [ax, bx] : [across(from), across(Math.max(from, to))];
        const last = Math.min(this.columns - 1, this.#column(Math.max(...ends)) + 1);
        const first = Math.max(0, this.#column(Math.min(...ends)) - 1);
        crossed.fill(1, row * this.columns + first, row * this.columns + last + 1);
      }
    }
    return crossed;
  }
}

/**
 * Returns whether a polygon holds a place, by the even-odd rule.
 * @param {number[]} xs of its corners @param {number[]} ys @param {number} x @param {number} y
 */
function holds(xs, ys, x, y) {
  let odd = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
  }
  return odd;
}
