/** One latent space on the screen: loads its data, decodes, and has the plot that draws it. */

import { pool } from "../decode/pool.js";
import { clusters } from "../lib/clusters.js";
import { classesOf, listed, scaleOf } from "../lib/coloring.js";
import { h } from "../lib/dom.js";
import { table } from "../lib/palette.js";
import { lookOf } from "../lib/picture.js";
import { turned } from "../lib/planes.js";
import { Plot } from "../plot/plot.js";
import { Drawn } from "./drawn.js";
import { Probe } from "./probe.js";
import { Trails } from "./trails.js";

/** @typedef {import("../lib/planes.js").Frame} Frame */

const MANY_NAMES = 30; // classes
const NEAR = 16; // times nearer than all points: rounded places are still a quarter of a pixel off at most
const BUSY_MS = 250; // until the plot shows that it waits

export class Panel {
  /**
   * @param {import("../data/space.js").LatentSpace} space
   * @param {import("./app.js").App} app
   */
  constructor(space, app) {
    this.space = space;
    this.app = app;
    this.trails = new Trails(this);
    this.drawn = new Drawn(this);
    this.probe = new Probe(this);
    /** @type {Frame|null} */
    this.frame = null;
    /** @type {import("../lib/coloring.js").Coloring|null} */
    this.coloring = null;
    /** @type {import("../lib/picture.js").Pictures|null} */
    this.images = null;
    /**
     * The decoder of the frame's step; null: there is none; undefined: it is on its way, and the screen keeps the
     * images of the last step's decoder.
     * @type {import("../decode/decoding.js").Decoding|null|undefined}
     */
    this.decoding = undefined;
    /** @type {import("../lib/coloring.js").Scale|null} the errors that lie over the points */
    this.layered = null;
    this.pending = false;
    this.loading = false;
    this.closed = false;

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
        if (this.closed) return;
        if (this.pending) continue; // the state asks for another step already
        this.decoding ??= null; // there is no decoder: nothing of another step may stay
        this.say(/** @type {Error} */ (error).message, true);
        this.app.failed(this);
      }
    }
    this.loading = false;
  }

  async #loadOne() {
    const { step, plane, color, since } = this.app.state.now;
    const at = this.space.nearest(step);
    const { classList } = this.plot.element;
    const soon = setTimeout(() => classList.add("busy"), BUSY_MS);
    try {
      if (!this.frame && color === "label") await this.#begin(at, plane);
      const asked = this.space.frames.at(at, plane, (text) => {
        if (this.pending || this.closed) throw new Error("It is no longer wanted.");
        this.say(text);
      });
      const [frame, coloring] = await Promise.all([asked, this.space.coloring(color, at, asked, since)]);
      this.#show(frame, coloring);
    } finally {
      clearTimeout(soon);
      classList.remove("busy");
    }
    this.app.arrived(this);
    if (this.pending) return;
    if (this.space.has("decoder")) pool.start(1); // while the decoder is on its way
    this.decoding = await this.space.decoding(at);
    if (!this.pending) this.app.decodable(this);
  }

  /** Shows the first of very many points. @param {number} step @param {import("../lib/state.js").PlaneChoice|null} plane */
  async #begin(step, plane) {
    const first = await this.space.frames.first(step, plane);
    if (!first || this.closed) return;
    this.space.frames.at(step, plane).catch(() => {}); // all are on their way before these are drawn
    this.#show(first, first.labels);
    const [some, all] = [first.xy.length / 2, first.total].map((n) => n?.toLocaleString("en"));
    this.say(`These are the first ${some} of ${all} points. The others are on their way.`);
    this.app.arrived(this);
  }

  /** @param {Frame} frame @param {Panel["coloring"]} coloring */
  #show(frame, coloring) {
    const before = this.frame;
    this.frame = frame;
    frame.sharpened = (error) => {
      if (frame !== this.frame || this.closed) return;
      if (error) this.say(error.message, true);
      else this.plot.sharpen();
    };
    this.decoding = undefined;
    this.coloring = coloring;
    this.plot.show(before);
    const { kept, logged } = this.space.info;
    this.note.textContent = `step ${frame.step.toLocaleString("en")}`;
    this.note.title = `${kept} of ${logged ?? "an unknown number of"} steps kept`;
  }

  /** Turns the points with the plane of a tour. Returns false if they have to be loaded. */
  turn() {
    const frame = this.loading ? null : turned(this.frame, this.app.state.now.plane);
    if (!frame) return false;
    this.frame = frame;
    this.plot.show(null);
    this.trails.shown = [];
    this.plot.manifold.clear(); // its pictures are those of another plane
    this.probe.decode();
    this.drawn.update();
    return true;
  }

  /** Gives the points the colors of the state. */
  async recolor() {
    const { frame, app, space } = this;
    const { color, since } = app.state.now;
    if (!frame) return;
    try {
      const coloring = await space.coloring(color, frame.step, Promise.resolve(frame), since);
      if (frame !== this.frame || color !== app.state.now.color || since !== app.state.now.since) return; // its successor has colors of its own
      this.coloring = coloring;
    } catch (error) {
      return this.say(/** @type {Error} */ (error).message, true);
    }
    this.plot.recolor();
    this.remark();
    app.tell("data");
  }

  /** How what the decoder returns is shown; null: it is not, or there is no decoder. */
  get look() {
    const { frame, decoding, space } = this;
    if (!frame || decoding?.decoder.dims !== frame.plane.origin.length) return null;
    return lookOf(decoding.decoder.outputShape, space.info);
  }

  /** Whether the grid of decoded images is on: by default if codes have two numbers, because it then shows all of them. */
  get manifoldOn() {
    return this.app.state.now.manifold ?? this.space.info.dims === 2;
  }

  /** Decodes the grid for the present view. */
  refreshManifold() {
    const { frame, decoding, look, app, plot } = this;
    const { manifold, size } = plot;
    if (!frame || decoding === null || !this.manifoldOn || !size.width) return manifold.clear();
    if (!decoding) return;
    if (!look) return manifold.clear();
    const ink = app.session.now.dark ? [255, 255, 255] : [0, 0, 0];
    const { view, fitted } = app.camera;
    const { pointed } = app.session.now;
    /** @type {[number, number]|null} */
    const pointer = pointed?.plot === plot.element && (pointed.px || pointed.py) ? [pointed.px, pointed.py] : null;
    manifold
      .show(frame, decoding, look, view, size, fitted.span, ink, pointer)
      .catch((error) => this.say(error.message, true));
  }

  /** Makes all that follows from the view once it rests. */
  refresh() {
    const { view, fitted } = this.app.camera;
    if (fitted.span > NEAR * view.span) void this.frame?.grid; // which asks for the exact places
    if (this.frame && !this.loading) this.space.frames.around(this.frame.step, this.app.state.now.plane);
    this.refreshManifold();
    this.refreshNames();
    this.refreshLayer();
  }

  /** Marks the points anew. */
  remark() {
    this.plot.remark();
    this.refreshNames();
    this.refreshLayer();
  }

  /** The classes of the legend. */
  get classes() {
    return listed(this.coloring, this.frame?.labels ?? null);
  }

  /** Whether the names of the classes are on: by default if the colors show a few. */
  get namesOn() {
    const n = classesOf(this.coloring)?.classes.length ?? 0;
    return this.app.state.now.names ?? (n > 1 && n <= MANY_NAMES);
  }

  /** Puts the names of the classes at their places. */
  refreshNames() {
    const { frame, classes: found, plot } = this;
    const { of, classes } = found ?? { of: [], classes: [] };
    const places = frame && this.namesOn ? clusters(frame.xy, plot.marks, of, classes.length, frame.box) : [];
    plot.names.show(
      places,
      classes.map(({ name }) => name),
    );
    plot.redrawOver();
  }

  /** Makes what lies over the points, for the present view. */
  async refreshLayer() {
    const { frame, space, app, plot } = this;
    const { layer } = app.state.now;
    if (!frame || layer === "none" || !plot.size.width) return plot.layer.clear();
    const scale =
      layer === "error"
        ? await space.coloring("error", frame.step, Promise.resolve(frame), null).catch(() => null)
        : null;
    if (frame !== this.frame || layer !== app.state.now.layer) return;
    const found = scaleOf(scale);
    if (layer === "error" && !found) return plot.layer.clear();
    const { view, fitted } = app.camera;
    const errors = found && { ...found, values: found.numbers.values, colors: table("scale", app.session.now.dark) };
    plot.layer.show(frame.xy, plot.marks, errors, view, plot.size, fitted.span, app.theme.colors);
    plot.redraw();
    this.layered = found;
    app.tell("layered");
  }

  /** Shows a message over the plot; an empty one removes it. @param {string} text @param {boolean} [alert] */
  say(text, alert = false) {
    this.message.hidden = !text;
    this.message.textContent = text;
    this.message.classList.toggle("alert", alert);
  }

  close() {
    this.closed = true;
    this.plot.close();
    this.space.close();
    this.element.remove();
  }
}
