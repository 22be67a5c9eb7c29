/** The decoded walk of one latent space: its frames and their film strip. */

import { chartFrame } from "../lib/chart_frame.js";
import { h, sharp } from "../lib/dom.js";
import { put, rgba, toCanvas } from "../lib/picture.js";
import { lift } from "../lib/planes.js";

const HEIGHT = 44; // of the strip, in CSS pixels

export class Strip {
  /** @param {import("../core/panel.js").Panel} panel @param {import("../core/app.js").App} app */
  constructor(panel, app) {
    this.panel = panel;
    this.app = app;
    /** @type {number|undefined} the step whose decoder made the frames */
    this.step = undefined;
    /** @type {Float32Array|null} [frames, D] */
    this.codes = null;
    /** @type {Uint8ClampedArray[]} RGBA */
    this.frames = [];
    this.width = this.height = 0;
    /** @type {{width: number, canvas: HTMLCanvasElement}|null} */
    this.sheet = null;
    /** @type {AbortController|null} */
    this.work = null;
    this.canvas = h("canvas", { className: "strip" });
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.#scrub(event);
    });
    this.canvas.addEventListener("pointermove", (event) => event.buttons & 1 && this.#scrub(event));
    this.preview = h("canvas", { className: "preview", role: "img" });
    this.caption = h("figcaption");
    this.figure = h("figure", {}, this.preview, this.caption);
    this.draw();
  }

  /** @param {PointerEvent} event */
  #scrub(event) {
    if (!this.frames.length) return;
    const box = this.canvas.getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left) / box.width) * this.frames.length);
    this.app.player.play("walk", false);
    this.app.state.set({ frame: Math.min(this.frames.length - 1, Math.max(0, at)) });
  }

  /** Decodes the walk. The old frames stay until it is done. */
  async decode() {
    this.work?.abort();
    const work = (this.work = new AbortController());
    const { frame, decoding, look } = this.panel;
    if (decoding === undefined) return this.draw();
    if (!frame || !decoding || !look || !this.app.course.places.length) {
      this.frames = [];
      this.codes = null;
      return this.draw();
    }
    const codes = lift(this.app.course.places, frame.plane);
    const n = codes.length / decoding.decoder.dims;
    try {
      const decoded = await decoding.decode(codes, n, work.signal);
      const values = decoded.length / n;
      this.frames = Array.from({ length: n }, (_, i) =>
        rgba(look.bytes(decoded.subarray(i * values, (i + 1) * values)), look.shape),
      );
      [[this.height, this.width], this.codes] = [look.shape, codes];
      this.step = frame.step;
      this.figure.replaceChildren(
        look.chart ? chartFrame(this.preview, look.chart, values) : this.preview,
        this.caption,
      );
      this.sheet = null;
      this.draw();
    } catch (error) {
      if (!work.signal.aborted) throw error;
    }
  }

  draw() {
    const n = this.frames.length;
    const coming = this.panel.decoding === undefined && this.panel.space.has("decoder");
    this.canvas.hidden = !n && !coming; // its place is kept, or the plot would change its size
    this.figure.hidden = !n;
    if (!n) return;
    const at = Math.min(this.app.state.now.frame, n - 1);
    put(this.preview, this.frames[at], this.width, this.height);
    this.preview.setAttribute("aria-label", `Frame ${at + 1} of ${n} of the walk, decoded by ${this.panel.space.name}`);
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
    this.work?.abort();
    this.canvas.remove();
    this.figure.remove();
  }
}
