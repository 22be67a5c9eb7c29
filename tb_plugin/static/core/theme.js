/** The look of the page: TensorBoard's theme, and whether the user asks for reduced motion. */

import * as tensorboard from "../lib/tensorboard.js";

export class Theme {
  /** @param {import("../lib/observable.js").Observable<import("../lib/session.js").Session>} session */
  constructor(session) {
    const root = document.documentElement;
    this.style = getComputedStyle(root);
    this.colors = { accent: "", paper: "", text: "" };
    const motion = matchMedia("(prefers-reduced-motion: reduce)");
    session.set({ calm: motion.matches });
    motion.addEventListener("change", () => session.set({ calm: motion.matches }));
    tensorboard.onTheme((dark) => {
      root.classList.toggle("dark", dark);
      const get = (/** @type {string} */ name) => this.style.getPropertyValue(name).trim();
      this.colors = { accent: get("--accent"), paper: get("--paper"), text: get("--text") };
      session.set({ dark });
    });
  }
}
