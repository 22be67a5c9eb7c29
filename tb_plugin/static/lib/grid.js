/** Points sorted into cells, so that a search near a place visits few of them. */

export class Grid {
  /** @param {Float32Array} xy [n, 2]; kept, not copied @param {import("./view.js").Box} box around them */
  constructor(xy, box) {
    this.xy = xy;
    const n = xy.length / 2;
    const { left, right, bottom, top } = box;
    this.left = left;
    this.bottom = bottom;
    const columns = Math.max(1, Math.min(256, Math.round(Math.sqrt(n / 4))));
    this.cell = Math.max(right - left, top - bottom) / columns || 1;
    this.columns = Math.max(1, Math.floor((right - left) / this.cell) + 1) || 1;
    this.rows = Math.max(1, Math.floor((top - bottom) / this.cell) + 1) || 1;
    // A counting sort: the points of cell c are order[start[c]] ... order[start[c + 1] - 1].
    this.start = new Uint32Array(this.columns * this.rows + 1);
    const cells = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      cells[i] = this.#column(xy[2 * i]) + this.columns * this.#row(xy[2 * i + 1]);
      this.start[cells[i] + 1]++;
    }
    for (let c = 0; c < this.columns * this.rows; c++) this.start[c + 1] += this.start[c];
    this.order = new Uint32Array(n);
    const next = this.start.slice();
    for (let i = 0; i < n; i++) this.order[next[cells[i]]++] = i;
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
   * Returns the points in a polygon, by the even-odd rule.
   * @param {[number, number][]} corners
   */
  inside(corners) {
    const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
    /** @type {number[]} */
    const found = [];
    this.within(Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys), (index) => {
      const [x, y] = [this.xy[2 * index], this.xy[2 * index + 1]];
      let odd = false;
      for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
        const [[ax, ay], [bx, by]] = [corners[i], corners[j]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
      }
      if (odd) found.push(index);
    });
    return found;
  }
}
