/** The trails of the selected points: where they are at each step, in the plane that is shown. */

const MOST_STEPS = 40;
const MOST_POINTS = 200;

export class Trails {
  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {[number, number][][]} the places of each point, step by step */
    this.shown = [];
    this.asked = 0;
  }

  /** Loads the points of all steps, or of MOST_STEPS among them, if trails are on. */
  async load() {
    const { space, app, frame, plot } = this.panel;
    const { trails, selection } = app.session.now;
    const ticket = ++this.asked;
    if (this.shown.length) plot.redrawOver();
    this.shown = [];
    if (!trails || !selection || !frame) return;
    const some = space.someSteps(MOST_STEPS);
    const { plane } = app.state.now;
    const frames = await Promise.all(some.map((step) => space.frames.at(step, plane))).catch(() => []);
    if (ticket !== this.asked) return;
    this.shown = [...selection]
      .slice(0, MOST_POINTS)
      .map((index) =>
        frames
          .filter(({ xy }) => 2 * index < xy.length)
          .map(({ xy }) => /** @type {[number, number]} */ ([xy[2 * index], xy[2 * index + 1]])),
      );
    plot.redrawOver();
  }
}
