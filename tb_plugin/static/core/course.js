/** The walk that is shown: the chosen one, else, if there is a decoder, the logged one or a circle around the mean. */

import { about } from "../lib/planes.js";
import { DEFAULTS, same } from "../lib/state.js";
import { spaced } from "./spacing.js";
import { along } from "../lib/walk.js";

/** @typedef {import("../lib/state.js").Walk} Walk */

export class Course {
  /**
   * @param {import("./app.js").App} app
   * @param {() => void} changed called when there is another walk
   */
  constructor(app, changed) {
    this.app = app;
    this.changed = changed;
    /** @type {Walk|null} */
    this.shown = null;
    this.places = new Float32Array();
    /** @type {number[]|null} of the way, at which the frames lie; null: evenly */
    this.shares = null;
    /** @type {{straight: Float32Array, even: Float32Array}|null} the changes from frame to frame, if they are made even */
    this.changes = null;
    this.work = new AbortController();
  }

  /** Makes the walk for the present points. */
  async make() {
    const panel = this.app.panels.find((p) => p.frame);
    if (!panel?.frame) return;
    const { state } = this.app;
    const { xy, step } = panel.frame;
    let { walk } = state.now;
    if (!walk) {
      if (!this.app.panels.some(({ space }) => space.has("decoder"))) {
        // There is nothing to decode along it.
        [this.shown, this.places] = [null, new Float32Array()];
        return this.changed();
      }
      const logged = (await panel.space.at(step).catch(() => null))?.walk;
      if (panel.frame.step !== step || state.now.walk) return; // another walk is on its way
      // A walk is logged along the first two axes unless it names directions.
      const fits = logged && !logged.u && !logged.v && same(panel.frame.choice, DEFAULTS.plane);
      walk = fits ? { kind: "circle", x: logged.center[0], y: logged.center[1], r: logged.radius } : about(xy);
    }
    this.shown = walk;
    this.work.abort();
    const { frames, direction, even } = state.now;
    const intervals = walk.kind === "circle" ? frames : frames - 1;
    // Until others are found, the last shares: nothing jumps while the walk is dragged.
    if (!even || this.shares?.length !== intervals + 1) this.shares = null;
    if (!even) this.changes = null;
    this.places = along(walk, frames, direction, this.shares);
    this.changed();
    if (even) this.#space(walk, (this.work = new AbortController())).catch((error) => panel.say(error.message, true));
  }

  /**
   * Spaces the frames so that the pictures of the first latent space with a decoder are evenly apart.
   * @param {Walk} walk @param {AbortController} work
   */
  async #space(walk, work) {
    const panel = this.app.panels.find(({ look }) => look);
    const { frame, decoding, look } = panel ?? {};
    const { frames, direction } = this.app.state.now;
    if (!frame || !decoding || !look) {
      if (this.app.panels.some((one) => one.decoding === undefined)) return; // it comes back with the decoder
      this.changes = this.shares = null;
      this.places = along(walk, frames, direction);
      return this.changed();
    }
    const found = await spaced(walk, this.app.state.now, frame, decoding, !look.chart, this.shares, work.signal);
    if (!found) return;
    Object.assign(this, found);
    this.places = along(walk, frames, direction, this.shares);
    this.changed();
  }
}
