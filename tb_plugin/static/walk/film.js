/** The frames of a walk: their film strip under the plots, and the one that is shown. */

import { h, sharp } from "../lib/dom.js";
import { put, toCanvas } from "../lib/picture.js";

const HEIGHT = 44; // of the strip, in CSS pixels

export class Film {
  /** @param {import("../core/app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {Float32Array|null} [frames, D]; null: the frames are not those of codes */
    this.codes = null;
    /** @type {Uint8ClampedArray[]} RGBA */
    this.frames = [];
    this.width = this.height = 0;
    /** @type {{width: number, canvas: HTMLCanvasElement}|null} */
    this.sheet = null;
    this.canvas = h("canvas", { className: "strip" });
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.#scrub(event);
    });
    this.canvas.addEventListener("pointermove", (event) => event.buttons & 1 && this.#scrub(event));
    this.preview = h("canvas", { className: "preview", role: "img" });
    this.caption = h("figcaption");
    this.figure = h("figure", {}, this.preview, this.caption);
  }

  /** The name of the files that are saved. */
  get name() {
    return "walk";
  }

  /** What the frames are. */
  get about() {
    return "of the walk";
  }

  /** Whether frames are on their way: the strip keeps its place, or the plot would change its size. */
  get coming() {
    return false;
  }

  /** @param {PointerEvent} event */
  #scrub(event) {
    if (!this.frames.length) return;
    const box = this.canvas.getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left) / box.width) * this.frames.length);
    this.app.player.play("walk", false);
    this.app.state.set({ frame: Math.min(this.frames.length - 1, Math.max(0, at)) });
  }

  /** Shows other frames. @param {Uint8ClampedArray[]} frames @param {number} width @param {number} height */
  show(frames, width, height) {
    [this.frames, this.width, this.height] = [frames, width, height];
    this.sheet = null;
    this.draw();
  }

  draw() {
    const n = this.frames.length;
    this.canvas.hidden = !n && !this.coming;
    this.figure.hidden = !n;
    if (!n) return;
    const at = Math.min(this.app.state.now.frame, n - 1);
    put(this.preview, this.frames[at], this.width, this.height);
    this.preview.setAttribute("aria-label", `Frame ${at + 1} of ${n} ${this.about}`);
    const width = this.canvas.clientWidth;
    if (!width) return;
    // As many frames as there is room for, each at its own place along the strip.
    const cell = Math.max(width / n, Math.min((HEIGHT * this.width) / this.height, width));
    if (!this.sheet || this.sheet.width !== width) {
      const every = Math.max(1, Math.ceil(cell / (width / n) - 0.01));
      this.sheet = { width, canvas: document.createElement("canvas") };
      const s = sharp(this.sheet.canvas, width, HEIGHT);
      s.imageSmoothingQuality = "medium";
      for (let i = 0; i < n; i += every) {
        const left = (i / n) * width;
        const wide = Math.min((every / n) * width, width - left);
        const scale = Math.min(wide / this.width, HEIGHT / this.height);
        const [w, hgt] = [this.width * scale, this.height * scale];
        s.drawImage(
          toCanvas(this.frames[i], this.width, this.height),
          left + (wide - w) / 2,
          (HEIGHT - hgt) / 2,
          w,
          hgt,
        );
      }
    }
    const c = sharp(this.canvas, width, HEIGHT);
    c.drawImage(this.sheet.canvas, 0, 0, width, HEIGHT);
    c.fillStyle = this.app.theme.colors.accent;
    c.fillRect(((at + 0.5) / n) * width - 1.5, 0, 3, HEIGHT);
  }

  close() {
    this.canvas.remove();
    this.figure.remove();
  }
}
