/** One latent space on the screen: loads its data, decodes, and has the plot that draws it. */

import { h } from "../lib/dom.js";
import { pictureShape, rgba, toBytes, toCanvas } from "../lib/picture.js";
import { lift } from "../lib/planes.js";
import { Plot } from "../plot/plot.js";

/** @typedef {import("../lib/planes.js").Frame} Frame */

const BUSY_MS = 250; // until the plot shows that it waits

export class Panel {
  /**
   * @param {import("../data/space.js").LatentSpace} space
   * @param {import("./app.js").App} app
   */
  constructor(space, app) {
    this.space = space;
    this.app = app;
    /** @type {Frame|null} */
    this.frame = null;
    /** @type {{values: Float32Array, low: number, high: number}|null} */
    this.errors = null;
    /** @type {import("../lib/picture.js").Pictures|null} */
    this.images = null;
    /**
     * The decoder of the frame's step; null: there is none; undefined: it is on its way, and the screen keeps the
     * images of the last step's decoder.
     * @type {import("../decode/decoding.js").Decoding|null|undefined}
     */
    this.decoding = undefined;
    /** @type {HTMLCanvasElement|null} the decoded image of the probe */
    this.probed = null;
    this.pending = false;
    this.loading = false;

    /** @type {Plot} */
    this.plot = new Plot(space.name, this, app);
    this.note = h("span", { className: "note" });
    this.message = h("p", { className: "message", role: "status", hidden: true });
    this.element = h(
      "section",
      { className: "panel", "aria-label": space.name },
      h("header", {}, h("h2", { title: space.name }, space.name), this.note),
      this.plot.axes,
      this.plot.element,
      this.message,
    );
  }

  /** Loads the step of the state. If the state changes meanwhile, only the last step is loaded after it. */
  async load() {
    const { error, steps } = this.space.info;
    if (error || !steps.length) {
      this.say(error ?? "No step of it was kept.", true);
      return this.app.tell("data");
    }
    this.pending = true;
    if (this.loading) return;
    this.loading = true;
    while (this.pending) {
      this.pending = false;
      try {
        await this.#loadOne();
        this.say("");
      } catch (error) {
        if (this.pending) continue; // the state asks for another step already
        this.decoding ??= null; // there is no decoder: nothing of another step may stay
        this.say(/** @type {Error} */ (error).message, true);
        this.app.failed(this);
      }
    }
    this.loading = false;
  }

  async #loadOne() {
    const { step, plane, color } = this.app.state.now;
    const at = this.space.nearest(step);
    const { classList } = this.plot.element;
    const soon = setTimeout(() => classList.add("busy"), BUSY_MS);
    try {
      const [frame, errors] = await Promise.all([
        this.space.frame(at, plane),
        color === "error" ? this.space.errors(at) : null,
      ]);
      this.#show(frame, errors);
    } finally {
      clearTimeout(soon);
      classList.remove("busy");
    }
    this.app.arrived(this);
    if (this.pending) return;
    this.decoding = await this.space.decoding(at);
    if (!this.pending) this.app.decodable(this);
  }

  /** @param {Frame} frame @param {Float32Array|null} errors */
  #show(frame, errors) {
    const before = this.frame;
    this.frame = frame;
    this.decoding = undefined;
    this.errors = errors && errors.length === frame.xy.length / 2 ? { values: errors, ...range(errors) } : null;
    this.plot.show(before);
    const { kept, logged } = this.space.info;
    this.note.textContent = `step ${frame.step.toLocaleString("en")}`;
    this.note.title = `${kept} of ${logged ?? "an unknown number of"} steps kept`;
  }

  /** Whether the grid of decoded images is on: by default if codes have two numbers, because it then shows all of them. */
  get manifoldOn() {
    return this.app.state.now.manifold ?? this.space.info.dims === 2;
  }

  /** Decodes the grid for the present view. */
  refreshManifold() {
    const { frame, decoding, app, plot } = this;
    const { manifold, size } = plot;
    if (!frame || decoding === null || !this.manifoldOn || !size.width) return manifold.clear();
    if (!decoding) return;
    const ink = app.session.now.dark ? [255, 255, 255] : [0, 0, 0];
    const { view, fitted } = app.camera;
    manifold
      .show(frame, decoding, this.space.info.image_shape, view, size, fitted.span, ink)
      .catch((error) => this.say(error.message, true));
  }

  /** Decodes the probe of the state. */
  decodeProbe() {
    const { probe } = this.app.state.now;
    this.probed = probe && this.#decodePicture(probe);
  }

  /** @param {[number, number]} place in the plane */
  #decodePicture(place) {
    const { frame, decoding } = this;
    if (decoding === undefined) return this.probed;
    const shape = decoding && pictureShape(decoding.decoder.outputShape, this.space.info.image_shape);
    if (!frame || !decoding || !shape || decoding.decoder.dims !== frame.plane.origin.length) return null;
    const bytes = toBytes(decoding.decodeNow(lift(place, frame.plane), 1));
    return toCanvas(rgba(bytes, shape), shape[1], shape[0]);
  }

  /** Shows a message over the plot; an empty one removes it. @param {string} text @param {boolean} [alert] */
  say(text, alert = false) {
    this.message.hidden = !text;
    this.message.textContent = text;
    this.message.classList.toggle("alert", alert);
  }

  close() {
    this.plot.close();
    this.space.close();
    this.element.remove();
  }
}

/** Returns the range of the colors of errors: without the outer hundredths. @param {Float32Array} errors */
function range(errors) {
  const sorted = errors.slice().sort();
  return { low: sorted[Math.floor(0.01 * (sorted.length - 1))], high: sorted[Math.ceil(0.99 * (sorted.length - 1))] };
}
