/** The points of a plot, drawn by WebGL2 if the browser has it, else on a 2D canvas. */

import { h } from "../lib/dom.js";
import { CanvasPoints } from "./points_canvas.js";
import { GLPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").Points} Data */

/** @type {GLPoints|null} */
let ahead = null;

/** Makes the renderer of the first plot while its data are on their way. */
export function prepare() {
  ahead = GLPoints.create(h("canvas"));
  ahead?.warmUp();
}

export class Points {
  /**
   * @param {HTMLElement} plot gets the canvas; its data-renderer names the renderer
   * @param {() => void} redraw called when the renderer changed
   */
  constructor(plot, redraw) {
    this.plot = plot;
    this.redraw = redraw;
    const gl = ahead ?? GLPoints.create(h("canvas"));
    ahead = null;
    this.canvas = gl?.canvas ?? h("canvas");
    /** @type {Partial<Data>} for the next renderer */
    this.data = {};
    /** @type {HTMLCanvasElement|null} */
    this.spare = null;
    if (gl) {
      this.canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault(); // allows that it is restored
        this.#fallBack();
      });
      this.canvas.addEventListener("webglcontextrestored", () => this.#restore(gl.gl));
    }
    /** @type {GLPoints|CanvasPoints} */
    this.renderer = gl ?? new CanvasPoints(this.canvas);
    this.#tell();
  }

  #tell() {
    this.plot.dataset.renderer = this.renderer instanceof GLPoints ? "webgl" : "canvas";
  }

  /** Draws on another canvas until the lost context is restored: its own canvas shows nothing. */
  #fallBack() {
    this.spare = h("canvas");
    this.canvas.style.display = "none";
    this.#use(new CanvasPoints(this.spare));
  }

  /** @param {WebGL2RenderingContext} gl */
  #restore(gl) {
    this.spare?.remove();
    this.spare = null;
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

  /** Takes new data. @param {Partial<Data>} data the parts that changed */
  set(data) {
    Object.assign(this.data, data);
    this.renderer.set(data);
  }

  /** Resizes before the first picture, which takes the GPU some milliseconds. @param {import("../lib/view.js").Size} size */
  resize(size) {
    if (this.renderer instanceof GLPoints && !this.canvas.isConnected) this.renderer.resize(size);
  }

  /** @param {import("./points_gl.js").Scene} scene */
  draw(scene) {
    this.renderer.draw(scene);
    // Not earlier: if pictures are copied from the GPU, an empty canvas costs as much as a full one.
    if (!this.shown.isConnected) this.plot.firstChild?.after(this.shown);
  }

  /** The canvas that has the picture, until the browser has shown it. */
  get shown() {
    return this.spare ?? this.canvas;
  }

  /** Whether the processor draws the points. */
  get slow() {
    return !(this.renderer instanceof GLPoints) || this.renderer.software;
  }

  close() {
    this.renderer.close();
  }
}
