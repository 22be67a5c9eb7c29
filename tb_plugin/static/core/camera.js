/** The view that all plots share, and its way from one view to another. */

import { between } from "../lib/view.js";

/** @typedef {import("../lib/view.js").View} View */

export class Camera {
  constructor() {
    /** @type {View} */
    this.view = { x: 0, y: 0, span: 4 };
    /** The view of all points. */
    this.fitted = this.view;
    /** @type {{from: View, to: View, start: number, ms: number}|null} */
    this.way = null;
  }

  /** Moves to a view. @param {View} to @param {number} [ms] 0: at once */
  go(to, ms = 0) {
    this.way = ms ? { from: this.view, to, start: performance.now(), ms } : null;
    if (!ms) this.view = to;
  }

  /** The view at the end of its way. */
  get target() {
    return this.way?.to ?? this.view;
  }

  /** Goes on along its way. Returns whether the view moved. @param {number} now */
  move(now) {
    if (!this.way) return false;
    const t = Math.min(1, Math.max(0, (now - this.way.start) / this.way.ms));
    this.view = between(this.way.from, this.way.to, t * t * (3 - 2 * t));
    if (t === 1) this.way = null;
    return true;
  }
}
