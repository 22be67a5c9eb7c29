/** The points of a panel: in WebGL2 where that is to be had, else on a 2D canvas. */

import { h } from "./dom.js";
import { CanvasPoints } from "./points_canvas.js";
import { GLPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").Points} Data */

export class Points {
  /**
   * @param {HTMLElement} plot where the canvas is put; its data-renderer says which it is
   * @param {() => void} redraw called when the renderer was changed
   */
  constructor(plot, redraw) {
    this.plot = plot;
    this.redraw = redraw;
    this.canvas = h("canvas");
    plot.append(this.canvas);
    /** @type {Partial<Data>} what the next renderer needs */
    this.data = {};
    /** @type {HTMLCanvasElement|null} */
    this.spare = null;
    const gl = GLPoints.create(this.canvas, () => this.#fallBack());
    if (gl) this.canvas.addEventListener("webglcontextrestored", () => this.#restore(gl.gl));
    /** @type {GLPoints|CanvasPoints} */
    this.renderer = gl ?? new CanvasPoints(this.canvas);
    this.#tell();
  }

  #tell() {
    this.plot.dataset.renderer = this.renderer instanceof GLPoints ? "webgl" : "canvas";
  }

  /** A canvas whose context was lost shows nothing until it is restored: another one takes its place meanwhile. */
  #fallBack() {
    this.spare = h("canvas");
    this.canvas.style.display = "none";
    this.canvas.before(this.spare);
    this.#use(new CanvasPoints(this.spare));
  }

  /** @param {WebGL2RenderingContext} gl */
  #restore(gl) {
    this.spare?.remove();
    this.canvas.style.display = "";
    this.#use(new GLPoints(gl, this.canvas));
  }

  /** @param {GLPoints|CanvasPoints} renderer */
  #use(renderer) {
    this.renderer = renderer;
    this.#tell();
    renderer.set(this.data);
    this.redraw();
  }

  /** @param {Partial<Data>} data those parts that changed */
  set(data) {
    Object.assign(this.data, data);
    this.renderer.set(data);
  }

  /** @param {import("./points_gl.js").Scene} scene */
  draw(scene) {
    this.renderer.draw(scene);
  }

  close() {
    this.renderer.close();
  }
}
