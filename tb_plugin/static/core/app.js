/** The tab: its panels, and what they have in common - state, camera, walk, what is hovered and selected. */

import * as api from "../data/api.js";
import { Camera } from "./camera.js";
import { Loop } from "./loop.js";
import { Address } from "./address.js";
import { Panel } from "../plot/panel.js";
import { about } from "../lib/planes.js";
import { LatentSpace } from "../data/space.js";
import { DEFAULTS, fromAddress, same, Store } from "../lib/state.js";
import { Player } from "./player.js";
import { listen } from "../plot/pointer.js";
import * as tensorboard from "../lib/tensorboard.js";
import { fit } from "../lib/view.js";
import { along } from "../lib/walk.js";

/** @typedef {import("../lib/state.js").State} State */

/**
 * What may change: a part of the state, or `data` (points came), `decoder`, `hover`, `selection`, `walk`, `runs`,
 * `theme`, `playing`.
 * @typedef {keyof State|"data"|"decoder"|"hover"|"selection"|"walk"|"runs"|"theme"|"playing"} Topic
 */

const CAMERA_MS = 350;
const STILL_MS = 120; // after which the manifold is decoded for a view

export class App {
  /**
   * @param {HTMLElement} stage where panels are put
   * @param {Promise<api.Points|null>} early what will most likely be shown first
   */
  constructor(stage, early) {
    this.stage = stage;
    this.early = early;
    this.store = new Store(fromAddress(tensorboard.readAddress()));
    this.camera = new Camera();
    /** @type {import("../lib/view.js").View} the view of all points */
    this.fitted = this.camera.view;
    this.loop = new Loop((now) => this.#draw(now));
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {Record<string, Record<string, api.SpaceInfo>>} */
    this.listing = {};
    this.omitted = 0; // latent spaces that are there, and not listed
    /** @type {{wanted: Topic[], listener: (topics: Set<Topic>) => void}[]} */
    this.listeners = [];
    this.hovered = -1;
    /** @type {Set<number>|null} */
    this.selection = null;
    /** @type {{corners: [number, number][], closed: boolean}|null} a selection or a path that is being drawn */
    this.outline = null;
    /** @type {{panel: Panel, px: number, py: number}|null} */
    this.pointed = null;
    this.dragging = false;
    this.player = new Player(this);
    this.address = new Address(this);
    /** @type {import("../lib/state.js").Walk|null} */
    this.walk = null;
    this.walkPlaces = new Float32Array();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.settling = undefined;
    this.dark = false;
    this.style = getComputedStyle(document.documentElement);
    this.colors = { accent: "", paper: "", text: "" };
    const motion = matchMedia("(prefers-reduced-motion: reduce)");
    this.calm = motion.matches;
    motion.addEventListener("change", () => (this.calm = motion.matches));
    this.store.on((changed) => this.#changed(changed));
    new ResizeObserver(() => this.resized()).observe(stage);
    tensorboard.onSeen((seen) => {
      this.loop.setSeen(seen);
      if (seen) this.resized();
      if (seen) this.address.write();
    });
  }

  /**
   * Calls back when something of what is wanted changed. Much is drawn anew with each move of the pointer: whoever writes
   * into the page wants no more than is shown there, or the page is laid out anew as well.
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
   * Takes a new list of what was logged.
   * @param {Record<string, Record<string, api.SpaceInfo>>} listing @param {number} omitted
   */
  setListing(listing, omitted) {
    this.listing = listing;
    this.omitted = omitted;
    const { spaces } = this.store.state;
    const known = spaces.filter(({ run, tag }) => listing[run]?.[tag]);
    const [run] = Object.keys(listing);
    const first = run !== undefined ? [{ run, tag: Object.keys(listing[run])[0] }] : [];
    for (const panel of this.panels) {
      const info = listing[panel.space.id.run]?.[panel.space.id.tag];
      if (info) panel.space.info = info;
    }
    if (known.length) {
      this.#arrange();
      for (const panel of this.panels) panel.load();
    } else this.store.set({ spaces: first });
  }

  /** Makes the panels those of the state; the others keep theirs. */
  #arrange() {
    const before = new Map(this.panels.map((panel) => [JSON.stringify(panel.space.id), panel]));
    this.panels = this.store.state.spaces
      .filter(({ run, tag }) => this.listing[run]?.[tag])
      .map((id) => {
        const panel = before.get(JSON.stringify(id));
        before.delete(JSON.stringify(id));
        if (panel) return panel;
        const space = new LatentSpace(id, this.listing[id.run][id.tag], this.early);
        if (space.info.steps.length && !space.info.error) {
          space.frame(space.nearest(this.store.state.step), this.store.state.plane).catch(() => {}); // the panel asks again
        }
        const made = new Panel(space, this);
        listen(made, this);
        return made;
      });
    for (const panel of before.values()) panel.close();
    this.stage.append(...this.panels.map((panel) => panel.element));
    this.stage.dataset.panels = String(this.panels.length);
    this.resized();
  }

  /** The stage has another size. */
  resized() {
    for (const panel of this.panels) panel.resize();
    this.#refit(0);
    this.#settle();
  }

  /** Shows all points; where the axes are held, only how far that would be is new. @param {number} ms */
  #refit(ms) {
    const [first] = this.panels;
    if (!first?.size.width) return;
    this.fitted = fit(
      this.panels.map((panel) => panel.frame?.box ?? null),
      first.size,
    );
    const view = this.store.state.view ?? this.fitted;
    if (!same(view, this.camera.target)) this.camera.go(view, this.calm ? 0 : ms);
    for (const panel of this.panels) panel.redraw();
  }

