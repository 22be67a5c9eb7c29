/** The section about the selected points. */

import { listed } from "../lib/coloring.js";
import { button, h, plural, short } from "../lib/dom.js";
import { put, rgba } from "../lib/picture.js";
import { leftOut, MAX_RANGES } from "../lib/ranges.js";
import { pointsCSV } from "./points_csv.js";
import { selectionTable } from "./selection_table.js";

const SHOWN = 48; // images of a selection at most

/** Returns the section about the selection: how many points, their classes, mean error and images. @param {import("../core/app.js").App} app */
export function selected(app) {
  const text = h("p", { role: "status" });
  const classes = h("p", { className: "hint" });
  const unlinked = h(
    "p",
    { className: "hint", hidden: true },
    `Links and saved views leave it out: its indices take more than ${MAX_RANGES.toLocaleString("en")} characters.`,
  );
  const images = h("div", { className: "montage" });
  const element = h(
    "section",
    { "aria-label": "Selection", hidden: true },
    h(
      "h3",
      {},
      "Selection",
      h("span", { className: "spring" }),
      pointsCSV(app, "CSV", "Save the selected points as a table", () => app.session.now.selection),
      button("clear", "Select nothing (Escape)", () => app.session.set({ selection: null })),
    ),
    text,
    classes,
    unlinked,
    images,
    selectionTable(app),
  );
  app.on(["selection", "data", "step"], () => {
    const chosen = app.session.now.selection;
    const panel = app.panels.find((p) => p.frame);
    element.hidden = !chosen || !panel;
    if (!chosen || !panel?.frame) return;
    const labels = listed(panel.coloring, panel.frame.labels);
    const counts = new Uint32Array(labels?.classes.length ?? 0);
    if (labels) for (const index of chosen) counts[labels.of[index]]++;
    const of = (labels?.classes ?? [])
      .map(({ name }, i) => ({ name, count: counts[i] }))
      .filter(({ count }) => count)
      .sort((a, b) => b.count - a.count);
    text.textContent = plural(chosen.size, "point");
    classes.textContent = of
      .slice(0, 12)
      .map(({ name, count }) => `${name}: ${count}`)
      .join(", ");
    panel.space.errors(panel.frame.step).then(
      (errors) => {
        if (!errors || !chosen.size || app.session.now.selection !== chosen) return;
        let sum = 0;
        for (const index of chosen) sum += errors[index];
        text.textContent = `${plural(chosen.size, "point")}, mean error ${short(sum / chosen.size)}`;
      },
      () => {},
    );
    const pictures = panel.images;
    images.replaceChildren(
      ...firstOf(chosen, pictures ? SHOWN : 0).map((index) => {
        const canvas = h("canvas", { role: "img", "aria-label": `Image ${index}`, title: `index ${index}` });
        if (pictures && index < pictures.count) {
          put(
            canvas,
            rgba(pictures.at(index), [pictures.height, pictures.width, pictures.channels]),
            pictures.width,
            pictures.height,
          );
        }
        return canvas;
      }),
    );
  });
  app.on(["selected"], () => (unlinked.hidden = leftOut(app.state.now.selected) === null));
  return element;
}

/** Returns the first `count` members of a set. @param {Set<number>} set @param {number} count */
function firstOf(set, count) {
  /** @type {number[]} */
  const first = [];
  for (const one of set) {
    if (first.length >= count) break;
    first.push(one);
  }
  return first;
}
