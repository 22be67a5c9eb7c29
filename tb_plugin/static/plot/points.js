/** The points of a panel: in WebGL2 where that is to be had, else on a 2D canvas. */

import { h } from "../lib/dom.js";
import { CanvasPoints } from "./points_canvas.js";
import { GLPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").Points} Data */

/** @type {GLPoints|null} */
let ahead = null;

/** Makes the renderer of the first panel before its data are there. */
export function prepare() {
  ahead = GLPoints.create(h("canvas"));
  ahead?.warmUp();
}

export class Points {
  /**
   * @param {HTMLElement} plot where the canvas is put; its data-renderer says which it is
   * @param {() => void} redraw called when the renderer was changed
   */
  constructor(plot, redraw) {
    this.plot = plot;
    this.redraw = redraw;
    const gl = ahead ?? GLPoints.create(h("canvas"));
    ahead = null;
    this.canvas = gl?.canvas ?? h("canvas");
    /** @type {Partial<Data>} what the next renderer needs */
    this.data = {};
    /** @type {HTMLCanvasElement|null} */
    this.spare = null;
    if (gl) {
      this.canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault(); // so that it may be restored
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

  /** A canvas whose context was lost shows nothing until it is restored: another one takes its place meanwhile. */
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

  /** @param {Partial<Data>} data those parts that changed */
  set(data) {
    Object.assign(this.data, data);
    this.renderer.set(data);
  }

  /** Before the first picture: it takes the GPU some milliseconds. @param {import("../lib/view.js").Size} size */
  resize(size) {
    if (this.renderer instanceof GLPoints && !this.canvas.isConnected) this.renderer.resize(size);
  }

  /** @param {import("./points_gl.js").Scene} scene */
  draw(scene) {
    this.renderer.draw(scene);
    // Not before: where its picture has to be fetched from the GPU, an empty canvas costs a frame as well.
    const canvas = this.spare ?? this.canvas;
    if (!canvas.isConnected) this.plot.firstChild?.after(canvas);
  }

  /** Whether the processor draws the points. */
  get slow() {
    return !(this.renderer instanceof GLPoints) || this.renderer.software;
  }

  close() {
    this.renderer.close();
  }
}
