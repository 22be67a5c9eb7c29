/** The controls: runs, plane, display, tools. */

import { button, checkbox, h, plural, select } from "../lib/dom.js";
import { byColumn, COLOR_MODES } from "../lib/palette.js";
import { NEAREST } from "../lib/maps.js";
import { page } from "../lib/page.js";
import { isSide, planeOf } from "../lib/planes.js";
import { LAYERS, MAX_SPACES, recolored, same } from "../lib/state.js";
import { MAX_COMPONENTS, START, turnThrough } from "../lib/tour.js";
import { errorsLegend } from "./errors_legend.js";
import { plotPictures } from "./plot_picture.js";
import { savePage } from "./save_page.js";
import { TOOLS } from "../plot/tools.js";

/** @typedef {import("../core/app.js").App} App */

/** Returns the list of runs and their latent spaces. Checked ones are shown side by side. @param {App} app */
export function runList(app) {
  const { state } = app;
  const list = h("div", { className: "runs", role: "group", "aria-label": "Latent spaces" });
  const about = h("div", { className: "about" });
  const omitted = h("p", { className: "hint" });
  const element = h("section", {}, h("h3", {}, "Runs"), list, omitted, about, savePage(app));
  let shown = "";
  app.on(["listing", "spaces"], () => {
    omitted.hidden = !app.omitted;
    omitted.textContent =
      `${app.omitted.toLocaleString("en")} more are not listed: there are too many. ` +
      "To see them, start TensorBoard with a --logdir of fewer runs.";
    const { spaces } = state.now;
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
          const rest = state.now.spaces.filter((other) => !same(other, id));
          state.set({ spaces: checked ? [...rest, id] : rest, selected: null });
        });
        input.dataset.id = JSON.stringify(id);
        input.disabled = chosen ? spaces.length === 1 : spaces.length >= MAX_SPACES;
        row.title = info.error ?? `${info.points} points of ${info.dims} numbers`;
        row.addEventListener("dblclick", () => state.set({ spaces: [id], selected: null }));
        return row;
      }),
    );
    const again = [...list.querySelectorAll("input")].find((input) => input.dataset.id === focused);
    if (focused) again?.focus();
    const [first] = spaces;
    const description = first && app.listing[first.run]?.[first.tag]?.description;
    // TensorBoard made this HTML from the Markdown of the description and sanitized it.
    about.innerHTML = description ?? "";
    about.hidden = !description;
  });
  return element;
}

const MAP = "map:";
const COMPUTED = ["UMAP", "t-SNE"]; // by the server

