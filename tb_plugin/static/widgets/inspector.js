/** Details: of the point under the pointer, of the probe, of the selection. */

import { button, h, plural, short } from "../lib/dom.js";
import { pictureShape, put, rgba, toBytes } from "../lib/picture.js";
import { offPlane } from "../lib/planes.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

/** Returns the card beside the hovered point: its image, reconstruction, label, error, index. @param {App} app */
export function card(app) {
  const image = h("canvas", { className: "preview", role: "img", "aria-label": "Image" });
  const reconstruction = h("canvas", { className: "preview", role: "img", "aria-label": "Reconstruction" });
  const text = h("dl");
  const element = h(
    "div",
    { className: "card", hidden: true },
    h(
      "div",
      { className: "figures" },
      h("figure", {}, image, h("figcaption", {}, "image")),
      h("figure", {}, reconstruction, h("figcaption", {}, "reconstruction")),
    ),
    text,
  );
  const spoken = h("p", { className: "spoken", role: "status", "aria-live": "polite" });
  let asked = 0;

  app.on(["hovered", "data", "decoder"], (topics) => {
    const { hovered: index, pointed } = app.session.now;
    const panel = app.panels.find(({ plot }) => plot.element === pointed?.plot) ?? app.panels[0];
    const frame = panel?.frame;
    element.hidden = index < 0 || !frame || 2 * index >= frame.xy.length;
    if (element.hidden || !frame) return;
    const ticket = ++asked;
    const place = [frame.xy[2 * index], frame.xy[2 * index + 1]];
    const { labels } = frame;
    const name = labels && (labels.classes[labels.of[index]] ?? labels.rest).name;
    /** @type {[string, string][]} */
    const facts = [
      ["index", index.toLocaleString("en")],
      ["at", `${short(place[0])}, ${short(place[1])}`],
    ];
    if (name) facts.unshift(["label", name]);
    const tell = () => text.replaceChildren(...facts.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]));
    tell();
    image.parentElement?.toggleAttribute("hidden", !panel.images || index >= panel.images.count);
    if (panel.images && index < panel.images.count) {
      const { height, width, channels } = panel.images;
      put(image, rgba(panel.images.at(index), [height, width, channels]), width, height);
    }
    reconstruction.parentElement?.toggleAttribute("hidden", true);
    if (topics.has("hovered"))
      spoken.textContent = `point ${index}${name ? `, label ${name}` : ""}, at ${short(place[0])}, ${short(place[1])}`;
    more(panel, index).then(
      ({ error, away, picture }) => {
        if (ticket !== asked || element.hidden) return;
        if (error !== null) facts.splice(1, 0, ["error", short(error)]);
        if (away !== null) facts.push(["off the plane", short(away)]);
        tell();
        reconstruction.parentElement?.toggleAttribute("hidden", !picture);
        if (picture) put(reconstruction, picture.pixels, picture.width, picture.height);
      },
      () => {},
    );
    if (pointed) beside(element, pointed);
  });
  return { element, spoken };
}

/**
 * Fetches or decodes the rest of what the card shows.
 * @param {Panel} panel @param {number} index
 */
async function more(panel, index) {
  const { space, decoding } = panel;
  const frame = /** @type {import("../lib/planes.js").Frame} */ (panel.frame);
  const { plane, step } = frame;
  const dims = plane.origin.length;
  const [errors, logged, codes] = await Promise.all([
    space.errors(step),
    space.reconstructions(step),
    space.codes(step),
  ]);
  const code = codes.subarray(index * dims, (index + 1) * dims);
  let picture = null;
  const shape = decoding && pictureShape(decoding.decoder.outputShape, space.info.image_shape);
  if (logged && index < logged.count) {
    const { height, width, channels } = logged;
    picture = { pixels: rgba(logged.at(index), [height, width, channels]), width, height };
  } else if (decoding && shape && decoding.decoder.dims === dims) {
    picture = { pixels: rgba(toBytes(decoding.decodeNow(code, 1)), shape), width: shape[1], height: shape[0] };
  }
  return { error: errors ? errors[index] : null, away: dims > 2 ? offPlane(code, plane) : null, picture };
}