  /** A panel has its points. @param {Panel} panel */
  arrived(panel) {
    // Together with the points, which are on their way if it is not their first step.
    this.#refit(panel.from === panel.frame?.xy ? 0 : CAMERA_MS);
    panel.draw(performance.now()); // before all that follows from it
    this.#makeWalk();
    this.tell("data");
    this.#settle();
    if (!panel.images)
      panel.space.images().then(
        (images) => {
          panel.images = images;
          panel.redraw();
          this.tell("data");
        },
        () => {},
      );
  }

  /** A panel has its decoder. @param {Panel} panel */
  decodable(panel) {
    const { probe } = this.store.state;
    panel.probed = probe && panel.decodePicture(probe);
    panel.refreshManifold();
    panel.redraw();
    this.tell("decoder");
  }

  /** @param {Panel} panel */
  failed(panel) {
    if (panel === this.panels[0]) this.player.play("time", false);
    this.decodable(panel);
    this.tell("data");
  }

  /** Where a code has two numbers, the plane is the whole space: there the manifold is shown unless one says no. @param {LatentSpace} space */
  manifoldOn(space) {
    return this.store.state.manifold ?? space.info.dims === 2;
  }

  /** The walk: the one chosen, else the one logged with the step, else about the middle of the points. */
  async #makeWalk() {
    const panel = this.panels.find((p) => p.frame);
    if (!panel?.frame) return;
    const { state } = this.store;
    const { xy, step } = panel.frame;
    let chosen = state.walk;
    if (!chosen) {
      const logged = (await panel.space.at(step).catch(() => null))?.walk;
      if (panel.frame.step !== step || this.store.state.walk) return; // another one is being made
      // It was logged along the first two axes, unless it says along which directions.
      const fitting = logged && !logged.u && !logged.v && same(state.plane, DEFAULTS.plane);
      chosen = fitting ? { kind: "circle", x: logged.center[0], y: logged.center[1], r: logged.radius } : about(xy);
    }
    const { frames, direction } = this.store.state;
    this.walk = chosen;
    this.walkPlaces = along(chosen, frames, direction);
    for (const p of this.panels) p.redrawOver();
    this.tell("walk");
  }

  /** @param {Set<keyof State>} changed */
  #changed(changed) {
    /** @param {...keyof State} keys */
    const any = (...keys) => keys.some((key) => changed.has(key));
    if (any("spaces")) {
      this.selection = null;
      this.#arrange();
    }
    if (any("spaces", "step", "plane") || (any("color") && this.store.state.color === "error")) {
      for (const panel of this.panels) panel.load();
    }
    if (any("plane") && this.store.state.view) this.store.set({ view: null });
    if (any("view") && !same(this.store.state.view ?? this.fitted, this.camera.target)) this.#refit(CAMERA_MS);
    if (any("color")) for (const panel of this.panels) panel.recolor();
    if (any("hidden")) for (const panel of this.panels) panel.remark();
    if (any("walk", "frames", "direction")) this.#makeWalk();
    if (any("probe")) {
      const { probe } = this.store.state;
      for (const panel of this.panels) panel.probed = probe && panel.decodePicture(probe);
    }
    if (any("manifold", "view")) this.#settle();
    for (const panel of this.panels) any("shapes", "thumbnails") ? panel.redraw() : panel.redrawOver();
    this.address.write();
    this.tell(...changed);
  }

  /** Decodes the manifolds once the view has come to rest. */
  #settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      if (this.camera.way || this.dragging) this.#settle();
      else for (const panel of this.panels) panel.refreshManifold();
    }, STILL_MS);
  }

  /** @param {import("../lib/view.js").View} view chosen by hand: it is held from now on */
  look(view) {
    this.camera.go(view);
    for (const panel of this.panels) panel.redraw();
    this.store.set({ view });
  }

  /**
   * @param {number} index of the point under the pointer, or under the probe that keys move; -1: none
   * @param {Panel} panel @param {number} px where that is on its plot @param {number} py
   */
  hover(index, panel, px, py) {
    this.pointed = { panel, px, py };
    if (index === this.hovered) return;
    this.hovered = index;
    for (const panel of this.panels) panel.redrawOver();
    this.tell("hover");
  }

  /** The corners put so far become the walk, if they are at least two. */
  finishPath() {
    const points = this.outline?.corners ?? [];
    this.outline = null;
    this.store.set({ tool: "decode", ...(points.length > 1 ? { walk: { kind: "path", points }, frame: 0 } : {}) });
    for (const panel of this.panels) panel.redrawOver();
  }

  /** @param {Set<number>|null} selection */
  select(selection) {
    this.selection = selection?.size ? selection : null;
    for (const panel of this.panels) panel.remark();
    this.tell("selection");
  }

  /** While the view is dragged. @param {boolean} dragging */
  setDragging(dragging) {
    this.dragging = dragging;
    for (const panel of this.panels) panel.redraw();
    if (!dragging) this.#settle();
  }

  /** The steps that any panel has, in order. */
  get steps() {
    return [...new Set(this.panels.flatMap((panel) => panel.space.info.steps))].sort((a, b) => a - b);
  }

  /** @param {boolean} dark */
  setTheme(dark) {
    this.dark = dark;
    document.documentElement.classList.toggle("dark", dark);
    const get = (/** @type {string} */ name) => this.style.getPropertyValue(name).trim();
    this.colors = { accent: get("--accent"), paper: get("--paper"), text: get("--text") };
    for (const panel of this.panels) {
      panel.recolor();
      panel.refreshManifold();
    }
    this.tell("theme");
  }

  /** One animation frame; returns whether there is another. @param {number} now */
  #draw(now) {
    const moved = this.camera.move(now);
    if (moved) for (const panel of this.panels) panel.redraw();
    const playing = this.player.advance(now);
    const busy = this.panels.map((panel) => panel.draw(now)).some(Boolean);
    return moved || busy || playing;
  }
}