/** Returns the choice of the plane, for codes of more than two numbers, or with projections. @param {App} app */
export function planeChoice(app) {
  const { state } = app;
  const kind = select(
    "Plane",
    [
      ["axes", "two axes"],
      ["pca", "PCA"],
      ["tour", "tour"],
    ],
    "axes",
    (value) => {
      if (value.startsWith(MAP)) state.set({ plane: { kind: "map", name: value.slice(MAP.length) } });
      else if (value === "tour") state.set({ plane: START, tool: "turn" });
      else state.set({ plane: value === "pca" ? { kind: "pca" } : { kind: "axes", i: 0, j: 1 } });
    },
  );
  /** @param {"i"|"j"} part @param {string} label */
  const axis = (part, label) =>
    select(label, [], "", (value) => {
      const { plane } = state.now;
      if (plane?.kind === "axes") state.set({ plane: { ...plane, [part]: Number(value) } });
    });
  const axes = { i: axis("i", "Axis across"), j: axis("j", "Axis up") };
  const through = select("Component to turn through", [], "", (value) => {
    const { plane } = state.now;
    if (plane?.kind === "tour") state.set({ plane: turnThrough(plane, Number(value)) });
  });
  const turning = h("label", {}, "through ", through);
  const given = h("optgroup", { label: "logged" });
  const computed = h("optgroup", { label: "computed" });
  const offered = page ? [] : COMPUTED;
  const shares = h("p", { className: "hint" });
  const row = h("div", { className: "row" }, kind, axes.i, axes.j, turning);
  const element = h("section", {}, h("h3", {}, "Plane"), row, shares);
  /** @param {HTMLSelectElement} list @param {number} first @param {number} end @param {(d: number) => string} name */
  const offer = (list, first, end, name) => {
    const numbers = Array.from({ length: Math.max(0, end - first) }, (_, k) => first + k);
    if (list.options.length !== numbers.length)
      list.replaceChildren(...numbers.map((d) => h("option", { value: String(d) }, name(d))));
  };
  app.on(["data", "plane"], () => {
    const dims = Math.max(1, ...app.panels.map((panel) => panel.frame?.plane.origin.length ?? 1));
    const plane = planeOf(state.now.plane, dims);
    const names = [...new Set(app.panels.flatMap((panel) => panel.space.info.projections))];
    if (plane.kind === "map" && ![...names, ...offered].includes(plane.name)) names.push(plane.name); // of another step
    const others = dims > 2 ? offered.filter((name) => !names.includes(name)) : [];
    for (const [group, list] of /** @type {const} */ ([
      [given, names],
      [computed, others],
    ])) {
      group.replaceChildren(...list.map((name) => h("option", { value: MAP + name }, name)));
      if (list.length) kind.append(group);
      else group.remove();
    }
    element.hidden = dims <= 2 && !names.length;
    kind.value = plane.kind === "map" ? MAP + plane.name : plane.kind;
    for (const part of /** @type {("i"|"j")[]} */ (["i", "j"])) {
      offer(axes[part], 0, dims, String);
      axes[part].hidden = plane.kind !== "axes";
      if (plane.kind === "axes") axes[part].value = String(plane[part]);
    }
    offer(through, 2, Math.min(dims, MAX_COMPONENTS), (d) => `component ${d + 1}`);
    turning.hidden = plane.kind !== "tour";
    if (plane.kind === "tour") through.value = String(plane.through);
    shares.textContent = app.panels
      .map(({ frame, space }) => {
        if (frame?.plane.given) return `decoded between points: from the codes of the ${NEAREST} nearest`;
        const percent = (frame?.plane.shares ?? [])
          .map((share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`))
          .join(" + ");
        const { steps } = space.info;
        const at = frame && isSide(frame.choice) ? ` at step ${steps[steps.length - 1]}` : "";
        const sample = frame?.sample ? `, fitted on a sample of ${plural(frame.sample, "code")}` : "";
        return `${percent} of the variance${at}${sample}`;
      })
      .join("; ");
  });
  return element;
}

/** Returns the options of the display. @param {App} app */
export function display(app) {
  const { state } = app;
  const color = select("Color by", Object.entries(COLOR_MODES), state.now.color, (value) =>
    state.set(recolored(state.now, value)),
  );
  const columns = h("optgroup", { label: "columns" });
  const layer = select("Overlay", Object.entries(LAYERS), state.now.layer, (value) =>
    state.set({ layer: /** @type {keyof typeof LAYERS} */ (value) }),
  );
  const shapes = checkbox("shapes", false, (on) => state.set({ shapes: on }));
  const manifold = checkbox("decoded grid", false, (on) => state.set({ manifold: on }));
  const thumbnails = checkbox("images when near", true, (on) => state.set({ thumbnails: on }));
  const named = checkbox("class names", false, (on) => state.set({ names: on }));
  const hold = checkbox("hold axes", false, (on) => state.set({ view: on ? app.camera.target : null }));
  const element = h(
    "section",
    {},
    h("h3", {}, "Display"),
    h("div", { className: "row" }, h("label", {}, "color ", color)),
    h("div", { className: "row" }, h("label", {}, "overlay ", layer)),
    errorsLegend(app),
    h(
      "div",
      { className: "checks" },
      shapes.element,
      named.element,
      manifold.element,
      thumbnails.element,
      hold.element,
    ),
  );
  app.on(["listing", "spaces", "data", "color", "layer", "shapes", "names", "manifold", "thumbnails"], () => {
    const spaces = app.panels.map((panel) => panel.space);
    const names = [...new Set(spaces.flatMap((space) => space.columns))];
    if (
      !same(
        names,
        Array.from(columns.children, ({ textContent }) => textContent),
      )
    )
      columns.replaceChildren(...names.map((name) => h("option", { value: byColumn(name) }, name)));
    if (names.length) color.append(columns);
    else columns.remove();
    color.value = state.now.color;
    /** @param {string} part */
    const without = (part) => spaces.length > 0 && spaces.every((space) => !space.has(part));
    layer.value = state.now.layer;
    for (const option of layer.options) option.disabled = option.value === "error" && without("errors");
    for (const option of color.options) {
      option.disabled =
        (option.value === "error" && without("errors")) || (option.value === "label" && without("labels"));
    }
    shapes.input.checked = state.now.shapes;
    named.input.checked = app.panels.some((panel) => panel.namesOn && panel.classes);
    named.input.disabled = !app.panels.some((panel) => panel.classes);
    manifold.input.checked = app.panels.some((panel) => panel.manifoldOn && panel.space.has("decoder"));
    manifold.input.disabled = without("decoder");
    thumbnails.input.checked = state.now.thumbnails && !without("images");
    thumbnails.input.disabled = without("images");
  });
  app.on(["listing", "view"], () => (hold.input.checked = state.now.view !== null));
  return element;
}

/** Returns the buttons over the plots: tools and zoom. @param {App} app */
export function toolBar(app) {
  const { state, camera } = app;
  const inputs = TOOLS.map(({ name, title, key }) => {
    const input = h("input", {
      type: "radio",
      name: "tool",
      value: name,
      onchange: () => state.set({ tool: name }),
    });
    return { input, label: h("label", { title: `${title} (key ${key})` }, input, h("span", {}, name)) };
  });
  /** @param {number} factor */
  const zoomBy = (factor) => app.look({ ...camera.view, span: camera.view.span / factor });
  const element = h(
    "div",
    { className: "tools" },
    h("div", { className: "radios", role: "radiogroup", "aria-label": "Tool" }, ...inputs.map(({ label }) => label)),
    button("+", "Zoom in (key +)", () => zoomBy(1.4), { className: "icon" }),
    button("−", "Zoom out (key −)", () => zoomBy(1 / 1.4), { className: "icon" }),
    button("fit", "Show all points (key 0)", () => state.set({ view: null })),
    ...plotPictures(app),
  );
  app.on(["tool", "listing"], () => {
    for (const { input } of inputs) input.checked = input.value === state.now.tool;
  });
  app.on(["data"], () => {
    const dims = Math.max(...app.panels.map((panel) => panel.frame?.plane.origin.length ?? 1));
    for (const [i, { label }] of inputs.entries()) label.hidden = (TOOLS[i].dims ?? 0) > dims;
  });
  return element;
}
