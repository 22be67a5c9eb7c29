/** Draws very many points without a GPU: a picture of their density, which a worker makes. The interface of GLPoints. */

import { Placed } from "./placed.js";
import { scale, toPlane } from "../lib/view.js";

/** @typedef {import("./points_gl.js").Points} Points */
/** @typedef {import("./points_gl.js").Scene} Scene */

const AROUND = 0.25; // of the plot, on each side, for a view that moves
const WIDE = 2.2; // pixels: the radius from which a point is five pixels wide instead of three

export class DensityPoints extends Placed {
  /** @param {() => void} drawn called when there is a new picture @param {() => void} broken called if there is no worker */
  constructor(drawn, broken) {
    super("density");
    this.drawn = drawn;
    /** @type {Uint8Array|undefined} of the last picture */
    this.colors = undefined;
    this.requests = 0;
    this.working = false;
    /** @type {Scene|null} what is to be drawn next */
    this.wanted = null;
    this.last = "";
    this.worker = new Worker(new URL("../points_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => data.pixels && this.#take(data);
    this.worker.onerror = (event) => {
      event.preventDefault(); // no error of the page, which draws them by itself
      broken();
    };
  }

  /** @param {Partial<Points>} points the parts that changed */
  set(points) {
    const { from, to, ...more } = points;
    // The worker takes points without `from` as standing still.
    this.worker.postMessage({ points: { ...more, ...(to && { to }), ...(from && from !== to && { from }) } });
    this.last = "";
  }

  /**
   * Shows the last picture at its place, and asks for another one if it is of another view. Returns whether it is not.
   * @param {Scene} scene
   */
  draw(scene) {
    this.place(scene.view, scene.size);
    this.wanted = scene;
    // While the view is dragged, the processor has enough to do with moving the picture.
    if (!scene.dragging || !this.#covers(scene)) this.#ask();
    return !this.working;
  }

  /** Whether the last picture shows all of a view. @param {Scene} scene */
  #covers({ view, size }) {
    const shown = this.rectangle(view, size);
    return (
      shown &&
      shown.x <= 0 &&
      shown.y <= 0 &&
      shown.x + shown.width >= size.width &&
      shown.y + shown.height >= size.height
    );
  }

  #ask() {
    const scene = this.wanted;
    if (this.working || !scene) return;
    this.wanted = null;
    const { view, size, time, colors, opacity, radius } = scene;
    const ratio = window.devicePixelRatio || 1;
    const [x, y] = [Math.round(AROUND * size.width), Math.round(AROUND * size.height)];
    const [left, top] = toPlane(view, size, -x, -y);
    const unit = 1 / (scale(view, size) * ratio);
    const [width, height] = [Math.round((size.width + 2 * x) * ratio), Math.round((size.height + 2 * y) * ratio)];
    const asked = { area: { left, top, unit, width, height }, time, opacity, wide: radius * ratio > WIDE };
    const key = JSON.stringify(asked);
    if (key === this.last && colors === this.colors) return;
    [this.last, this.colors, this.working] = [key, colors, true];
    this.worker.postMessage({ ...asked, colors, request: ++this.requests });
  }

  /** @param {{area: import("../lib/raster.js").Area, pixels: Uint8ClampedArray<ArrayBuffer>}} made */
  #take({ area, pixels }) {
    this.working = false;
    const { left, top, unit, width, height } = area;
    [this.canvas.width, this.canvas.height] = [width, height];
    this.canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
    this.area = { left, top, width: unit * width, height: unit * height };
    this.drawn();
    this.#ask();
  }

  close() {
    this.worker.terminate();
  }
}
