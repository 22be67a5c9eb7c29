/** The choice of a walk that is even in its pictures, and how much each frame differs from the next. */

import { variation } from "../lib/even.js";
import { checkbox, h, sharp } from "../lib/dom.js";

const HEIGHT = 48; // CSS pixels
const EDGE = 3;

/** Returns the check box and the curves: of the walk that is shown, and of the straight one. @param {import("../core/app.js").App} app */
export function evenness(app) {
  const { state } = app;
  const check = checkbox("even in pictures", false, (even) => state.set({ even }));
  check.element.title = "Space the frames so that each picture differs from the next by the same amount";
  const canvas = h("canvas", { className: "curves", role: "img" });
  const text = h("p", { className: "hint", role: "status" });
  const curves = h("div", { hidden: true }, canvas, text);
  const element = h("div", {}, check.element, curves);
  app.on(["listing", "even", "course", "dark"], () => {
    check.input.checked = state.now.even;
    const { changes } = app.course;
    curves.hidden = !changes;
    if (!changes) return;
    const percent = (/** @type {Float32Array} */ of) => `${(100 * variation(of)).toFixed(1)}\u00a0%`;
    const said =
      `The change from frame to frame varies by ${percent(changes.even)} of its mean; ` +
      `by ${percent(changes.straight)} with even steps in the plane (gray).`;
    if (text.textContent !== said) text.textContent = said;
    canvas.setAttribute("aria-label", said);
    const width = canvas.clientWidth;
    if (!width) return;
    const c = sharp(canvas, width, HEIGHT);
    const highest = Math.max(...changes.straight, ...changes.even) || 1;
    const style = app.theme.style;
    const lines = /** @type {[Float32Array, string, number][]} */ ([
      [changes.straight, style.getPropertyValue("--soft"), 1],
      [changes.even, style.getPropertyValue("--accent"), 2],
    ]);
    for (const [values, color, wide] of lines) {
      c.beginPath();
      for (const [i, value] of values.entries()) {
        const x = EDGE + ((width - 2 * EDGE) * i) / Math.max(1, values.length - 1);
        c.lineTo(x, HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * value) / highest);
      }
      [c.strokeStyle, c.lineWidth] = [color, wide];
      c.stroke();
    }
  });
  return element;
}
