/** One plot: the points of a latent space with their axes, the grid of decoded images, the thumbnails and the walk. */

import { drawAxes } from "./axes.js";
import { h, sharp } from "../lib/dom.js";
import { Layer } from "./layer.js";
import { Manifold } from "./manifold.js";
import { Names } from "./names.js";
import * as overlay from "./overlay.js";
import { bytesOf, listed, scaleOf } from "../lib/coloring.js";
import { numberOf } from "../lib/columns.js";
import { NO_CLASS, table } from "../lib/palette.js";
import { axisNames } from "../lib/planes.js";
import { Points } from "./points.js";
import { Thumbnails } from "./thumbnails.js";
import { toPlane, toScreen } from "../lib/view.js";

/** @typedef {import("../lib/planes.js").Frame} Frame */
/** @typedef {import("../lib/view.js").View} View */

/**
 * The content of a plot. core/panel.js holds it.
 * @typedef {object} Content
 * @property {Frame|null} frame the points
 * @property {import("../lib/coloring.js").Coloring|null} coloring what the colors of the points show
 * @property {import("../lib/picture.js").Pictures|null} images of the points
 * @property {{shown: [number, number][][]}} trails of the selected points
 * @property {{place: [number, number]|null, way: [number, number][]}} drawn where the code of the drawing is, and was at each step
 * @property {{picture: HTMLCanvasElement|null}} probe the decoded picture of the place under the cross
 */

/**
 * The parts of the tab that all plots share and change. core/app.js implements it.
 * @typedef {object} Shared
 * @property {import("../lib/observable.js").Observable<import("../lib/state.js").State>} state
 * @property {import("../lib/observable.js").Observable<import("../lib/session.js").Session>} session
 * @property {{view: View, fitted: View}} camera the view, and the view of all points
 * @property {{shown: import("../lib/state.js").Walk|null, places: Float32Array}} course the walk and its places
 * @property {{style: CSSStyleDeclaration, colors: {accent: string, paper: string, text: string}}} theme
 * @property {{request: () => void}} loop draws all plots in the next frame
 * @property {{goOn: (by: number) => boolean, toggle: (what: "walk"|"time") => void}} player
 * @property {(view: View) => void} look takes a view that the user chose
 */

const TWEEN_MS = 350;
const PICK_PIXELS = 14;
/** With more points, only a third is drawn while the view is dragged, if there is no GPU. */
const MANY = 2000;

export class Plot {
  /**
   * @param {string} name of the latent space
   * @param {Content} content
   * @param {Shared} shared
   */
  constructor(name, content, shared) {
    this.content = content;
    this.shared = shared;
    /** @type {Uint8Array} class or number of each point, an index into the colors */
    this.values = new Uint8Array();
    this.marks = new Uint8Array();
    /** @type {Float32Array} where the points come from */
    this.from = new Float32Array();
    this.started = -Infinity;
    this.size = { width: 0, height: 0 };
    this.dirty = { scene: true, over: true };
    this.drawn = false;
    /** @type {{corners: [number, number][], outline: import("../lib/session.js").Outline|null}|null} what waits to be selected */
    this.asked = null;
    this.thumbnails = new Thumbnails();
    this.manifold = new Manifold(() => this.redraw());
    this.layer = new Layer();
    this.names = new Names();
    this.axes = h("canvas", { className: "axes" });
    this.over = h("canvas");
    this.element = h(
      "div",
      {
        className: "plot",
        tabIndex: 0,
        role: "application",
        "aria-label": `Latent space of ${name}`,
        "aria-describedby": "plot-help",
      },
      this.manifold.canvas,
    );
    this.points = new Points(this.element, () => this.redraw());
    this.element.append(this.layer.canvas, this.over);
  }

  /** Shows the new points of the content. They move there if they are those of `before`. @param {Frame|null} before */
  show(before) {
    const frame = /** @type {Frame} */ (this.content.frame);
    const tween =
      before &&
      before.xy !== frame.xy &&
      before.xy.length === frame.xy.length &&
      !this.shared.session.now.calm &&
      before.plane.origin.length === frame.plane.origin.length;
    this.from = tween ? this.#places(before.xy) : frame.xy;
    this.started = tween ? performance.now() : -Infinity;
    this.points.set({ from: this.from, to: frame.xy });
    this.recolor();
    this.remark();
    this.element.dataset.step = String(frame.step);
    this.#selectAsked();
    this.shared.loop.request();
  }

