/** Plays the steps of training and the frames of the walk. */

const STEP_MS = 600;

export class Player {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.due = { walk: 0, time: 0 };
  }

  /** @param {"walk"|"time"} what */
  toggle(what) {
    this.play(what, !this.app.session.now.playing[what]);
  }

  /** @param {"walk"|"time"} what @param {boolean} on */
  play(what, on) {
    const { state, session, steps, loop } = this.app;
    if (session.now.playing[what] === on) return;
    if (what === "time" && on && !this.goOn(1)) state.set({ step: steps[0] }); // from the last step to the first
    this.due[what] = performance.now() + (what === "walk" ? state.now.ms : STEP_MS);
    session.set({ playing: { ...session.now.playing, [what]: on } });
    loop.request();
  }

  /** Goes on by some of the kept steps. Returns whether there is such a step. @param {number} by */
  goOn(by) {
    const { steps, state } = this.app;
    const { step } = state.now;
    const at = step === null ? steps.length - 1 : steps.findLastIndex((kept) => kept <= step);
    const next = steps[at + by];
    if (next !== undefined) state.set({ step: next });
    return next !== undefined;
  }

  /** Shows the next frame or step if it is due. Returns whether anything plays. @param {number} now */
  advance(now) {
    const { app, due } = this;
    const { state, session } = app;
    if (session.now.playing.walk && now >= due.walk && app.course.places.length) {
      const { frame, frames, ms } = state.now;
      due.walk = Math.max(due.walk + ms, now);
      state.set({ frame: (frame + 1) % frames });
    }
    // Each step is shown before the player asks for the next one.
    if (session.now.playing.time && now >= due.time && !app.panels.some((panel) => panel.loading)) {
      due.time = now + STEP_MS;
      if (!this.goOn(1)) this.play("time", false);
    }
    const { walk, time } = session.now.playing;
    return walk || time;
  }
}
