/** The search field: what it finds is selected, and may hide all other points. */

import { checkbox, h } from "../lib/dom.js";
import { MAX_QUERY } from "../lib/state.js";

/** Returns the search. @param {import("../core/app.js").App} app */
export function searchField(app) {
  const { state } = app;
  const input = h("input", {
    type: "search",
    maxLength: MAX_QUERY,
    "aria-label": "Search the points",
    oninput: () => state.set({ query: input.value }),
  });
  const said = h("p", { className: "hint", role: "status" });
  const only = checkbox("only these", false, (on) => state.set({ only: on }));
  only.element.title = "Hide the points that are not selected";
  const element = h("section", { "aria-label": "Search" }, h("h3", {}, "Search"), input, said, only.element);
  app.on(["listing", "spaces", "query", "search", "only"], () => {
    const fields = app.panels[0]?.space.fields ?? [];
    const text = fields.find(({ type }) => type === "text");
    const number = fields.find(({ type }) => type === "number");
    const examples = [
      text && "word",
      text && `${quoted(text.name)}:word`,
      text && "/^a.*z$/",
      number && `${quoted(number.name)}>10`,
    ];
    const some = examples.filter(Boolean).join("  ");
    input.placeholder = some;
    input.title =
      `Words, patterns and comparisons, all of which must hold: ${some}. ` +
      `There are: ${fields.map(({ name }) => name).join(", ")}.`;
    if (input.value !== state.now.query) input.value = state.now.query;
    said.textContent = app.search.said;
    said.classList.toggle("alert", app.search.failed);
    only.input.checked = state.now.only;
  });
  return element;
}

/** @param {string} name as a query takes it */
const quoted = (name) => (/[\s"/:<>=!]/.test(name) ? `"${name}"` : name);
