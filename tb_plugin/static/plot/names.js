/** Draws the names of the classes at their places, so that none covers another. */

import { broken, widthOf } from "../lib/texts.js";
import { toScreen } from "../lib/view.js";

const FONT = "bold 13px Roboto, sans-serif";
const LINE = 15;
const ROOM = 130; // CSS pixels of a line
const LINES = 3;
const SHIFTS = [0, -1, 1]; // of its height, that a name may be moved up or down

/** @typedef {{left: number, right: number, top: number, bottom: number}} Box in pixels */

export class Names {
  /** @type {import("../lib/clusters.js").Cluster[]} */
  #clusters = [];
  /** @type {{lines: string[], width: number}[]} */
  #texts = [];

  /** Takes the classes at their places. @param {import("../lib/clusters.js").Cluster[]} clusters @param {string[]} names of all classes */
  show(clusters, names) {
    this.#clusters = clusters;
    this.#texts = clusters.map(({ key }) => {
      const lines = broken(names[key], FONT, ROOM, LINES);
      return { lines, width: Math.max(...lines.map((line) => widthOf(line, FONT))) };
    });
  }

  /**
   * Draws the names. Those of most points come first; one that has no room is left out.
   * @param {CanvasRenderingContext2D} c @param {import("../lib/view.js").View} view @param {import("../lib/view.js").Size} size
   * @param {{text: string, paper: string}} colors
   */
  draw(c, view, size, { text, paper }) {
    /** @type {Box[]} */
    const taken = [];
    c.save();
    [c.font, c.textAlign, c.textBaseline, c.lineJoin] = [FONT, "center", "middle", "round"];
    [c.lineWidth, c.strokeStyle, c.fillStyle] = [4, paper, text];
    for (const [i, { x, y }] of this.#clusters.entries()) {
      const { lines, width } = this.#texts[i];
      const [px, py] = toScreen(view, size, x, y);
      const height = LINE * lines.length;
      const boxes = SHIFTS.map((shift) => boxOf(px, py + shift * height, width, height));
      // Also names outside of the plot take room, so that none comes or goes while the view is dragged.
      const box = boxes.find((one) => taken.every((other) => apart(one, other)));
      if (!box) continue;
      taken.push(box);
      if (box.right < 0 || box.left > size.width || box.bottom < 0 || box.top > size.height) continue;
      for (const [k, line] of lines.entries()) {
        const middle = box.top + (k + 0.5) * LINE;
        c.strokeText(line, px, middle);
        c.fillText(line, px, middle);
      }
    }
    c.restore();
  }
}

/** @param {number} x @param {number} y @param {number} width @param {number} height @returns {Box} */
const boxOf = (x, y, width, height) => ({
  left: x - width / 2 - 2,
  right: x + width / 2 + 2,
  top: y - height / 2,
  bottom: y + height / 2,
});

/** @param {Box} a @param {Box} b */
const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
