/** The legend: the colors of classes and numbers. A click on a class hides or shows it. */

import { byteOf, classesOf, listed } from "../lib/coloring.js";
import { button, h, plural } from "../lib/dom.js";
import { classColor, columnOf, NO_CLASS, SHAPES } from "../lib/palette.js";
import { classSearch } from "./class_search.js";
import { trace } from "../plot/points_canvas.js";
import { scaleLegend } from "./scale.js";

const LONG = 6; // characters of a name that takes a line of its own

/** Returns the legend. @param {import("../core/app.js").App} app */
export function legend(app) {
  const { state } = app;
  const classes = h("div", { className: "classes", role: "group", "aria-label": "Classes that are shown" });
  const field = classSearch(classes, (keys) => alone(keys));
  const all = button("all", "Show all classes", () => state.set({ hidden: [] }));
  const none = button("none", "Hide all classes", () => alone([]));
  const scale = scaleLegend(app);
  const heading = h("span");
  const element = h(
    "section",
    { "aria-label": "Legend" },
    scale,
    h("h3", {}, heading, h("span", { className: "spring" }), all, none),
    field.element,
    classes,
  );
  /** Hides all other classes. @param {number[]} keys */
  const alone = (keys) => {
    const shown = new Set(keys);
    state.set({ hidden: classesShown(app).list.flatMap(([key]) => (shown.has(key) ? [] : [key])) });
  };
  /** @param {number} key */
  const toggle = (key) => {
    const { hidden } = state.now;
    state.set({ hidden: hidden.includes(key) ? hidden.filter((k) => k !== key) : [...hidden, key] });
  };

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
      const image = swatches(shows, shapes, dark);
      classes.replaceChildren(
        ...list.map(([key, name, count]) =>
          h(
            "button",
            {
              type: "button",
              "data-class": key,
              title: `${name}: ${plural(count, "point")}. Double click: this class alone`,
              onclick: () => toggle(key),
              ondblclick: () => alone([key]),
            },
            h("img", { src: image(key), alt: "" }),
            h("span", { className: "name" }, name),
            h("span", { className: "count" }, count.toLocaleString("en")),
          ),
        ),
      );
      field.show(list);
    }
    const away = new Set(hidden);
    for (const one of /** @type {HTMLElement[]} */ ([...classes.children])) {
      one.setAttribute("aria-pressed", String(!away.has(Number(one.dataset.class))));
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

/**
 * Returns the images of the classes' points as data URLs. Many classes share them, and a canvas for each one would be
 * composited by the browser in each frame.
 * @param {boolean} colored @param {boolean} shapes @param {boolean} dark
 */
function swatches(colored, shapes, dark) {
  /** @type {Map<string, string>} */
  const made = new Map();
  /** @param {number} key */
  return (key) => {
    const index = byteOf(key);
    const [shape, color] = [shapes ? index % SHAPES : 0, classColor(colored ? index : NO_CLASS, dark)];
    const name = `${shape} ${color}`;
    if (!made.has(name)) {
      const canvas = h("canvas", { width: 28, height: 28 });
      const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      trace(c, shape, 14, 14, 11);
      c.fillStyle = color;
      c.fill();
      made.set(name, canvas.toDataURL());
    }
    return /** @type {string} */ (made.get(name));
  };
}
