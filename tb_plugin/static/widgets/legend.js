/** The legend: the colors of classes and numbers. A click on a class hides or shows it. */

import { classesOf, listed } from "../lib/coloring.js";
import { button, h, plural } from "../lib/dom.js";
import { classColor, columnOf, NO_CLASS } from "../lib/palette.js";
import { trace } from "../plot/points_canvas.js";
import { scaleLegend } from "./scale.js";

const LONG = 6; // characters of a name that takes a line of its own

/** Returns the legend. @param {import("../core/app.js").App} app */
export function legend(app) {
  const { state } = app;
  const classes = h("div", { className: "classes", role: "group", "aria-label": "Classes that are shown" });
  const all = button("all", "Show all classes", () => state.set({ hidden: [] }));
  const none = button("none", "Hide all classes", () =>
    state.set({ hidden: classesShown(app).list.map(([key]) => key) }),
  );
  const scale = scaleLegend(app);
  const heading = h("span");
  const element = h(
    "section",
    { "aria-label": "Legend" },
    scale,
    h("h3", {}, heading, h("span", { className: "spring" }), all, none),
    classes,
  );

  let shown = "";
  app.on(["data", "shapes", "hidden", "dark", "listing", "spaces"], () => {
    const { shapes, hidden } = state.now;
    const { dark } = app.session.now;
    const { title, list, colored: shows } = classesShown(app);
    heading.textContent = title;
    heading.parentElement?.toggleAttribute("hidden", !list.length);
    element.hidden = !list.length && scale.hidden;
    all.hidden = none.hidden = list.length < 2;
    classes.classList.toggle(
      "wide",
      list.some(([key, name]) => key >= 0 && name.length > LONG),
    );
    const now = JSON.stringify([list, shows, shapes, dark]);
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
            swatch(key, shows, shapes, dark),
            h("span", { className: "name" }, name),
            h("span", { className: "count" }, count.toLocaleString("en")),
          ),
        ),
      );
    }
    for (const one of /** @type {HTMLElement[]} */ ([...classes.children])) {
      one.setAttribute("aria-pressed", String(!hidden.includes(Number(one.dataset.class))));
    }
  });
  return element;
}

/**
 * Returns the classes of the first panel that has some: key (-1: without a class), name, count. `colored` says whether the
 * colors show them.
 * @param {import("../core/app.js").App} app
 */
export function classesShown({ panels, state }) {
  const found = panels.map(({ coloring, frame }) => listed(coloring, frame?.labels ?? null)).find(Boolean);
  const colored = panels.some(({ coloring }) => classesOf(coloring));
  /** @type {[number, string, number][]} */
  const list = (found?.classes ?? []).map(({ name, count }, i) => [i, name, count]);
  if (found?.rest.count) list.push([-1, found.rest.name, found.rest.count]);
  return { title: (colored && columnOf(state.now.color)) || "Classes", list, colored };
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
