/** The selected points as a table that each column can sort. */

import { ordered } from "../lib/columns.js";
import { button, h, plural, short } from "../lib/dom.js";
import { pointValues } from "./point_values.js";

const ROWS = 200;

/** Returns the table, which loads nothing until it is opened. @param {import("../core/app.js").App} app */
export function selectionTable(app) {
  const text = h("p", { className: "hint", role: "status" });
  const [head, body] = [h("tr"), h("tbody")];
  const table = h("table", {}, h("thead", {}, head), body);
  const element = h(
    "details",
    { className: "table", "aria-label": "Table of the selection", ontoggle: () => show() },
    h("summary", {}, "Table"),
    text,
    h("div", { className: "scroll" }, table),
  );
  /** @type {{name: string, direction: 1|-1}} */
  let order = { name: "index", direction: 1 };
  let ticket = 0;

  const show = async () => {
    const chosen = app.session.now.selection;
    const panel = app.panels.find(({ frame }) => frame);
    if (!element.open || !chosen || !panel?.frame) return;
    const mine = ++ticket;
    try {
      const { names, value } = await pointValues(panel, panel.frame);
      if (mine !== ticket) return;
      const by = Math.max(0, names.indexOf(order.name));
      const sorted = ordered(chosen, (index) => value(index, by), order.direction);
      const rest = sorted.length - ROWS;
      text.textContent = rest > 0 ? `the first ${ROWS} of ${plural(sorted.length, "point")} in this order` : "";
      const focused = names.findIndex((_, i) => head.children[i]?.contains(document.activeElement));
      head.replaceChildren(...names.map((name, i) => heading(name, i === by ? order.direction : 0)));
      if (focused >= 0) head.children[focused].querySelector("button")?.focus();
      body.replaceChildren(...sorted.slice(0, ROWS).map((index) => row(index, names, value)));
    } catch (error) {
      if (mine !== ticket) return;
      body.replaceChildren();
      text.textContent = /** @type {Error} */ (error).message;
    }
  };
  /** @param {string} name @param {1|-1|0} sorted */
  const heading = (name, sorted) => {
    const arrow = sorted ? (sorted > 0 ? " ▲" : " ▼") : "";
    const sort = () => {
      order = { name, direction: sorted === 1 ? -1 : 1 };
      show();
    };
    const state = sorted ? (sorted > 0 ? "ascending" : "descending") : "none";
    return h("th", { scope: "col", "aria-sort": state }, button(name + arrow, `Sort by ${name}`, sort));
  };
  /** @param {number} index @param {string[]} names @param {(index: number, column: number) => string|number|null} value */
  const row = (index, names, value) =>
    h(
      "tr",
      {},
      ...names.map((name, column) => {
        const one = value(index, column);
        const said = typeof one === "number" && !Number.isInteger(one) ? short(one) : `${one ?? "–"}`;
        const isPlace = name === "index" && one === index;
        return h("td", { title: said }, isPlace ? button(said, `Go to point ${index}`, () => app.visit(index)) : said);
      }),
    );
  app.on(["selection", "data"], show);
  return element;
}
