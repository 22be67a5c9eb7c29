/** Keeps the selection and its ranges in the state, which are in the address, the same. A search has its query there. */

import { indices, leftOut, written } from "../lib/ranges.js";

export class Selection {
  /** @type {Set<number>|null} the selection whose ranges are those of the state */
  #known = null;
  /** @type {string|null} */
  #text = null;
  #points = 0;
  /** @type {ArrayLike<number>|null} the indices in the run, in order, of a page that has some of its points */
  #rows = null;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** Points came. */
  async arrived() {
    const { space } = this.app.panels.find(({ frame }) => frame) ?? {};
    if (space?.sampled) this.#rows = await space.rows();
    this.read();
  }

  /** Selects the points of the state, as soon as they are there. */
  read() {
    const { state, session, panels } = this.app;
    const { selected, query } = state.now;
    const n = Math.max(0, ...panels.map(({ frame }) => (frame?.xy.length ?? 0) / 2));
    const same = selected === this.#text && (n === this.#points || leftOut(selected) !== null);
    const early = !n || (!this.#rows && panels.some(({ space }) => space.sampled));
    if (query.trim() || same || (selected !== null && early)) return; // comes back with the points
    [this.#text, this.#points] = [selected, n];
    this.#known = selected === null ? null : this.#indices(selected, n);
    session.set({ selection: this.#known });
  }

  /** @param {string} text @param {number} n */
  #indices(text, n) {
    const rows = this.#rows;
    if (!rows) return indices(text, n);
    const wanted = indices(text, rows[rows.length - 1] + 1);
    const found = Array.from(rows, (row, i) => (wanted?.has(row) ? i : -1)).filter((i) => i >= 0);
    return found.length ? new Set(found) : null;
  }

  /** Takes the ranges of a selection that was not read from them. */
  write() {
    const { state, session, search } = this.app;
    const { selection } = session.now;
    if (selection === this.#known) return;
    this.#known = selection;
    const rows = this.#rows;
    const own = selection && selection !== search.made ? selection : null;
    this.#text = own && written(rows ? Array.from(own, (index) => rows[index]) : own);
    state.set({ selected: this.#text });
  }

  /** Other points are shown. Those of the state are selected when they come. */
  forget() {
    this.#known = this.#text = this.#rows = null;
    this.#points = 0;
    this.app.session.set({ selection: null });
  }
}
