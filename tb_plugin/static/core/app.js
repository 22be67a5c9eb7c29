/** The tab: its panels, their common state, and the effects of a change. */

import * as api from "../data/api.js";
import { Address, readState } from "./address.js";
import { Camera } from "./camera.js";
import { Course } from "./course.js";
import { Loop } from "./loop.js";
import { Observable } from "../lib/observable.js";
import { Panel } from "./panel.js";
import { isSide } from "../lib/planes.js";
import { LatentSpace } from "../data/space.js";
import { START } from "../lib/session.js";
import { same } from "../lib/state.js";
import { Player } from "./player.js";
import { pool } from "../decode/pool.js";
import { Search } from "./search.js";
import { Selection } from "./selection.js";
import { listen } from "../plot/pointer.js";
import * as tensorboard from "../lib/tensorboard.js";
import { Theme } from "./theme.js";
import { toolOf } from "../plot/tools.js";
import { fit } from "../lib/view.js";

/** @typedef {import("../lib/state.js").State} State */
/** @typedef {import("../lib/session.js").Session} Session */

/**
 * The topics of a change: a key of the state or of the session, `data` (points came), `decoder` (one came), `course` (the walk
 * that is shown), `listing` (the latent spaces), `search` (its result), `probed` (a slow decoder has decoded the probe),
 * `layered` (what lies over the points), `drawn` (the code of the drawing was found).
 * @typedef {keyof State|keyof Session|"data"|"decoder"|"course"|"listing"|"search"|"probed"|"layered"|"drawn"} Topic
 */

const CAMERA_MS = 350;
const STILL_MS = 120; // the view rests that long before the manifold is decoded for it

