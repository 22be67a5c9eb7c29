/** The points nearest to the point that was clicked, or to the place that is decoded. */

import { classesOf } from "../lib/coloring.js";
import { h, plural, select, short } from "../lib/dom.js";
import { put, rgba } from "../lib/picture.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

const WAIT_MS = 120; // while the place moves, nothing is asked

/** Returns the section, which asks for nothing until it is opened. @param {App} app */
export function neighbors(app) {
  const { state, session } = app;
  const metric = select(
    "Distance",
    [
      ["euclidean", "Euclidean"],
      ["cosine", "cosine"],
    ],
    "euclidean",
    () => ask(),
  );
  const text = h("p", { className: "hint", role: "status" });
  const strip = h("div", { className: "neighbors" });
  const element = h(
    "details",
    { "aria-label": "Neighbors", ontoggle: () => ask() },
    h("summary", {}, "Neighbors"),
    h("div", { className: "row" }, h("label", {}, "distance ", metric)),
    text,
    strip,
  );
  let running = new AbortController();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let due;

  const ask = () => {
    clearTimeout(due);
    running.abort();
    if (element.open) due = setTimeout(show, WAIT_MS);
  };
  const show = async () => {
    const panel = app.panels.find(({ frame }) => frame);
    const frame = panel?.frame;
    const { anchor } = session.now;
    const { probe } = state.now;
    const isPoint = frame && anchor >= 0 && 2 * anchor < frame.xy.length;
    if (!panel || !frame || !(isPoint || probe)) {
      strip.replaceChildren();
      text.textContent = "Click a point or a place in the plot.";
      return;
    }
    running = new AbortController();
    const { signal } = running;
    const of = isPoint ? anchor : /** @type {Float32Array} */ (panel.probe.code);
    try {
      const { indices, distances } = await panel.space.neighbors(frame.step, metric.value, of, signal);
      signal.throwIfAborted();
      const what = isPoint ? `point ${anchor.toLocaleString("en")}` : "the place that is decoded";
      text.textContent = `${plural(indices.length, "point")} nearest to ${what}, in all dimensions`;
      strip.replaceChildren(...indices.map((index, i) => item(panel, index, distances[i], app)));
    } catch (error) {
      if (!signal.aborted) text.textContent = /** @type {Error} */ (error).message;
    }
  };
  app.on(["probe", "code", "plane", "anchor", "spaces", "data"], ask);
  return element;
}

/**
 * Returns the button of a neighbor: its image, label and distance.
 * @param {Panel} panel @param {number} index @param {number} distance @param {App} app
 */
function item(panel, index, distance, app) {
  const { images, frame } = panel;
  const labels = classesOf(frame?.labels);
  const name = labels ? (labels.classes[labels.of[index]] ?? labels.rest).name : null;
  const canvas = h("canvas", { hidden: !images || index >= images.count });
  if (images && index < images.count) {
    const { height, width, channels } = images;
    put(canvas, rgba(images.at(index), [height, width, channels]), width, height);
  }
  const label = `Point ${index}${name ? `, label ${name}` : ""}, at a distance of ${short(distance)}`;
  return h(
    "button",
    { type: "button", title: label, "aria-label": label, onclick: () => app.visit(index) },
    canvas,
    h("span", {}, name ?? `#${index}`),
    h("span", { className: "count" }, short(Number(distance.toPrecision(3)))),
  );
}
