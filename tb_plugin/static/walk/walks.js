/** The section and the film strips of the walk: a circle, a line or a path, decoded frame by frame. */

import { button, checkbox, h, numberField, select } from "../lib/dom.js";
import { evenness } from "./evenness.js";
import { Difference } from "./difference.js";
import { downloadCSV, downloadGIF, downloadPNG, downloadWebM } from "./export.js";
import { about } from "../lib/planes.js";
import { MAX_FRAMES } from "../lib/state.js";
import { path } from "../plot/tools/path.js";
import { Strip } from "./strip.js";
import { format } from "../lib/webm.js";

/** @typedef {import("../core/app.js").App} App */

/**
 * Returns the film strips under the plots and the section about the walk.
 * @param {App} app
 */
export function walks(app) {
  const { state } = app;
  /** @type {Map<import("../core/panel.js").Panel, Strip>} */
  const strips = new Map();
  const difference = new Difference(app);
  const films = () => [...strips.values(), difference];
  const strip = h("div", { className: "strips", role: "group", "aria-label": "Film strip of the walk" });
  const figures = h("div", { className: "figures" });

  const play = button("▶", "Play the walk (space)", () => app.player.toggle("walk"), {
    className: "icon",
  });
  const scrub = h("input", {
    type: "range",
    min: "0",
    step: "1",
    "aria-label": "Frame of the walk",
    oninput: () => {
      app.player.play("walk", false);
      state.set({ frame: scrub.valueAsNumber });
    },
  });
  const kind = select(
    "Form of the walk",
    [
      ["circle", "circle"],
      ["line", "line"],
      ["path", "path"],
    ],
    "circle",
    (value) => {
      const walk = app.course.shown;
      if (value === "path" || !walk) state.set({ tool: path.name });
      else if (value === "circle") state.set({ walk: about(app.panels[0].frame?.xy ?? new Float32Array(2)) });
      else if (walk.kind === "circle")
        state.set({
          walk: {
            kind: "path",
            points: [
              [walk.x - walk.r, walk.y],
              [walk.x + walk.r, walk.y],
            ],
          },
        });
      else state.set({ walk: { kind: "path", points: [walk.points[0], walk.points[walk.points.length - 1]] } });
    },
  );
  /** @param {"x"|"y"|"r"} part @param {string} label @param {number} [min] */
  const circleField = (part, label, min) =>
    numberField(label, { min }, (value) => {
      if (app.course.shown?.kind === "circle") state.set({ walk: { ...app.course.shown, [part]: value } });
    });
  const fields = {
    x: circleField("x", "Center, across"),
    y: circleField("y", "Center, up"),
    r: circleField("r", "Radius", 0),
  };
  const circle = h(
    "div",
    { className: "row" },
    h("label", {}, "center ", fields.x.element, " ", fields.y.element),
    h("label", {}, "radius ", fields.r.element),
  );
  const corners = h("div", { className: "row corners" });
  const smooth = checkbox("smooth", false, (on) => {
    const walk = app.course.shown;
    if (walk?.kind !== "path") return;
    state.set({ walk: { kind: "path", points: walk.points, ...(on ? { smooth: true } : {}) } });
  });
  smooth.element.title = "A curve through the corners instead of straight lines";
  const frames = numberField("How many frames", { min: 2, max: MAX_FRAMES, step: 1, width: "2.9em" }, (value) =>
    state.set({ frames: Math.round(value), frame: Math.min(state.now.frame, Math.round(value) - 1) }),
  );
  const ms = numberField("Milliseconds for each frame", { min: 20, max: 5000, step: "any", width: "3.4em" }, (value) =>
    state.set({ ms: Math.round(value) }),
  );
  const direction = button(
    "↺",
    "Reverse the direction",
    () => state.set({ direction: state.now.direction === 1 ? -1 : 1 }),
    { className: "icon" },
  );
  const reset = button("reset", "Reset the walk", () => state.set({ walk: null, frame: 0 }));
  const hint = h("p", { className: "hint", role: "status" });
  /** @type {[string, string, (film: import("./film.js").Film, app: App) => void|Promise<void>][]} */
  const kinds = [
    ["GIF", "an animation", downloadGIF],
    ...(format
      ? /** @type {[[string, string, typeof downloadWebM]]} */ ([
          ["WebM", "a video, which takes as long as it plays", downloadWebM],
        ])
      : []),
    ["PNG", "the film strip as a picture", downloadPNG],
    ["CSV", "the codes of the walk", downloadCSV],
  ];
  const exports = kinds.map(([name, what, download]) => {
    const save = button(name, `Save ${what}`, async () => {
      save.disabled = true;
      const shown = films().filter(({ frames }) => frames.length);
      await Promise.all(shown.map((one) => download(one, app))).catch((error) =>
        app.panels[0].say(error.message, true),
      );
      save.disabled = false;
    });
    return save;
  });
  const none = h("p", { className: "hint" });
  const controls = h(
    "div",
    {},
    figures,
    h("div", { className: "row" }, play, scrub, direction),
    h("div", { className: "row" }, kind, h("span", {}, frames.element, " × ", ms.element, " ms")),
    circle,
    corners,
    smooth.element,
    evenness(app),
    hint,
    h("div", { className: "row saves" }, h("span", {}, "save"), ...exports),
  );
  const section = h(
    "section",
    { "aria-label": "Walk" },
    h("h3", {}, "Walk", h("span", { className: "spring" }), reset),
    none,
    controls,
  );

  const arrange = () => {
    for (const [panel, one] of strips) {
      if (app.panels.includes(panel)) continue;
      one.close();
      strips.delete(panel);
    }
    for (const panel of app.panels) {
      if (!strips.has(panel)) strips.set(panel, new Strip(panel, app));
      const one = /** @type {Strip} */ (strips.get(panel));
      one.caption.textContent = app.panels.length > 1 ? panel.space.name : "";
      strip.append(one.canvas);
      figures.append(one.figure);
    }
    if (app.panels.length === 2) {
      strip.append(difference.canvas);
      figures.append(difference.figure);
    } else difference.close();
    difference.compare([...strips.values()]);
  };
  new ResizeObserver(() => films().forEach((one) => one.draw())).observe(strip);

  /** @type {import("../core/app.js").Topic[]} */
  const shown = ["course", "frames", "frame", "ms", "direction", "playing"];
  app.on(["listing", "spaces", "data", "decoder", "dark", ...shown], (topics) => {
    if (topics.has("spaces") || topics.has("listing")) arrange();
    if (topics.has("course") || topics.has("decoder")) {
      for (const one of strips.values())
        one.decode().then(
          () => difference.compare([...strips.values()]),
          (error) => one.panel.say(error.message, true),
        );
    } else if (topics.has("frame") || topics.has("dark")) for (const one of films()) one.draw();
    const walk = app.course.shown;
    const playing = app.session.now.playing.walk;
    const now = state.now;
    const without = app.panels.length > 0 && app.panels.every((panel) => panel.frame && !panel.space.has("decoder"));
    none.textContent =
      "No decoder was logged. With one, given to the writer as decoder=…, the tab decodes anywhere and walks.";
    none.hidden = !without;
    controls.hidden = reset.hidden = without;
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Pause the walk" : "Play the walk");
    direction.textContent = now.direction === 1 ? "↺" : "↻";
    scrub.max = String(now.frames - 1);
    scrub.value = String(now.frame);
    scrub.setAttribute("aria-valuetext", `frame ${now.frame + 1} of ${now.frames}`);
    frames.show(now.frames);
    ms.show(now.ms);
    if (walk) kind.value = walk.kind === "circle" ? "circle" : walk.points.length === 2 ? "line" : "path";
    circle.hidden = walk?.kind !== "circle";
    corners.hidden = walk?.kind !== "path";
    smooth.element.hidden = walk?.kind !== "path" || walk.points.length < 3;
    smooth.input.checked = walk?.kind === "path" && walk.smooth === true;
    if (walk?.kind === "circle")
      for (const part of /** @type {("x"|"y"|"r")[]} */ (["x", "y", "r"]))
        fields[part].show(Math.abs(walk[part]) < 1e-6 * app.camera.fitted.span ? 0 : walk[part]);
    if (walk?.kind === "path") showCorners(corners, walk, app);
  });
  app.on(["listing", "tool", "outline"], () => {
    const put = app.session.now.outline?.corners.length ?? 0;
    const text =
      state.now.tool === path.name
        ? `Click the corners in the plot; a double click ends the path. ${put ? `So far: ${put}.` : ""}`
        : "Drag its center, rim or corners in the plot.";
    if (text !== hint.textContent) hint.textContent = text;
  });
  return { strip, section };
}

/**
 * Shows fields for the corners of a path.
 * @param {HTMLElement} element @param {Extract<import("../lib/state.js").Walk, {kind: "path"}>} walk @param {App} app
 */
function showCorners(element, walk, app) {
  const { points } = walk;
  if (element.contains(document.activeElement) && element.childElementCount === points.length) return;
  element.replaceChildren(
    ...points.map(([x, y], i) => {
      /** @param {0|1} part @param {string} name */
      const field = (part, name) => {
        const one = numberField(`Corner ${i + 1}, ${name}`, {}, (value) => {
          const moved = points.map((p, k) => /** @type {[number, number]} */ (k === i ? p.with(part, value) : p));
          app.state.set({ walk: { ...walk, points: moved } });
        });
        one.show(part ? y : x);
        return one.element;
      };
      return h("span", {}, field(0, "across"), field(1, "up"));
    }),
  );
}