export class App {
  /**
   * @param {HTMLElement} stage where panels are put
   * @param {Promise<api.Points|null>} early the points that will most likely be shown first
   */
  constructor(stage, early) {
    this.stage = stage;
    this.early = early;
    this.state = new Observable(readState(), same);
    this.session = new Observable(START);
    this.camera = new Camera();
    this.loop = new Loop((now) => this.#draw(now));
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {Record<string, Record<string, api.SpaceInfo>>} */
    this.listing = {};
    this.omitted = 0; // latent spaces that are not listed
    /** @type {import("../lib/state.js").SpaceId[]} those that a link names and that are not there */
    this.gone = [];
    /** @type {{wanted: Topic[], listener: (topics: Set<Topic>) => void}[]} */
    this.listeners = [];
    this.player = new Player(this);
    this.address = new Address(this);
    this.search = new Search(this);
    this.selection = new Selection(this);
    this.course = new Course(this, () => {
      for (const panel of this.panels) panel.plot.redrawOver();
      this.tell("course");
    });
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.settling = undefined;
    this.theme = new Theme(this.session);
    this.#showTool();
    this.state.on((changed) => this.#stateChanged(changed));
    this.session.on((changed) => this.#sessionChanged(changed));
    new ResizeObserver(() => this.resized()).observe(stage);
    tensorboard.onSeen((seen) => {
      this.loop.setSeen(seen);
      if (seen) this.resized();
      if (seen) this.address.write();
    });
  }

  /**
   * Calls back when one of the wanted topics changed. The plots are drawn with each move of the pointer. A listener that
   * writes into the page must want no more topics than it shows, because a write makes the browser lay out the page.
   * @param {Topic[]} wanted @param {(topics: Set<Topic>) => void} listener
   */
  on(wanted, listener) {
    this.listeners.push({ wanted, listener });
  }

  /** @param {...Topic} topics */
  tell(...topics) {
    const told = new Set(topics);
    for (const { wanted, listener } of this.listeners) if (wanted.some((topic) => told.has(topic))) listener(told);
  }

  /**
   * Takes a new list of the latent spaces.
   * @param {Record<string, Record<string, api.SpaceInfo>>} listing @param {number} omitted
   */
  setListing(listing, omitted) {
    this.listing = listing;
    this.omitted = omitted;
    const { spaces } = this.state.now;
    const known = spaces.filter(({ run, tag }) => listing[run]?.[tag]);
    if (known.length < spaces.length) this.gone = spaces.filter(({ run, tag }) => !listing[run]?.[tag]);
    const [run] = Object.keys(listing);
    const first = run !== undefined ? [{ run, tag: Object.keys(listing[run])[0] }] : [];
    for (const { space } of this.panels) space.info = listing[space.id.run]?.[space.id.tag] ?? space.info;
    if (known.length) {
      this.#arrange();
      for (const panel of this.panels) panel.load();
    } else this.state.set({ spaces: first });
  }

  /** Makes a panel for each latent space of the state. Panels that are there already stay. */
  #arrange() {
    const before = new Map(this.panels.map((panel) => [JSON.stringify(panel.space.id), panel]));
    this.panels = this.state.now.spaces
      .filter(({ run, tag }) => this.listing[run]?.[tag])
      .map((id) => {
        const panel = before.get(JSON.stringify(id));
        before.delete(JSON.stringify(id));
        if (panel) return panel;
        const space = new LatentSpace(id, this.listing[id.run][id.tag], this.early);
        if (space.info.steps.length && !space.info.error) {
          // Asked for before the panel is made, which asks again.
          space.frames.ahead(space.nearest(this.state.now.step), this.state.now.plane).catch(() => {});
        }
        const made = new Panel(space, this);
        listen(made.plot, this);
        return made;
      });
    for (const panel of before.values()) panel.close();
    this.stage.append(...this.panels.map((panel) => panel.element));
    this.stage.dataset.panels = String(this.panels.length);
    this.resized();
  }

  /** The stage has another size. */
  resized() {
    for (const panel of this.panels) panel.plot.resize();
    this.#refit(0);
    this.#settle();
  }

  /** Fits the view of all points, and goes there unless the state holds another view. @param {number} ms */
  #refit(ms) {
    const [first] = this.panels;
    if (!first?.plot.size.width) return;
    const { camera } = this;
    camera.fitted = fit(
      this.panels.map((panel) => panel.frame?.box ?? null),
      first.plot.size,
    );
    const view = this.state.now.view ?? camera.fitted;
    if (!same(view, camera.target)) camera.go(view, this.session.now.calm ? 0 : ms);
    for (const panel of this.panels) panel.plot.redraw();
  }

  /** A panel has its points. @param {Panel} panel */
  arrived(panel) {
    // The view moves together with the points, unless they are the first ones.
    this.#refit(panel.plot.from === panel.frame?.xy ? 0 : CAMERA_MS);
    panel.plot.draw(performance.now()); // before all else that follows
    this.course.make();
    panel.drawn.update();
    this.tell("data");
    if (panel.frame?.total) return; // the rest comes with all of the points
    this.selection.arrived();
    this.search.run();
    this.#settle();
    if (!panel.images)
      panel.space.images().then(
        (images) => {
          panel.images = images;
          panel.plot.redraw();
          this.tell("data");
        },
        () => {},
      );
  }

  /** A panel has its decoder. @param {Panel} panel */
  decodable(panel) {
    panel.probe.decode();
    panel.drawn.update();
    panel.refreshManifold();
    panel.plot.redraw();
    if (this.state.now.even) this.course.make();
    this.tell("decoder");
  }

  /** A panel could not load a step. @param {Panel} panel */
  failed(panel) {
    if (panel === this.panels[0]) this.player.play("time", false);
    this.decodable(panel);
    this.tell("data");
  }

  /** @param {Set<keyof State>} changed */
  #stateChanged(changed) {
    /** @param {...keyof State} keys */
    const any = (...keys) => keys.some((key) => changed.has(key));
    const { state } = this;
    // Another place or plane ends a code of its own.
    if (any("spaces", "plane", "probe") && !any("code")) state.set({ code: null });
    if (any("spaces")) {
      this.search.forget();
      this.selection.forget();
      this.#arrange();
    }
    const moved = any("spaces", "step", "plane");
    const turning = moved && !any("spaces", "step");
    // The view of one side of the components is held on the others.
    const held = any("view") || [state.now.plane, ...this.panels.map(({ frame }) => frame?.choice)].every(isSide);
    const loading = this.panels.filter((panel) => moved && !(turning && panel.turn()));
    for (const panel of loading) panel.load();
    for (const panel of loading) if (any("plane")) panel.trails.load();
    const turned = turning && !loading.length;
    if (turned) this.#rest();
    for (const panel of this.panels) if (any("color", "since") && !moved) panel.recolor();
    if (any("selected")) this.selection.read();
    if (any("query")) this.search.run();
    if (any("plane") && state.now.view && !held) state.set({ view: null });
    if (any("view") && !same(state.now.view ?? this.camera.fitted, this.camera.target)) this.#refit(CAMERA_MS);
    if (any("hidden", "range", "only", "layer", "names")) for (const panel of this.panels) panel.remark();
    if (any("tool")) this.#showTool();
    if (turned || any("walk", "frames", "direction", "even")) this.course.make();
    if (any("probe", "code")) for (const panel of this.panels) panel.probe.decode();
    if (any("manifold", "view")) this.#settle();
    for (const { plot } of this.panels) any("shapes", "thumbnails") ? plot.redraw() : plot.redrawOver();
    this.address.write();
    this.tell(...changed);
  }

