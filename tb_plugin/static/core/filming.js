/** Goes through the steps of training for a film, with a clock of its own: no picture is late, however long one takes. */

/** @typedef {import("./app.js").App} App */

/** A picture that a film takes of the plots now. @typedef {{number: number, ms: number, still: boolean}} Shot */

const STEP_MS = 600; // as the player
const WAY_MS = 350; // of the points to the next step, as in the plot
const WAY = 4; // pictures of it, the last one with all points at their places
const MOST = 100; // pictures; of more steps than that there is one of each
const LOOK_MS = 30;

/**
 * Shows one step after the other, and yields when the plots are to be filmed: on the points' way to a step, then at rest
 * there (`still`). Ends early once `signal` is aborted or the user chooses a step. Raises an error if a step cannot be
 * loaded.
 *
 * @param {App} app @param {AbortSignal} signal
 * @returns {AsyncGenerator<Shot, void>}
 */
export async function* filmed(app, signal) {
  const { state, session, loop, steps, camera } = app;
  const before = state.now.step;
  const way = session.now.calm ? 1 : Math.max(1, Math.min(WAY, Math.floor(MOST / steps.length)));
  app.player.play("time", false);
  loop.hold(true);
  try {
    for (const [number, step] of steps.entries()) {
      state.set({ step });
      const over = () => signal.aborted || state.now.step !== step;
      await until(() => over() || (loop.seen && app.panels.every(({ loading }) => !loading)));
      if (over()) return;
      for (const { space, frame } of app.panels) {
        const { error, steps: kept } = space.info;
        if (!error && kept.length && frame?.step !== space.nearest(step))
          throw new Error(`Step ${step} of ${space.name} could not be loaded, so there is no film.`);
      }
      const start = performance.now();
      if (camera.way) camera.way.start = start;
      for (const { plot } of app.panels) plot.started = number && plot.started > -Infinity ? start : -Infinity;
      for (let k = 1; number && k < way; k++) {
        draw(app, start + (k * WAY_MS) / way);
        yield { number, ms: WAY_MS / way, still: false };
      }
      draw(app, start + WAY_MS);
      for (const { plot } of app.panels) plot.started = -Infinity; // they have arrived, whatever the time is
      await until(() => over() || (loop.seen && !busy(app)));
      await Promise.all(app.panels.map((panel) => panel.refreshLayer()));
      if (over()) return;
      draw(app, performance.now());
      yield { number, ms: number && way > 1 ? STEP_MS - ((way - 1) * WAY_MS) / way : STEP_MS, still: true };
    }
  } finally {
    loop.hold(false);
    if (app.panels.every(({ message }) => message.hidden)) state.set({ step: before });
  }
}

/** Draws all of the plots: a picture of WebGL lasts as long as the task. @param {App} app @param {number} now */
function draw({ panels, loop }, now) {
  for (const { plot } of panels) plot.redraw();
  loop.draw(now);
}

/** Returns whether anything is on its way that the plots show. @param {App} app */
function busy({ settling, camera, panels }) {
  const decoding = panels.some(({ frame, decoding, plot }) => (frame && decoding === undefined) || plot.manifold.work);
  return settling !== undefined || camera.way !== null || decoding;
}

/** @param {() => boolean} condition */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
