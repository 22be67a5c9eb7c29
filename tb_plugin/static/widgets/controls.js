/** What is shown and how: runs, plane, colors, tools. */

import { button, checkbox, h, select } from "../lib/dom.js";
import { MAX_SPACES, same } from "../lib/state.js";

/** @typedef {import("../core/app.js").App} App */

/** The runs and their latent spaces; ticked ones stand side by side. @param {App} app */
export function runList(app) {
  const { store } = app;
  const list = h("div", { className: "runs", role: "group", "aria-label": "Latent spaces" });
  const about = h("div", { className: "about" });
  const omitted = h("p", { className: "hint" });
  const element = h("section", {}, h("h3", {}, "Runs"), list, omitted, about);
  let shown = "";
  app.on(["runs", "spaces"], () => {
    omitted.hidden = !app.omitted;
    omitted.textContent =
      `${app.omitted.toLocaleString("en")} more are not listed: there are too many. ` +
      "To see them, start TensorBoard with a --logdir of fewer runs.";
    const { spaces } = store.state;
    const ids = Object.entries(app.listing).flatMap(([run, tags]) => Object.keys(tags).map((tag) => ({ run, tag })));
    const now = JSON.stringify([ids, spaces, ids.map(({ run, tag }) => app.listing[run][tag].display_name)]);
    if (now === shown) return;
    shown = now;
    const focused = document.activeElement?.getAttribute("data-id");
    list.replaceChildren(
      ...ids.map((id) => {
        const chosen = spaces.some((other) => same(other, id));
        const info = app.listing[id.run][id.tag];
        const { element: row, input } = checkbox(`${id.run} · ${info.display_name}`, chosen, (checked) => {
          const rest = store.state.spaces.filter((other) => !same(other, id));
          store.set({ spaces: checked ? [...rest, id] : rest });
        });
        input.dataset.id = JSON.stringify(id);
        input.disabled = chosen ? spaces.length === 1 : spaces.length >= MAX_SPACES;
        row.title = info.error ?? `${info.points} points of ${info.dims} numbers`;
        row.addEventListener("dblclick", () => store.set({ spaces: [id] }));
        return row;
      }),
    );
    const again = [...list.querySelectorAll("input")].find((input) => input.dataset.id === focused);
    if (focused) again?.focus();
    const [first] = spaces;
    const description = first && app.listing[first.run]?.[first.tag]?.description;
    // TensorBoard made this HTML of the description's Markdown, and cleaned it.
    about.innerHTML = description ?? "";
    about.hidden = !description;
  });
  return element;
}

