/** A hint for newcomers. Once it was closed, or a place was decoded, it stays away. */

import { button, h } from "../lib/dom.js";

const KEY = "latent tab: welcome";

/** Whether this browser has seen the hint. In a page that is a file it may remember nothing. */
function known() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, "seen");
  } catch {
    // it comes again
  }
}

/** Returns the hint. It is about decoders, and comes where there is one. @param {import("../core/app.js").App} app */
export function welcome(app) {
  let done = known() || app.state.now.probe !== null;
  const close = () => {
    element.hidden = done = true;
    remember();
  };
  const element = h(
    "section",
    { className: "welcome", "aria-label": "Welcome", hidden: true },
    h(
      "div",
      {},
      h("p", {}, "Drag in the plot: it decodes any place, also between the points."),
      h("p", { className: "hint" }, "Keys there: arrows move the cross, s says what is under it."),
    ),
    button("×", "Close this hint for good", close, { className: "icon" }),
  );
  app.on(["listing", "spaces", "probe"], () => {
    if (!done && app.state.now.probe) close();
    element.hidden = done || !app.panels.some(({ space }) => space.has("decoder"));
  });
  return element;
}
