/** The card beside the hovered point. */

import { asColumn, classesOf } from "../lib/coloring.js";
import { valueOf } from "../lib/columns.js";
import { h, plural, short } from "../lib/dom.js";
import { columnOf } from "../lib/palette.js";
import { put, rgba } from "../lib/picture.js";
import { offPlane } from "../lib/planes.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

const COLUMNS = 8; // of metadata in the card, at most

/** Returns the card beside the hovered point: its image, reconstruction, label, error, index, metadata. @param {App} app */
export function card(app) {
  const image = h("canvas", { className: "preview", role: "img", "aria-label": "Image" });
  const reconstruction = h("canvas", { className: "preview", role: "img", "aria-label": "Reconstruction" });
  const size = h("p", { className: "hint" });
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
    size,
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
    const label = labels && valueOf(asColumn(labels), index);
    const name = typeof label === "number" ? short(label) : (label ?? classesOf(labels)?.rest.name);
    const { thumbnail_shape: stored, image_shape: logged } = panel.space.info;
    size.hidden = !stored || !logged || !panel.images;
    if (stored && logged)
      size.textContent = `stored as thumbnails, ${stored[1]} × ${stored[0]} of ${logged[1]} × ${logged[0]}`;
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
      ({ error, away, picture, columns }) => {
        if (ticket !== asked || element.hidden) return;
        if (error !== null) facts.splice(1, 0, ["error", short(error)]);
        if (away !== null) facts.push(["off the plane", short(away)]);
        facts.push(...columns);
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
  const { space, decoding, look } = panel;
  const frame = /** @type {import("../lib/planes.js").Frame} */ (panel.frame);
  const { plane, step } = frame;
  const [error, logged, code, columns] = await Promise.all([
    space.error(step, index),
    space.reconstructions(step),
    space.code(step, index),
    columnsOf(panel, index),
  ]);
  const away = plane.origin.length > 2 && !plane.given ? offPlane(code, plane) : null;
  let picture = null;
  if (logged && index < logged.count) {
    const { height, width, channels } = logged;
    picture = { pixels: rgba(logged.at(index), [height, width, channels]), width, height };
  } else if (decoding && look) {
    const decoded = await decoding.decodeOne(code);
    picture = { pixels: rgba(look.bytes(decoded), look.shape), width: look.shape[1], height: look.shape[0] };
  }
  return { error, away, picture, columns };
}

/**
 * Returns the metadata of a point, of the column that the colors show and of the first ones: names and values.
 * @param {Panel} panel @param {number} index
 * @returns {Promise<[string, string][]>}
 */
async function columnsOf({ space, app }, index) {
  const shown = columnOf(app.state.now.color);
  const all = space.shownColumns.toSorted((a, b) => Number(b === shown) - Number(a === shown));
  const names = all.slice(0, COLUMNS);
  const columns = await Promise.all(names.map((name) => space.column(name)));
  /** @type {[string, string][]} */
  const facts = names.map((name, i) => [name, told(valueOf(columns[i], index))]);
  const rest = space.columns.length - names.length;
  return rest ? [...facts, ["…", `${plural(rest, "more column")}`]] : facts;
}

/** Returns a value as text: of a number that is not whole the digits of a float32. @param {string|number|null} value */
function told(value) {
  if (typeof value !== "number") return value ?? "–";
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)));
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
