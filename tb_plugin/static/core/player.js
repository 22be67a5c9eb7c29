/** What plays: the steps of training, the frames of the walk. */

const STEP_MS = 600;

export class Player {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.playing = { walk: false, time: false };
    this.due = { walk: 0, time: 0 };
  }

  /** @param {"walk"|"time"} what @param {boolean} on */
  play(what, on) {
    const { app } = this;
    if (this.playing[what] === on) return;
    if (what === "time" && on && !this.goOn(1)) app.store.set({ step: app.steps[0] }); // from its end: again
    this.playing[what] = on;
    this.due[what] = performance.now() + (what === "walk" ? app.store.state.ms : STEP_MS);
    app.loop.request();
    app.tell("playing");
  }

  /** Goes on by so many of the kept steps. @param {number} by @returns {boolean} whether there was one */
  goOn(by) {
    const { steps, store } = this.app;
    const { step } = store.state;
    const at = step === null ? steps.length - 1 : steps.findLastIndex((kept) => kept <= step);
    const next = steps[at + by];
    if (next !== undefined) store.set({ step: next });
    return next !== undefined;
  }

  /** Does what is due; returns whether anything plays. @param {number} now */
  advance(now) {
    const { app, playing, due } = this;
    if (playing.walk && now >= due.walk && app.walkPlaces.length) {
      const { frame, frames, ms } = app.store.state;
      due.walk = Math.max(due.walk + ms, now);
      app.store.set({ frame: (frame + 1) % frames });
    }
    // A step is shown before the next one is asked for.
    if (playing.time && now >= due.time && !app.panels.some((panel) => panel.loading)) {
      due.time = now + STEP_MS;
      if (!this.goOn(1)) this.play("time", false);
    }
    return playing.walk || playing.time;
  }
}