  /** @param {Set<keyof Session>} changed */
  #sessionChanged(changed) {
    if (changed.has("pressed")) pool.hold(this.session.now.pressed);
    if (changed.has("dragging") && !this.session.now.dragging) this.#rest();
    if (changed.has("selection")) this.search.selected();
    if (changed.has("selection")) this.selection.write();
    for (const panel of this.panels) {
      if (changed.has("hovered") || changed.has("outline")) panel.plot.redrawOver();
      if (changed.has("dragging")) panel.plot.redraw();
      if (changed.has("drawing") || changed.has("way")) panel.drawn.update();
      if (changed.has("selection")) panel.remark();
      if (changed.has("selection") || changed.has("trails")) panel.trails.load();
      if (changed.has("dark")) {
        panel.plot.recolor();
        panel.refreshManifold();
        panel.refreshLayer();
      }
    }
    this.tell(...changed);
  }

  /** Follows a view or a plane that came to rest: while it is dragged, a fitted view would shake. */
  #rest() {
    if (this.session.now.dragging) return;
    this.#settle();
    if (!this.state.now.view) this.#refit(CAMERA_MS);
    for (const panel of this.panels) panel.trails.load();
  }

  /** Another tool has another cursor, and nothing of the last one's drawing. */
  #showTool() {
    this.session.set({ outline: null });
    this.stage.style.setProperty("--cursor", toolOf(this.state.now).cursor);
  }

  /** Decodes the grids once the view has come to rest. */
  #settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.settling = undefined;
      if (this.session.now.dragging) return; // its end comes back here
      if (this.camera.way) this.#settle();
      else for (const panel of this.panels) panel.refresh();
    }, STILL_MS);
  }

  /** Goes to a point of the first panel, whose neighbors are the next ones. @param {number} index */
  visit(index) {
    const frame = this.panels.find((panel) => panel.frame)?.frame;
    if (!frame) return;
    const [x, y] = frame.xy.subarray(2 * index, 2 * index + 2);
    this.session.set({ anchor: index });
    this.state.set({ probe: [x, y] });
    this.look({ ...this.camera.view, x, y });
  }

  /** Takes a view that the user chose, and holds it. @param {import("../lib/view.js").View} view */
  look = (view) => {
    this.camera.go(view);
    for (const panel of this.panels) panel.plot.redraw();
    this.state.set({ view });
  };

  /** The steps of all panels, in order. */
  get steps() {
    return [...new Set(this.panels.flatMap((panel) => panel.space.info.steps))].sort((a, b) => a - b);
  }

  /** Draws one animation frame. Returns whether another one is needed. @param {number} now @returns {boolean} */
  #draw(now) {
    const moved = this.camera.move(now);
    if (moved) for (const panel of this.panels) panel.plot.redraw();
    const playing = this.player.advance(now);
    const busy = this.panels.map((panel) => panel.plot.draw(now)).some(Boolean);
    return moved || busy || playing;
  }
}
