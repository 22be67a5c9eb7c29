/** The legend: the colors of classes and errors. A click on a class hides or shows it. */

import { button, h, plural, short } from "../lib/dom.js";
import { classColor, errorGradient, NO_CLASS } from "../lib/palette.js";
import { trace } from "../plot/points_canvas.js";

/** Returns the legend. @param {import("../core/app.js").App} app */
export function legend(app) {
  const { state } = app;
  const classes = h("div", { className: "classes", role: "group", "aria-label": "Classes that are shown" });
  const all = button("all", "Show all classes", () => state.set({ hidden: [] }));
  const none = button("none", "Hide all classes", () => state.set({ hidden: keys().map(([key]) => key) }));
  const scale = h("div", { className: "scale" });
  const element = h(
    "section",
    { "aria-label": "Legend" },
    h("h3", {}, "Classes", h("span", { className: "spring" }), all, none),
    classes,
    scale,
  );

  /** Returns the classes of the first panel that has some: key (-1: without a class), name, count. @returns {[number, string, number][]} */
  const keys = () => {
    const labels = app.panels.find((panel) => panel.frame?.labels)?.frame?.labels;
    if (!labels) return [];
    const { rest } = labels;
    return [
      ...labels.classes.map(({ name, count }, i) => /** @type {[number, string, number]} */ ([i, name, count])),
      ...(rest.count ? [/** @type {[number, string, number]} */ ([-1, rest.name, rest.count])] : []),
    ];
  };

  let shown = "";
  app.on(["data", "color", "shapes", "hidden", "dark", "listing", "spaces"], () => {
    const { color, shapes, hidden } = state.now;
    const { dark } = app.session.now;
    const list = keys();
    element.hidden = !list.length && color !== "error";
    all.hidden = none.hidden = list.length < 2;
    const now = JSON.stringify([list, color, shapes, dark]);
    if (now !== shown) {
      shown = now;
      classes.replaceChildren(
        ...list.map(([key, name, count]) =>
          h(
            "button",
            {
              type: "button",
              "data-class": key,
              title: `${name}: ${plural(count, "point")}. Double click: this class alone`,
              onclick: () => {
                const { hidden: now } = state.now;
                state.set({ hidden: now.includes(key) ? now.filter((k) => k !== key) : [...now, key] });
              },
              ondblclick: () => state.set({ hidden: list.map(([k]) => k).filter((k) => k !== key) }),
            },
            swatch(key, color === "label", shapes, dark),
            h("span", { className: "name" }, name),
            h("span", { className: "count" }, count.toLocaleString("en")),
          ),
        ),
      );
    }
    for (const one of /** @type {HTMLElement[]} */ ([...classes.children])) {
      one.setAttribute("aria-pressed", String(!hidden.includes(Number(one.dataset.class))));
    }
    const errors = app.panels.find((panel) => panel.errors)?.errors;
    scale.hidden = color !== "error" || !errors;
    if (errors) {
      const bar = h("div", { className: "gradient" });
      bar.style.background = errorGradient;
      scale.replaceChildren(
        h("span", {}, "error"),
        bar,
        h("span", {}, short(errors.low)),
        h("span", {}, short(errors.high)),
      );
    }
  });
  return element;
}

/** Returns the image of a class's point. @param {number} key @param {boolean} colored @param {boolean} shapes @param {boolean} dark */
function swatch(key, colored, shapes, dark) {
  const index = key < 0 ? NO_CLASS : key;
  const canvas = h("canvas", { width: 28, height: 28 });
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  trace(c, shapes ? index % 10 : 0, 14, 14, 11);
  c.fillStyle = classColor(colored ? index : NO_CLASS, dark);
  c.fill();
  return h("img", { src: canvas.toDataURL(), alt: "" }); // not a canvas: the browser would composite each one in each frame
}