/** @param {App} app */
export function planeChoice(app) {
  const { store } = app;
  const kind = select(
    "Plane",
    [
      ["axes", "two axes"],
      ["pca", "PCA"],
    ],
    "axes",
    (value) => store.set({ plane: value === "pca" ? { kind: "pca" } : { kind: "axes", i: 0, j: 1 } }),
  );
  /** @param {"i"|"j"} part @param {string} label */
  const axis = (part, label) =>
    select(label, [], "", (value) => {
      const { plane } = store.state;
      if (plane.kind === "axes") store.set({ plane: { ...plane, [part]: Number(value) } });
    });
  const axes = { i: axis("i", "Axis across"), j: axis("j", "Axis up") };
  const told = h("p", { className: "hint" });
  const row = h("div", { className: "row" }, kind, axes.i, axes.j);
  const element = h("section", {}, h("h3", {}, "Plane"), row, told);
  app.on(["data", "plane"], () => {
    const dims = Math.max(1, ...app.panels.map((panel) => panel.frame?.plane.origin.length ?? 1));
    const { plane } = store.state;
    element.hidden = dims <= 2;
    kind.value = plane.kind;
    for (const part of /** @type {("i"|"j")[]} */ (["i", "j"])) {
      if (axes[part].options.length !== dims) {
        axes[part].replaceChildren(
          ...Array.from({ length: dims }, (_, d) => h("option", { value: String(d) }, String(d))),
        );
      }
      axes[part].hidden = plane.kind === "pca";
      if (plane.kind === "axes") axes[part].value = String(plane[part]);
    }
    told.textContent = app.panels
      .map(({ frame, space }) => {
        const shares = frame?.plane.shares ?? [];
        const percent = shares.map((share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`)).join(" + ");
        const { steps } = space.info;
        return `${percent} of the variance${frame?.choice.kind === "pca" ? ` at step ${steps[steps.length - 1]}` : ""}`;
      })
      .join("; ");
  });
  return element;
}

/** @param {App} app */
export function display(app) {
  const { store } = app;
  const color = select(
    "Color by",
    [
      ["label", "label"],
      ["error", "error"],
      ["none", "nothing"],
    ],
    "label",
    (value) => store.set({ color: /** @type {any} */ (value) }),
  );
  const shapes = checkbox("shapes", false, (on) => store.set({ shapes: on }));
  const manifold = checkbox("decoded grid", false, (on) => store.set({ manifold: on }));
  const thumbnails = checkbox("images when near", true, (on) => store.set({ thumbnails: on }));
  const hold = checkbox("hold axes", false, (on) => store.set({ view: on ? app.camera.target : null }));
  const element = h(
    "section",
    {},
    h("h3", {}, "Display"),
    h("div", { className: "row" }, h("label", {}, "color ", color)),
    h("div", { className: "checks" }, shapes.element, manifold.element, thumbnails.element, hold.element),
  );
  app.on(["runs", "spaces", "data", "color", "shapes", "manifold", "thumbnails"], () => {
    const { state } = store;
    color.value = state.color;
    const spaces = app.panels.map((panel) => panel.space);
    /** @param {string} part */
    const without = (part) => spaces.length > 0 && spaces.every((space) => !space.has(part));
    for (const option of color.options) {
      option.disabled =
        (option.value === "error" && without("errors")) || (option.value === "label" && without("labels"));
    }
    shapes.input.checked = state.shapes;
    manifold.input.checked = spaces.some((space) => app.manifoldOn(space) && space.has("decoder"));
    manifold.input.disabled = without("decoder");
    thumbnails.input.checked = state.thumbnails && !without("images");
    thumbnails.input.disabled = without("images");
  });
  app.on(["runs", "view"], () => (hold.input.checked = store.state.view !== null));
  return element;
}

/** @type {[value: import("../lib/state.js").Tool, text: string, title: string][]} */
const TOOLS = [
  ["decode", "decode", "Click or drag: the decoder shows what is there"],
  ["pan", "pan", "Drag the view (also: shift and drag)"],
  ["box", "box", "Select the points of a box"],
  ["lasso", "lasso", "Select the points of an outline"],
  ["path", "path", "Click the corners of a walk"],
];

/** @param {App} app */
export function toolBar(app) {
  const { store, camera } = app;
  const inputs = TOOLS.map(([value, text, title]) => {
    const input = h("input", {
      type: "radio",
      name: "tool",
      value,
      onchange: () => {
        app.outline = null;
        store.set({ tool: value });
      },
    });
    return { input, label: h("label", { title }, input, h("span", {}, text)) };
  });
  /** @param {number} factor */
  const zoomBy = (factor) => app.look({ ...camera.view, span: camera.view.span / factor });
  const element = h(
    "div",
    { className: "tools" },
    h("div", { className: "radios", role: "radiogroup", "aria-label": "Tool" }, ...inputs.map(({ label }) => label)),
    button("+", "Zoom in (key +)", () => zoomBy(1.4), { className: "icon" }),
    button("−", "Zoom out (key −)", () => zoomBy(1 / 1.4), { className: "icon" }),
    button("fit", "Show all points (key 0)", () => store.set({ view: null })),
  );
  app.on(["tool", "runs"], () => {
    for (const { input } of inputs) input.checked = input.value === store.state.tool;
    for (const panel of app.panels) panel.plot.dataset.tool = store.state.tool;
  });
  return element;
}
