/** One latent space on the screen: its canvases, what it shows at the present step, and how that is drawn. */

import { drawAxes } from "./axes.js";
import { h, sharp } from "../lib/dom.js";
import { Manifold } from "./manifold.js";
import * as overlay from "./overlay.js";
import { NO_CLASS, table } from "../lib/palette.js";
import { pictureShape, rgba, toBytes, toCanvas } from "../lib/picture.js";
import { axisNames, lift } from "../lib/planes.js";
import { Points } from "./points.js";
import { Thumbnails } from "./thumbnails.js";
import { toPlane, toScreen } from "../lib/view.js";

/** @typedef {import("../data/space.js").Frame} Frame */

const TWEEN_MS = 350;
const PICK_PIXELS = 14;
/** From how many points on, only a third is drawn while the view is dragged, where the processor draws them. */
const MANY = 2000;

export class Panel {
  /**
   * @param {import("../data/space.js").LatentSpace} space
   * @param {import("../core/app.js").App} app
   */
  constructor(space, app) {
    this.space = space;
    this.app = app;
    /** @type {Frame|null} */
    this.frame = null;
    /**
     * The decoder of the frame's step; null: it has none; undefined: it is under way, and what the decoder of another
     * step made stays on the screen until it is there.
     * @type {import("../decode/decoding.js").Decoding|null|undefined}
     */
    this.decoding = undefined;
    /** @type {import("../data/space.js").Pictures|null} */
    this.images = null;
    /** @type {{values: Float32Array, low: number, high: number}|null} */
    this.errors = null;
    /** @type {Uint8Array} class or error of each point, an index into the colors */
    this.values = new Uint8Array();
    this.marks = new Uint8Array();
    /** @type {Float32Array} where the points come from */
    this.from = new Float32Array();
    this.started = -Infinity;
    this.size = { width: 0, height: 0 };
    this.dirty = { scene: true, over: true };
    this.pending = false;
    this.loading = false;
    this.thumbnails = new Thumbnails();
    this.manifold = new Manifold(() => this.redraw());
    /** @type {HTMLCanvasElement|null} what the decoder makes of the probe */
    this.probed = null;

    this.canvases = {
      axes: h("canvas", { className: "axes" }),
      over: h("canvas"),
    };
    this.plot = h(
      "div",
      {
        className: "plot",
        tabIndex: 0,
        role: "application",
        "aria-label": `Latent space of ${space.name}`,
        "aria-describedby": "plot-help",
      },
      this.manifold.canvas,
    );
    this.points = new Points(this.plot, () => this.redraw());
    this.plot.append(this.canvases.over);
    this.note = h("span", { className: "note" });
    this.message = h("p", { className: "message", role: "status", hidden: true });
    this.element = h(
      "section",
      { className: "panel", "aria-label": space.name },
      h("header", {}, h("h2", { title: space.name }, space.name), this.note),
      this.canvases.axes,
      this.plot,
      this.message,
    );
  }

