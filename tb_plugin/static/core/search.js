/** The search: what it finds is selected. It asks the columns of the first latent space that is shown. */

import { plural } from "../lib/dom.js";
import { QueryError, search } from "../lib/query.js";

export class Search {
  /** @type {Set<number>|null} the selection that it made */
  #made = null;
  #runs = 0;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** What it came to, for the user. */
    this.said = "";
    this.failed = false;
  }

  /** Searches for the query of the state. */
  async run() {
    const { state, session, panels } = this.app;
    const { query } = state.now;
    const { frame, space } = panels[0] ?? {};
    if (!query.trim()) {
      this.#say("");
      if (this.#made && session.now.selection === this.#made) session.set({ selection: (this.#made = null) });
      return;
    }
    if (!frame || !space) return; // comes back with the points
    const run = ++this.#runs;
    const n = frame.xy.length / 2;
    try {
      const found = await search(query, n, space.fields, (name) => space.field(name, frame));
      if (run !== this.#runs || query !== state.now.query) return;
      const selection = new Set();
      for (let i = 0; i < n; i++) if (found[i]) selection.add(i);
      this.#made = selection;
      this.#say(`${selection.size.toLocaleString("en")} of ${plural(n, "point")}`);
      session.set({ selection });
    } catch (error) {
      if (run !== this.#runs) return;
      if (!(error instanceof QueryError) && !(error instanceof Error)) throw error;
      this.#say(error.message, true);
      if (this.#made) session.set({ selection: (this.#made = null) });
    }
  }

  /** @param {string} text @param {boolean} [failed] */
  #say(text, failed = false) {
    [this.said, this.failed] = [text, failed];
    this.app.tell("search");
  }

  /** The selection that it made. */
  get made() {
    return this.#made;
  }

  /** Other points are shown: the search goes on with them. */
  forget() {
    this.#made = null;
  }

  /** Another selection ends the search. */
  selected() {
    if (this.app.session.now.selection === this.#made) return;
    this.#made = null;
    this.app.state.set({ query: "" });
  }
}
