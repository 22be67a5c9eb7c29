/** The legend of numbers: their colors with ticks, and the range outside of which points are hidden. */

import { placeOf, scaleOf, scaleTicks } from "../lib/coloring.js";
import { button, h, numberField, short } from "../lib/dom.js";
import { columnOf, gradient } from "../lib/palette.js";

/** Returns the legend of the numbers that the colors show. @param {import("../core/app.js").App} app */
export function scaleLegend(app) {
  const { state } = app;
  const name = h("span");
  const all = button("all", "Show all numbers", () => state.set({ range: null }));
  const bar = h("div", { className: "gradient", role: "img" });
  const marks = h("div", { className: "ticks" });
  /** @type {[number, number]} */
  let whole = [0, 0];
  /** @param {0|1} end @param {string} label */
  const bound = (end, label) =>
    numberField(label, {}, (value) => {
      const range = /** @type {[number, number]} */ ((state.now.range ?? whole).with(end, value));
      state.set({ range: range[0] <= range[1] ? range : [value, value] });
    });
  const [from, to] = [bound(0, "Lowest number that is shown"), bound(1, "Highest number that is shown")];
  const element = h(
    "div",
    { className: "scale", role: "group", "aria-label": "Scale of the colors" },
    h("h3", {}, name, h("span", { className: "spring" }), all),
    bar,
    marks,
    h("div", { className: "row" }, h("label", {}, "from ", from.element), h("label", {}, "to ", to.element)),
  );

  app.on(["data", "range", "dark", "listing", "spaces"], () => {
    const scale = app.panels.map(({ coloring }) => scaleOf(coloring)).find(Boolean);
    element.hidden = !scale;
    if (!scale) return;
    const { range } = state.now;
    const { low, high, least, most } = scale;
    name.textContent = nameOfScale(app);
    bar.style.background = gradient(app.session.now.dark);
    bar.title = low > least || high < most ? "The outer hundredths of the numbers have the colors of the ends." : "";
    const steps = scale.logarithmic ? ", on a logarithmic scale" : "";
    bar.setAttribute("aria-label", `Colors from ${short(low)} to ${short(high)}${steps}`);
    marks.replaceChildren(
      ...scaleTicks(scale, 3).map((value) => {
        const tick = h("span", {}, short(value).replace("-", "−"));
        tick.style.left = `${low < high ? 100 * placeOf(scale, value) : 50}%`;
        return tick;
      }),
    );
    whole = [least, most];
    from.show(range ? range[0] : least);
    to.show(range ? range[1] : most);
    all.hidden = !range;
  });
  return element;
}

/** Returns the name of the numbers that the colors show. @param {import("../core/app.js").App} app */
export function nameOfScale({ state }) {
  const { color } = state.now;
  return columnOf(color) ?? (color === "moved" ? "neighbors kept, of 15" : color);
}