  /** Loads what the state asks for. While that is under way only the last wish is kept: a slider may be dragged. */
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
        if (this.pending) continue; // another step is wanted already
        this.decoding ??= null; // that of the step cannot be had: nothing of another one is to stay
        this.say(/** @type {Error} */ (error).message, true);
        this.app.failed(this);
      }
    }
    this.loading = false;
  }

  async #loadOne() {
    const { step, plane, color } = this.app.store.state;
    const at = this.space.nearest(step);
    const soon = setTimeout(() => this.plot.classList.add("busy"), 250);
    try {
      const [frame, errors] = await Promise.all([
        this.space.frame(at, plane),
        color === "error" ? this.space.errors(at) : null,
      ]);
      this.#show(frame, errors);
    } finally {
      clearTimeout(soon);
      this.plot.classList.remove("busy");
    }
    this.app.arrived(this);
    if (this.pending) return;
    this.decoding = await this.space.decoding(at);
    if (!this.pending) this.app.decodable(this);
  }

  /** @param {Frame} frame @param {Float32Array|null} errors */
  #show(frame, errors) {
    const before = this.frame;
    const tween =
      before &&
      before.xy !== frame.xy &&
      before.xy.length === frame.xy.length &&
      !this.app.calm &&
      before.plane.origin.length === frame.plane.origin.length;
    this.from = tween ? this.#places() : frame.xy;
    this.started = tween ? performance.now() : -Infinity;
    this.frame = frame;
    this.decoding = undefined;
    this.errors = errors && errors.length === frame.xy.length / 2 ? { values: errors, ...range(errors) } : null;
    this.points.set({ from: this.from, to: frame.xy });
    this.recolor();
    this.remark();
    const { kept, logged } = this.space.info;
    this.note.textContent = `step ${frame.step.toLocaleString("en")}`;
    this.note.title = `${kept} of ${logged ?? "an unknown number of"} steps kept`;
    this.plot.dataset.step = String(frame.step);
    this.app.loop.request();
  }

  /** Where the points are at this moment, also on their way. */
  #places() {
    const [t, { xy }] = [this.time(performance.now()), /** @type {Frame} */ (this.frame)];
    return t >= 1 ? xy : xy.map((value, i) => this.from[i] + (value - this.from[i]) * t);
  }

  /** How far the points are on their way to the step, 0..1. @param {number} now */
  time(now) {
    const t = Math.min(1, Math.max(0, (now - this.started) / TWEEN_MS));
    return t * t * (3 - 2 * t);
  }

  recolor() {
    if (!this.frame) return;
    const [n, labels] = [this.frame.xy.length / 2, this.frame.labels];
    const { color } = this.app.store.state;
    const errors = this.errors;
    if (color === "error" && errors) {
      const unit = 255 / (errors.high - errors.low || 1);
      this.values = new Uint8Array(errors.values.map((e) => Math.min(255, Math.max(0, (e - errors.low) * unit))));
    } else {
      this.values = labels && color === "label" ? labels.of : new Uint8Array(n).fill(color === "none" ? 0 : NO_CLASS);
    }
    this.colors = table(color === "error" && !errors ? "none" : color, this.app.dark);
    this.points.set({ values: this.values });
    this.redraw();
  }

  /** Which points are seen: the legend filters, a selection dims the others. */
  remark() {
    if (!this.frame) return;
    const [hidden, selection, labels] = [new Set(this.app.store.state.hidden), this.app.selection, this.frame.labels];
    this.marks = new Uint8Array(this.frame.xy.length / 2).fill(2);
    if (hidden.size || selection) {
      for (let i = 0; i < this.marks.length; i++) {
        const of = labels ? labels.of[i] : NO_CLASS;
        this.marks[i] = hidden.has(of === NO_CLASS ? -1 : of) ? 0 : selection && !selection.has(i) ? 1 : 2;
      }
    }
    this.points.set({ marks: this.marks });
    this.redraw();
  }

  redraw() {
    this.dirty.scene = this.dirty.over = true;
    this.app.loop.request();
  }

  redrawOver() {
    this.dirty.over = true;
    this.app.loop.request();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (width === this.size.width && height === this.size.height) return;
    this.size = { width, height };
    this.points.resize(this.size);
    this.redraw();
  }

  /** Decodes the manifold anew for the present view. */
  refreshManifold() {
    const { frame, decoding, app } = this;
    if (!frame || decoding === null || !app.manifoldOn(this.space) || !this.size.width) return this.manifold.clear();
    if (!decoding) return;
    const ink = app.dark ? [255, 255, 255] : [0, 0, 0];
    this.manifold
      .show(frame, decoding, this.space.info.image_shape, app.camera.view, this.size, app.fitted.span, ink)
      .catch((error) => this.say(error.message, true));
  }

  /** Decodes codes of the plane, now. @param {ArrayLike<number>} xy */
  decodePicture(xy) {
    const { frame, decoding } = this;
    if (decoding === undefined) return this.probed;
    const shape = decoding && pictureShape(decoding.decoder.outputShape, this.space.info.image_shape);
    if (!frame || !decoding || !shape || decoding.decoder.dims !== frame.plane.origin.length) return null;
    const bytes = toBytes(decoding.decodeNow(lift(xy, frame.plane), 1));
    return toCanvas(rgba(bytes, shape), shape[1], shape[0]);
  }

  /** @returns {number} the index of the point at a place of the plot, or -1 @param {number} px @param {number} py */
  pick(px, py) {
    if (!this.frame) return -1;
    const view = this.app.camera.view;
    const [x, y] = toPlane(view, this.size, px, py);
    const radius = (PICK_PIXELS * view.span) / Math.min(this.size.width, this.size.height);
    return this.frame.grid.nearest(x, y, radius, (i) => this.marks[i] > 0);
  }

  /** How large dots are, in CSS pixels. */
  get radius() {
    const n = this.frame ? this.frame.xy.length / 2 : 1;
    const crowded = Math.min(4.5, Math.max(1.6, 60 / Math.sqrt(n) + 1.2));
    const nearer = this.app.fitted.span / this.app.camera.view.span;
    return crowded * Math.min(2, Math.max(1, Math.sqrt(nearer)));
  }

  /** Draws what is due; returns whether points are still on their way. @param {number} now */
  draw(now) {
    const { frame, app, size } = this;
    if (!frame || !size.width || !size.height) return false;
    const { state } = app.store;
    const view = app.camera.view;
    const time = this.time(now);
    const moving = this.started > -Infinity && time < 1;
    if (moving || this.dirty.scene) {
      const chosen =
        state.thumbnails && this.images && !moving && !app.dragging
          ? this.thumbnails.choose(frame, this.marks, view, size)
          : null;
      this.points.draw({
        view,
        size,
        time,
        radius: this.radius,
        opacity: chosen ? 0.3 : 0.85,
        colors: this.colors ?? new Uint8Array(1024),
        shapes: state.shapes,
        share: app.dragging && this.points.slow && frame.xy.length / 2 > MANY ? 1 / 3 : 1,
      });
      drawAxes(this.canvases.axes, view, size, axisNames(frame.choice, frame.plane.origin.length), app.style);
      this.manifold.place(view, size);
      this.chosen = chosen;
    }
    if (moving || this.dirty.scene || this.dirty.over) this.#drawOver(frame, view);
    this.dirty.scene = moving;
    this.dirty.over = false;
    if (!moving) this.plot.dataset.painted = String(frame.step);
    return moving;
  }

  /** @param {Frame} frame @param {import("../lib/view.js").View} view */
  #drawOver(frame, view) {
    const { app, size } = this;
    const c = sharp(this.canvases.over, size.width, size.height);
    if (this.chosen && this.images) {
      this.thumbnails.draw(
        c,
        this.chosen,
        frame,
        this.images,
        view,
        size,
        /** @type {Uint8Array} */ (this.colors),
        this.values,
      );
    }
    const colors = app.colors;
    if (app.walk) overlay.drawWalk(c, app.walk, app.walkPlaces, app.store.state.frame, view, size, colors);
    const hovered = app.hovered;
    if (hovered >= 0 && hovered < this.marks.length) {
      const [x, y] = toScreen(view, size, frame.xy[2 * hovered], frame.xy[2 * hovered + 1]);
      overlay.drawHovered(c, x, y, this.chosen ? this.chosen.side / 2 : this.radius + 4, colors);
    }
    const { probe } = app.store.state;
    if (probe) overlay.drawProbe(c, ...toScreen(view, size, ...probe), this.probed, size, colors);
    if (app.outline) overlay.drawOutline(c, app.outline.corners, app.outline.closed, view, size, colors);
  }

  /** Tells something over the plot; an empty text takes it away. @param {string} text @param {boolean} [alert] */
  say(text, alert = false) {
    this.message.hidden = !text;
    this.message.textContent = text;
    this.message.classList.toggle("alert", alert);
  }

  close() {
    this.points.close();
    this.manifold.clear();
    this.space.close();
    this.element.remove();
  }
}

/** Between which errors colors differ: all but the outer hundredths. @param {Float32Array} errors */
function range(errors) {
  const sorted = errors.slice().sort();
  return { low: sorted[Math.floor(0.01 * (sorted.length - 1))], high: sorted[Math.ceil(0.99 * (sorted.length - 1))] };
}
