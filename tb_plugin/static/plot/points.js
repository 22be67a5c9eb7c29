/** The points of a plot, drawn by WebGL2 if the browser has it, else on a 2D canvas; very many without a GPU by a worker. */

import { h } from "../lib/dom.js";
import { page } from "../lib/page.js";
import { CanvasPoints } from "./points_canvas.js";
import { DensityPoints } from "./points_density.js";
import { GLPoints } from "./points_gl.js";

/** @typedef {import("./points_gl.js").Points} Data */

const MANY = 100_000; // points that the processor does not draw one by one

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
    /** @type {DensityPoints|null} draws in place of the renderer */
    this.density = null;
    this.workers = !page; // a page that is one file has not so many points
    this.#tell();
  }

  #tell() {
    const renderer = this.renderer instanceof GLPoints ? "webgl" : "canvas";
    this.plot.dataset.renderer = this.density ? "density" : renderer;
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
    this.set(this.data);
    this.#tell();
    this.redraw();
  }

  /** Takes new data. @param {Partial<Data>} data the parts that changed */
  set(data) {
    Object.assign(this.data, data);
    const many = this.workers && (this.data.to?.length ?? 0) > 2 * MANY && this.slow;
    if (many === (this.density !== null)) return (this.density ?? this.renderer).set(data);
    if (many) {
      this.density = new DensityPoints(
        () => this.#replace(),
        () => {
          this.workers = false;
          this.#use(this.renderer);
        },
      );
    } else {
      this.density?.close();
      this.density = null;
      this.canvas.style.visibility = "";
    }
    (this.density ?? this.renderer).set(this.data);
    this.#tell();
  }

  /** Shows the picture of the density, which is there now. The last picture has stayed until then. */
  #replace() {
    if (!this.density) return;
    this.canvas.style.visibility = "hidden";
    if (!this.density.canvas.isConnected) this.plot.firstChild?.after(this.density.canvas);
    this.redraw();
  }

  /** Resizes before the first picture, which takes the GPU some milliseconds. @param {import("../lib/view.js").Size} size */
  resize(size) {
    if (this.renderer instanceof GLPoints && !this.canvas.isConnected) this.renderer.resize(size);
  }

  /** Draws. Returns whether the picture is there, and not on its way. @param {import("./points_gl.js").Scene} scene */
  draw(scene) {
    if (this.density) return this.density.draw(scene);
    this.renderer.draw(scene);
    // Not earlier: if pictures are copied from the GPU, an empty canvas costs as much as a full one.
    if (!this.shown.isConnected) this.plot.firstChild?.after(this.shown);
    return true;
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
    this.density?.close();
    this.renderer.close();
  }
}
