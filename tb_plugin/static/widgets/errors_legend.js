/** The colors of the mean errors that lie over the points. */

import { h, short } from "../lib/dom.js";
import { gradient } from "../lib/palette.js";

/** Returns the gradient with its ends, hidden while no errors lie there. @param {import("../core/app.js").App} app */
export function errorsLegend(app) {
  const bar = h("div", { className: "gradient" });
  const [low, high] = [h("span"), h("span")];
  const element = h("div", { className: "ends", role: "img", hidden: true }, low, bar, high);
  app.on(["layered", "layer", "dark", "spaces"], () => {
    const errors = layeredErrors(app);
    element.hidden = !errors;
    if (!errors) return;
    bar.style.background = gradient(app.session.now.dark);
    [low.textContent, high.textContent] = [short(errors.low), short(errors.high)];
    element.setAttribute("aria-label", `Mean error, from ${short(errors.low)} to ${short(errors.high)}`);
  });
  return element;
}

/** Returns the scale of the errors over the points of the first panel that has some. @param {import("../core/app.js").App} app */
export function layeredErrors({ panels, state }) {
  return state.now.layer === "error" ? panels.map(({ layered }) => layered).find(Boolean) : undefined;
}