/**
 * Puts the card beside a place of a plot, inside the window.
 * @param {HTMLElement} element @param {{plot: HTMLElement, px: number, py: number}} place
 */
function beside(element, { plot, px, py }) {
  const box = plot.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const [x, y] = [box.left + px, box.top + py];
  const left = x + 18 + width > window.innerWidth - 4 ? x - 18 - width : x + 18;
  element.style.left = `${Math.max(4, left)}px`;
  element.style.top = `${Math.min(Math.max(4, y + 14), Math.max(4, window.innerHeight - height - 4))}px`;
}

/** Returns the decoded image of the probe, for each latent space. @param {App} app */
export function decoded(app) {
  const figures = h("div", { className: "figures" });
  const place = h("p", { className: "hint", role: "status" });
  const element = h("section", { "aria-label": "Decoded" }, h("h3", {}, "Decoded"), figures, place);
  app.on(["probe", "decoder", "spaces", "data", "plane"], () => {
    const { probe } = app.state.now;
    element.hidden = !app.panels.some((panel) => panel.space.has("decoder"));
    const shown = app.panels.filter((panel) => panel.probed);
    figures.replaceChildren(
      ...shown.map((panel) => {
        const canvas = h("canvas", {
          className: "preview large",
          role: "img",
          "aria-label": `Decoded by ${panel.space.name}`,
        });
        const source = /** @type {HTMLCanvasElement} */ (panel.probed);
        [canvas.width, canvas.height] = [source.width, source.height];
        canvas.getContext("2d")?.drawImage(source, 0, 0);
        return h("figure", {}, canvas, h("figcaption", {}, app.panels.length > 1 ? panel.space.name : ""));
      }),
    );
    place.textContent = probe
      ? `at ${short(probe[0])}, ${short(probe[1])}`
      : "Click or drag in the plot, or use the arrow keys there.";
  });
  return element;
}

const SHOWN = 48; // images of a selection at most

/** Returns the section about the selection: how many points, their classes, mean error and images. @param {App} app */
export function selected(app) {
  const text = h("p", { role: "status" });
  const classes = h("p", { className: "hint" });
  const images = h("div", { className: "montage" });
  const element = h(
    "section",
    { "aria-label": "Selection", hidden: true },
    h(
      "h3",
      {},
      "Selection",
      h("span", { className: "spring" }),
      button("clear", "Select nothing (Escape)", () => app.session.set({ selection: null })),
    ),
    text,
    classes,
    images,
  );
  app.on(["selection", "data", "step"], () => {
    const chosen = app.session.now.selection;
    const panel = app.panels.find((p) => p.frame);
    element.hidden = !chosen || !panel;
    if (!chosen || !panel?.frame) return;
    const { labels } = panel.frame;
    const of =
      labels?.classes
        .map(({ name }, i) => {
          let count = 0;
          for (const index of chosen) if (labels.of[index] === i) count++;
          return { name, count };
        })
        .filter(({ count }) => count)
        .sort((a, b) => b.count - a.count) ?? [];
    text.textContent = plural(chosen.size, "point");
    classes.textContent = of
      .slice(0, 12)
      .map(({ name, count }) => `${name}: ${count}`)
      .join(", ");
    panel.space.errors(panel.frame.step).then(
      (errors) => {
        if (!errors || app.session.now.selection !== chosen) return;
        let sum = 0;
        for (const index of chosen) sum += errors[index];
        text.textContent = `${plural(chosen.size, "point")}, mean error ${short(sum / chosen.size)}`;
      },
      () => {},
    );
    const pictures = panel.images;
    images.replaceChildren(
      ...[...chosen].slice(0, pictures ? SHOWN : 0).map((index) => {
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
  return element;
}
