/** All dimensions at once: a slider for each number of the code under the cross. */

import { button, h, numberField } from "../lib/dom.js";
import { copy } from "../lib/picture.js";
import { into } from "../lib/planes.js";
import { limits } from "../lib/traversals.js";
import { dimensionSheet } from "./dimension_sheet.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

/**
 * Returns the section of the sliders, for codes of more than two numbers with a decoder. It loads the codes when it is opened.
 * @param {App} app
 */
export function dimensions(app) {
  const { state, session } = app;
  const picture = h("canvas", { className: "preview", role: "img", "aria-label": "Decoded from these numbers" });
  const text = h("p", { className: "hint", role: "status" });
  const list = h("div", { className: "sliders", role: "group", "aria-label": "Numbers of the code" });
  const ofPoint = button("of the point", "Take the code of the point that was clicked", async () => {
    const panel = shownOf(app);
    const { anchor } = session.now;
    if (!panel?.frame || anchor < 0) return;
    const dims = panel.frame.plane.origin.length;
    const codes = await panel.space.codes(panel.frame.step);
    take(panel, codes.slice(anchor * dims, (anchor + 1) * dims));
  });
  const back = button("into the plane", "Go back to the place in the plane", () => state.set({ code: null }));
  const sheet = dimensionSheet(app, () => (element.open ? shownOf(app) : undefined));
  const element = h(
    "details",
    { className: "dimensions", "aria-label": "All dimensions", hidden: true, ontoggle: () => open() },
    h("summary", {}, "All dimensions"),
    h("div", { className: "now" }, picture, h("div", {}, text, h("div", { className: "row" }, ofPoint, back))),
    list,
    sheet.element,
  );
  /** @type {{range: HTMLInputElement, field: ReturnType<typeof numberField>}[]} */
  let sliders = [];
  /** @type {unknown} the codes that the sliders have their limits from */
  let limited = null;

  /** @param {Panel} panel @param {Float32Array} code */
  const take = (panel, code) => {
    if (panel.frame) state.set({ code: [...code], probe: into(code, panel.frame.plane) });
  };
  /** @param {number} d @param {number} value */
  const move = (d, value) => {
    const panel = shownOf(app);
    const code = panel?.probe.code?.slice();
    if (!panel || !code) return;
    code[d] = value;
    session.set({ anchor: -1 });
    take(panel, code);
  };
  const show = () => {
    const panel = shownOf(app);
    const code = panel?.probe.code;
    element.hidden = !panel || !code;
    if (!panel || !code || !element.open) return;
    if (sliders.length !== code.length) {
      sliders = Array.from(code, (_, d) => slider(d, (value) => move(d, value)));
      list.replaceChildren(
        ...sliders.flatMap(({ range, field }, d) => [h("span", {}, String(d)), range, field.element]),
      );
      limited = null;
    }
    for (const [d, { range, field }] of sliders.entries()) {
      if (code[d] < Number(range.min)) range.min = String(code[d]);
      if (code[d] > Number(range.max)) range.max = String(code[d]);
      range.value = String(code[d]);
      field.show(code[d]);
    }
    ofPoint.disabled = session.now.anchor < 0;
    back.disabled = !state.now.code;
    text.textContent = state.now.probe ? "the place under the cross" : "the mean of the codes: move a slider";
    picture.hidden = !panel.probe.picture;
    if (panel.probe.picture) copy(picture, panel.probe.picture);
  };
  const open = async () => {
    show();
    const panel = shownOf(app);
    if (!element.open || !panel?.frame) return;
    const { step, plane } = panel.frame;
    try {
      const codes = await panel.space.codes(step);
      if (codes === limited || shownOf(app) !== panel || panel.frame?.step !== step) return;
      limited = codes;
      const { low, high } = limits(codes, plane.origin.length);
      for (const [d, { range }] of sliders.entries()) [range.min, range.max] = [String(low[d]), String(high[d])];
      show();
      sheet.draw();
    } catch (error) {
      text.textContent = /** @type {Error} */ (error).message;
    }
  };
  app.on(["code", "probe", "probed", "anchor", "decoder", "plane"], show);
  app.on(["data", "spaces"], open);
  return element;
}

/** Returns the first latent space whose codes have more than two numbers and that has a decoder. @param {App} app */
function shownOf(app) {
  return app.panels.find(
    ({ frame, space, decoding }) => frame && frame.plane.origin.length > 2 && space.has("decoder") && decoding !== null,
  );
}

/** @param {number} d @param {(value: number) => void} move */
function slider(d, move) {
  const range = h("input", {
    type: "range",
    step: "any",
    min: "0",
    max: "0",
    "aria-label": `Code ${d}`,
    oninput: () => move(range.valueAsNumber),
  });
  return { range, field: numberField(`Number of code ${d}`, {}, move) };
}
