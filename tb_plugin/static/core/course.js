/** The walk that is shown: the chosen one, else the logged one, else a circle around the mean of the points. */

import { about } from "../lib/planes.js";
import { DEFAULTS, same } from "../lib/state.js";
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
  }

  /** Makes the walk for the present points. */
  async make() {
    const panel = this.app.panels.find((p) => p.frame);
    if (!panel?.frame) return;
    const { state } = this.app;
    const { xy, step } = panel.frame;
    let { walk } = state.now;
    if (!walk) {
      const logged = (await panel.space.at(step).catch(() => null))?.walk;
      if (panel.frame.step !== step || state.now.walk) return; // another walk is on its way
      // A walk is logged along the first two axes unless it names directions.
      const fits = logged && !logged.u && !logged.v && same(state.now.plane, DEFAULTS.plane);
      walk = fits ? { kind: "circle", x: logged.center[0], y: logged.center[1], r: logged.radius } : about(xy);
    }
    this.shown = walk;
    this.places = along(walk, state.now.frames, state.now.direction);
    this.changed();
  }
}
