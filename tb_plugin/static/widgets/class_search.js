/** The search in a legend of many classes, in the language of the search for points. */

import { h, plural } from "../lib/dom.js";
import { search } from "../lib/query.js";

const MANY = 20; // classes: fewer need no search
const FIELDS = [{ name: "class", type: /** @type {const} */ ("text") }];

/**
 * Returns the field, which hides the classes that it does not find, and a function that takes a new list of classes.
 * @param {HTMLElement} classes a button for each class, in the order of the list
 * @param {(keys: number[]) => void} alone shows the points of these classes alone
 */
export function classSearch(classes, alone) {
  /** @type {[number, string, number][]} */
  let list = [];
  /** @type {Uint8Array} */
  let found = new Uint8Array();
  const input = h("input", {
    type: "text",
    role: "searchbox",
    placeholder: "find a class",
    "aria-label": "Find classes",
    title: "Words, all of which must be in the name. Enter: these classes alone. Arrows: through the classes",
    oninput: () => find(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && found.some(Boolean)) alone(list.flatMap(([key], i) => (found[i] ? [key] : [])));
      else if (event.key === "ArrowDown") go(0);
      else return;
      event.preventDefault();
    },
  });
  const said = h("p", { className: "hint", role: "status" });
  const element = h("div", { className: "legend-search", hidden: true }, input, said);

  const buttons = () => /** @type {HTMLElement[]} */ ([...classes.children]).filter(({ hidden }) => !hidden);
  /** @param {number} at before the first class is the field */
  const go = (at) => (at < 0 ? input : buttons()[at])?.focus();
  classes.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by || element.hidden) return;
    go(buttons().indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by);
    event.preventDefault();
  });

  const find = async () => {
    const text = element.hidden ? "" : input.value;
    const names = list.map(([, name]) => name);
    const column = { type: /** @type {const} */ ("text"), of: names.map((_, i) => i), texts: names };
    // A query that is not finished finds all.
    const hits = await search(text, list.length, FIELDS, async () => column).catch(() => null);
    if (names.length !== list.length || (text && text !== input.value)) return; // a later one is on its way
    found = hits ?? new Uint8Array(list.length).fill(1);
    for (const [i, one] of /** @type {HTMLElement[]} */ ([...classes.children]).entries()) one.hidden = !found[i];
    const count = found.reduce((sum, one) => sum + one, 0);
    said.textContent = text.trim() ? `${count.toLocaleString("en")} of ${plural(list.length, "class", "classes")}` : "";
  };
  /** @param {typeof list} classes */
  const show = (classes) => {
    list = classes;
    element.hidden = list.length <= MANY;
    find();
  };
  return { element, show };
}
