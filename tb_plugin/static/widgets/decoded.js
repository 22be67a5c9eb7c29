/** The section with the decoded image of the probe. */

import { chartFrame } from "../lib/chart_frame.js";
import { h, short } from "../lib/dom.js";
import { NEAREST } from "../lib/maps.js";
import { copy } from "../lib/picture.js";
import { offPlane } from "../lib/planes.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

/** Returns the decoded image of the probe, for each latent space. @param {App} app */
export function decoded(app) {
  const figures = h("div", { className: "figures" });
  const place = h("p", { className: "hint", role: "status" });
  const element = h("section", { "aria-label": "Decoded" }, h("h3", {}, "Decoded"), figures, place);
  /** @type {{panel: Panel, chart: unknown, name: string, canvas: HTMLCanvasElement, figure: HTMLElement}[]} */
  let shown = [];
  app.on(["probe", "code", "probed", "decoder", "spaces", "data", "plane"], () => {
    const { probe, code } = app.state.now;
    element.hidden = !app.panels.some((panel) => panel.space.has("decoder"));
    const panels = app.panels.filter((panel) => panel.probe.picture);
    const names = panels.map((panel) => (app.panels.length > 1 ? panel.space.name : ""));
    // A drag draws on the canvases that are there: new ones would cost a layout in each frame.
    const kept = panels.map((panel, i) => {
      const chart = panel.look?.chart ?? null;
      return shown.find((one) => one.panel === panel && one.chart === chart && one.name === names[i]);
    });
    if (kept.length !== shown.length || kept.some((one, i) => one !== shown[i])) {
      shown = panels.map((panel, i) => kept[i] ?? made(panel, names[i]));
      figures.replaceChildren(...shown.map(({ figure }) => figure));
    }
    for (const { panel, canvas } of shown) {
      copy(canvas, /** @type {HTMLCanvasElement} */ (panel.probe.picture));
    }
    const { plane } = panels[0]?.frame ?? {};
    const away = code && plane?.origin.length === code.length ? offPlane(code, plane) : 0;
    const from = plane?.given && !code ? `, interpolated from the ${NEAREST} nearest points` : "";
    place.textContent = probe
      ? `at ${short(probe[0])}, ${short(probe[1])}${away ? `, ${short(away)} off the plane` : ""}${from}`
      : "Click or drag in the plot, or use the arrow keys there.";
  });
  return element;
}

/** Returns the figure of a panel's probe. @param {Panel} panel @param {string} name */
function made(panel, name) {
  const label = `Decoded by ${panel.space.name}`;
  const canvas = h("canvas", { className: "preview", role: "img", "aria-label": label });
  const chart = panel.look?.chart ?? null;
  const n = panel.probe.numbers?.length ?? 0;
  const picture = chart ? chartFrame(canvas, chart, n, () => panel.probe.numbers) : canvas;
  return { panel, chart, name, canvas, figure: h("figure", {}, picture, h("figcaption", {}, name)) };
}
