/** A canvas that shows a part of the plane. While the view moves it is moved, not drawn. */

import { h } from "../lib/dom.js";
import { scale, toScreen } from "../lib/view.js";

/** @typedef {import("../lib/view.js").View} View */
/** @typedef {import("../lib/view.js").Size} Size */

export class Placed {
  /** @param {string} name the class of the canvas */
  constructor(name) {
    this.canvas = h("canvas", { className: `placed ${name}`, hidden: true });
    /** @type {{left: number, top: number, width: number, height: number}|null} the part of the plane */
    this.area = null;
  }

  clear() {
    this.area = null;
    this.canvas.hidden = true;
  }

  /** Returns the place of the canvas in a view; null: it shows nothing. @param {View} view @param {Size} size */
  rectangle(view, size) {
    if (!this.area) return null;
    const k = scale(view, size);
    const [x, y] = toScreen(view, size, this.area.left, this.area.top);
    return { x, y, width: this.area.width * k, height: this.area.height * k };
  }

  /** Moves the canvas to its place in a view. @param {View} view @param {Size} size */
  place(view, size) {
    const rectangle = this.rectangle(view, size);
    if (!rectangle) return;
    this.canvas.hidden = false;
    const { x, y } = rectangle;
    const [across, down] = [rectangle.width / this.canvas.width, rectangle.height / this.canvas.height];
    this.canvas.style.transform = `matrix(${across}, 0, 0, ${down}, ${x}, ${y})`;
  }
}