  /** Returns where the points are now, perhaps on their way to `xy`. @param {Float32Array} xy */
  #places(xy) {
    const t = this.time(performance.now());
    return t >= 1 ? xy : xy.map((value, i) => this.from[i] + (value - this.from[i]) * t);
  }

  /** Returns how much of their way the points have gone, 0..1. @param {number} now */
  time(now) {
    const t = Math.min(1, Math.max(0, (now - this.started) / TWEEN_MS));
    return t * t * (3 - 2 * t);
  }

  recolor() {
    const { frame, coloring } = this.content;
    if (!frame) return;
    const { state, session } = this.shared;
    const none = state.now.color === "none";
    this.values = coloring ? bytesOf(coloring) : new Uint8Array(frame.xy.length / 2).fill(none ? 0 : NO_CLASS);
    const kind = none ? "none" : scaleOf(coloring) ? "scale" : "classes";
    this.colors = table(kind, session.now.dark);
    this.points.set({ values: this.values });
    this.redraw();
  }

  /** Marks the points: the legend hides some, a selection dims or hides the others. */
  remark() {
    const { frame, coloring } = this.content;
    if (!frame) return;
    const { selection } = this.shared.session.now;
    const { hidden, range, only } = this.shared.state.now;
    this.marks = new Uint8Array(frame.xy.length / 2).fill(2);
    const { marks } = this;
    const others = only ? 0 : 1;
    if (selection) {
      marks.fill(others);
      for (const i of selection) if (i < marks.length) marks[i] = 2;
    }
    if (hidden.length) {
      const away = new Set(hidden);
      const { of, classes } = listed(coloring, frame.labels) ?? {};
      const n = classes?.length ?? 0;
      for (let i = 0; i < marks.length; i++) {
        if (away.has(of && of[i] < n ? of[i] : -1)) marks[i] = 0;
      }
    }
    const scale = range && scaleOf(coloring);
    if (scale) {
      for (let i = 0; i < marks.length; i++) {
        const value = numberOf(scale.numbers, i);
        if (value === null || value < range[0] || value > range[1]) marks[i] = 0;
      }
    }
    this.points.set({ marks: this.marks });
    this.redraw();
  }

  redraw() {
    this.dirty.scene = this.dirty.over = true;
    this.shared.loop.request();
  }

  redrawOver() {
    this.dirty.over = true;
    this.shared.loop.request();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === this.size.width && height === this.size.height) return;
    this.size = { width, height };
    this.points.resize(this.size);
    this.redraw();
  }

  /** Returns the place of a pixel. @param {number} px @param {number} py @returns {[number, number]} */
  place(px, py) {
    return toPlane(this.shared.camera.view, this.size, px, py);
  }

  /** Returns the index of the point at a pixel, or -1. @param {number} px @param {number} py */
  pick(px, py) {
    const { frame } = this.content;
    if (!frame) return -1;
    const radius = (PICK_PIXELS * this.shared.camera.view.span) / Math.min(this.size.width, this.size.height);
    return frame.grid.nearest(...this.place(px, py), radius, (i) => this.marks[i] > 0);
  }

  /** Selects the points inside an outline that the legend does not hide, once they are sorted. @param {[number, number][]} corners */
  select(corners) {
    const { frame } = this.content;
    const { outline } = this.shared.session.now;
    this.asked = frame && !frame.grid.ready ? { corners, outline } : null;
    if (this.asked) return;
    const found = frame?.grid.inside(corners).filter((index) => this.marks[index] > 0);
    this.shared.session.set({ outline: null, selection: found?.length ? new Set(found) : null });
  }

  /** Selects what waits for its points, unless its outline is gone. */
  #selectAsked() {
    if (this.asked && this.asked.outline === this.shared.session.now.outline) this.select(this.asked.corners);
    else this.asked = null;
  }

  /** Goes on when the points have come to their exact places and are sorted: with the outline, and below the pointer. */
  sharpen() {
    const { frame } = this.content;
    const { pointed, pressed } = this.shared.session.now;
    if (!frame) return;
    if (frame.exact) this.points.set({ from: this.from, to: frame.xy });
    this.redraw(); // images of points, too
    this.#selectAsked();
    if (pressed || pointed?.plot !== this.element || !(pointed.px || pointed.py)) return;
    this.shared.session.set({ hovered: this.pick(pointed.px, pointed.py) });
  }

  /** The radius of the dots, in CSS pixels. */
  get radius() {
    const { frame } = this.content;
    const { camera } = this.shared;
    const n = frame ? frame.xy.length / 2 : 1;
    const crowded = Math.min(4.5, Math.max(1.6, 60 / Math.sqrt(n) + 1.2));
    const nearer = camera.fitted.span / camera.view.span;
    return crowded * Math.min(2, Math.max(1, Math.sqrt(nearer)));
  }

  /** Draws what is out of date. Returns whether points are still on their way. @param {number} now */
  draw(now) {
    const { size, shared } = this;
    const { frame, images } = this.content;
    if (!frame || !size.width || !size.height) return false;
    const state = shared.state.now;
    const { dragging } = shared.session.now;
    const { view } = shared.camera;
    const time = this.time(now);
    const moving = this.started > -Infinity && time < 1;
    if (moving || this.dirty.scene) {
      const chosen =
        state.thumbnails && images && !moving && !dragging
          ? this.thumbnails.choose(frame, this.marks, view, size)
          : null;
      const drawn = this.points.draw({
        view,
        size,
        time,
        radius: this.radius,
        opacity: chosen ? 0.3 : 0.85,
        colors: this.colors ?? new Uint8Array(1024),
        shapes: state.shapes && !scaleOf(this.content.coloring), // a shape is a class's
        share: dragging && this.points.slow && frame.xy.length / 2 > MANY ? 1 / 3 : 1,
        dragging,
      });
      this.drawn = drawn && !frame.total; // of some of the points the picture is not whole
      drawAxes(this.axes, view, size, axisNames(frame.choice, frame.plane.origin.length), shared.theme.style);
      this.manifold.place(view, size);
      this.layer.place(view, size);
      this.chosen = chosen;
    }
    if (moving || this.dirty.scene || this.dirty.over)
      this.paintOver(sharp(this.over, size.width, size.height), frame, view);
    this.dirty.scene = moving;
    this.dirty.over = false;
    if (!moving && this.drawn) this.element.dataset.painted = String(frame.step);
    return moving;
  }

  /** Paints what lies over the points. @param {CanvasRenderingContext2D} c @param {Frame} frame @param {View} view */
  paintOver(c, frame, view) {
    const { size, chosen } = this;
    const { images, probe: decoded, drawn } = this.content;
    const { state, session, course, theme } = this.shared;
    const { colors } = theme;
    const { hovered, outline } = session.now;
    const { probe } = state.now;
    if (chosen && images) {
      const points = /** @type {Uint8Array} */ (this.colors);
      this.thumbnails.draw(c, chosen, frame, images, view, size, points, this.values);
    }
    overlay.drawTrails(c, this.content.trails.shown, view, size, colors);
    if (course.shown) overlay.drawWalk(c, course.shown, course.places, state.now.frame, view, size, colors);
    this.names.draw(c, view, size, colors);
    if (hovered >= 0 && hovered < this.marks.length) {
      const [x, y] = toScreen(view, size, frame.xy[2 * hovered], frame.xy[2 * hovered + 1]);
      overlay.drawHovered(c, x, y, chosen ? chosen.side / 2 : this.radius + 4, colors);
    }
    if (probe) overlay.drawProbe(c, ...toScreen(view, size, ...probe), decoded.picture, size, colors);
    if (drawn.place) overlay.drawDrawn(c, drawn.place, drawn.way, view, size, colors);
    if (outline) overlay.drawOutline(c, outline.corners, outline.closed, view, size, colors);
  }

  close() {
    this.points.close();
    this.manifold.clear();
  }
}
