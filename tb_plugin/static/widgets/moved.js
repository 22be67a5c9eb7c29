/** What moved: how many of its nearest neighbors each point has kept since another step, or in another run. */

import { classesOf } from "../lib/coloring.js";
import { checkbox, h, plural, select } from "../lib/dom.js";
import { recolored, same } from "../lib/state.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../lib/state.js").Since} Since */

const ROWS = 50;
const NEIGHBORS = 15;
const SLOW_MS = 200;

/** Returns the section, which asks for nothing until it is opened. @param {App} app */
export function moved(app) {
  const { state, session } = app;
  const against = select("Compare with", [], "", (value) => state.set({ since: value ? JSON.parse(value) : null }));
  const color = checkbox("color the points", false, (on) => state.set(recolored(state.now, on ? "moved" : "label")));
  const trails = checkbox("trails of the selection", false, (on) => session.set({ trails: on }));
  const text = h("p", { className: "hint", role: "status" });
  const rows = h("tbody");
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...["point", "label", "kept"].map((name) => h("th", { scope: "col" }, name)))),
    rows,
  );
  const element = h(
    "details",
    { className: "moved", "aria-label": "What moved", ontoggle: () => show() },
    h("summary", {}, "What moved"),
    h("div", { className: "row" }, h("label", {}, "since ", against)),
    h("div", { className: "checks" }, color.element, trails.element),
    text,
    h("div", { className: "scroll" }, table),
  );
  let ticket = 0;

  const show = async () => {
    const panel = app.panels.find(({ frame }) => frame);
    if (!element.open || !panel?.frame) return;
    const mine = ++ticket;
    const { space, frame } = panel;
    offer(against, app, space, frame.step);
    const slow = setTimeout(() => (text.textContent = "Comparing the neighbors of all points …"), SLOW_MS);
    try {
      const kept = await space.moved(frame.step, state.now.since);
      if (mine !== ticket) return;
      const order = [...kept.keys()].filter((i) => kept[i] <= NEIGHBORS).sort((a, b) => kept[a] - kept[b] || a - b);
      const mean = order.reduce((sum, i) => sum + kept[i], 0) / order.length;
      const some = order.length < kept.length ? `, of ${plural(order.length, "point")} that were compared` : "";
      text.textContent = `${mean.toFixed(1)} of ${NEIGHBORS} neighbors kept on average${some}; those that kept least:`;
      const labels = classesOf(frame.labels);
      rows.replaceChildren(
        ...order.slice(0, ROWS).map((index) => {
          const name = labels ? (labels.classes[labels.of[index]] ?? labels.rest).name : "";
          const go = h("button", { type: "button", title: "Go there", onclick: () => app.visit(index) }, String(index));
          return h("tr", {}, h("td", {}, go), h("td", {}, name), h("td", {}, String(kept[index])));
        }),
      );
    } catch (error) {
      if (mine !== ticket) return;
      rows.replaceChildren();
      text.textContent = /** @type {Error} */ (error).message;
    } finally {
      clearTimeout(slow);
    }
  };
  app.on(["data", "since", "spaces"], show);
  app.on(["color", "listing"], () => (color.input.checked = state.now.color === "moved"));
  return element;
}

/**
 * Offers the steps of a latent space, and the other ones with as many points.
 * @param {HTMLSelectElement} against @param {App} app @param {import("../data/space.js").LatentSpace} space
 * @param {number} step the one that is shown
 */
function offer(against, app, space, step) {
  const { since } = app.state.now;
  /** @type {[Since|null, string][]} */
  const choices = [[null, "the step before"]];
  for (const one of space.info.steps) choices.push([{ ...space.id, step: one }, `step ${one.toLocaleString("en")}`]);
  for (const [run, tags] of Object.entries(app.listing)) {
    for (const [tag, info] of Object.entries(tags)) {
      if (same({ run, tag }, space.id) || info.points !== space.info.points || !info.steps.length) continue;
      const nearest = info.steps.findLast((one) => one <= step) ?? info.steps[0];
      choices.push([
        { run, tag, step: nearest },
        `${run} · ${info.display_name}, step ${nearest.toLocaleString("en")}`,
      ]);
    }
  }
  if (since && !choices.some(([one]) => same(one, since))) choices.push([since, `${since.run}, step ${since.step}`]);
  const options = choices.map(([one, name]) => h("option", { value: one ? JSON.stringify(one) : "" }, name));
  const now = [...against.options].map(({ value }) => value).join();
  if (now !== options.map(({ value }) => value).join()) against.replaceChildren(...options);
  against.value = since ? JSON.stringify(since) : "";
}
