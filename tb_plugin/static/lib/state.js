/** The state of the tab, and how the address holds it. */

import { COLOR_MODES, columnOf } from "./palette.js";
import { ranges, valid } from "./ranges.js";
import * as tour from "./tour.js";

/** @typedef {{run: string, tag: string}} SpaceId a latent space */
/** @typedef {import("./view.js").View} View */

/** @typedef {{run: string, tag: string, step: number}} Since a step to compare with */

/** @typedef {{name: string, at: Record<string, string>}} SavedView a view by name, as the address would hold it */

/** @typedef {{kind: "axes", i: number, j: number}|{kind: "pca"}|{kind: "map", name: string}|import("./tour.js").Tour} PlaneChoice */

/**
 * A walk in the plane's coordinates: a circle, or corners that straight lines or a smooth curve connect (a line has two).
 * @typedef {{kind: "circle", x: number, y: number, r: number}|{kind: "path", points: [number, number][],
 *   smooth?: true}} Walk
 */

/**
 * @typedef {object} State
 * @property {SpaceId[]} spaces the latent spaces shown side by side
 * @property {number|null} step null: the last step, also of a run that grows
 * @property {PlaneChoice|null} plane null: principal components where codes have more than two numbers, else the two axes
 * @property {View|null} view null: it fits all points at each step
 * @property {string} color what the colors of the points show: a color mode, or a column
 * @property {Since|null} since the step that what moved is compared with; null: the kept one before
 * @property {boolean} shapes whether each class has a shape
 * @property {boolean|null} manifold whether the grid of decoded images is shown; null: where codes have two numbers
 * @property {boolean|null} names whether the names of the classes are at their places; null: if they are not too many
 * @property {boolean} thumbnails whether points become their images when few are in view
 * @property {number[]} hidden classes of the legend that are hidden; -1: points without a class
 * @property {[number, number]|null} range of the numbers that the colors show; other points are hidden
 * @property {string} query what is searched; it selects what it finds
 * @property {keyof typeof LAYERS} layer what lies over the points
 * @property {string|null} selected the indices of the selected points as ranges, unless a search selects them
 * @property {boolean} only whether the points that are not selected are hidden
 * @property {string} tool a name of plot/tools.js
 * @property {[number, number]|null} probe the place that is decoded, in the plane
 * @property {number[]|null} code the code that is decoded, if it lies off the plane: the probe is then the place next to it
 * @property {Walk|null} walk null: the logged one, or a circle around the mean of the points
 * @property {number} frames of the walk
 * @property {number} frame the one that is shown
 * @property {number} ms duration of a frame
 * @property {1|-1} direction of the walk
 * @property {SavedView[]} views the saved ones, whose names differ
 * @property {boolean} even whether the frames of the walk are evenly apart in their pictures, not in the plane
 */

/** The layers over the points, by their names in the address, with the words for them in the page. */
export const LAYERS = /** @type {const} */ ({ none: "nothing", density: "density", error: "mean error" });

/** What an address without a key says. @type {State} */
export const DEFAULTS = {
  spaces: [],
  step: null,
  plane: { kind: "axes", i: 0, j: 1 },
  view: null,
  color: "label",
  since: null,
  shapes: false,
  manifold: null,
  names: null,
  thumbnails: true,
  hidden: [],
  range: null,
  layer: "none",
  query: "",
  selected: null,
  only: false,
  tool: "decode",
  probe: null,
  code: null,
  walk: null,
  frames: 60,
  frame: 0,
  ms: 100,
  direction: 1,
  even: false,
  views: [],
};

/** What an empty address says. A link of before that has no plane showed the first two axes. @type {State} */
export const FIRST = { ...DEFAULTS, plane: null };

export const MAX_FRAMES = 240;
export const MAX_SPACES = 4;
export const MAX_CORNERS = 32;
export const MAX_QUERY = 500; // characters
export const MAX_VIEWS = 20;
export const MAX_VIEW_NAME = 60; // characters

/** Keys that were renamed: links that have them still open. @type {Partial<Record<keyof State, string>>} */
const OLD_KEYS = { color: "colour" };

/** @param {string} text @param {number} count @returns {number[]|null} */
function numbers(text, count) {
  const values = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  return values.length === count && values.every((v) => Number.isFinite(v) && Math.abs(v) < 1e30) ? values : null;
}

/** @param {number[]} values */
const text = (values) => values.map((v) => Number(v.toPrecision(6))).join(",");

/** @param {string} value @param {number} low @param {number} high */
const integer = (value, low, high) => {
  const n = Number(value);
  return /^-?\d+$/.test(value) && n >= low && n <= high ? n : null;
};

/** @param {string} value */
const flag = (value) => (value === "1" ? true : value === "0" ? false : null);

/** @param {string} value @returns {SpaceId[]|null} */
function spaces(value) {
  const pairs = JSON.parse(value);
  if (!Array.isArray(pairs) || !pairs.every((p) => Array.isArray(p) && p.every((s) => typeof s === "string")))
    return null;
  return pairs.slice(0, MAX_SPACES).map(([run, tag]) => ({ run, tag }));
}

/** @param {string} value @returns {SavedView[]|null} */
function views(value) {
  const given = JSON.parse(value);
  if (!Array.isArray(given) || given.length > MAX_VIEWS) return null;
  const valid = given.every(
    (one) =>
      Array.isArray(one) &&
      typeof one[0] === "string" &&
      one[0].length <= MAX_VIEW_NAME &&
      typeof one[1] === "object" &&
      Object.values(one[1] ?? { none: null }).every((text) => typeof text === "string"),
  );
  return valid && new Set(given.map(([name]) => name)).size === given.length
    ? given.map(([name, at]) => ({ name, at }))
    : null;
}

/** @param {string} value @returns {Since|null} */
function since(value) {
  const given = JSON.parse(value);
  if (!Array.isArray(given) || given.length !== 3) return null;
  const [run, tag, step] = given;
  const valid = typeof run === "string" && typeof tag === "string" && Number.isSafeInteger(step);
  return valid ? { run, tag, step } : null;
}

/** Returns the classes of ranges, e.g. "-1,0-2,7". @param {string} value */
function hidden(value) {
  return value.split(",").flatMap((part) => {
    const [, first, last = first] = /^(-1|\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    return Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) || 0 }, (_, i) => Number(first) + i);
  });
}

/** @param {string} value @returns {Walk|null} */
function walk(value) {
  if (value.startsWith("circle:")) {
    const circle = numbers(value.slice(7), 3);
    return circle && circle[2] >= 0 ? { kind: "circle", x: circle[0], y: circle[1], r: circle[2] } : null;
  }
  const [, form, list] = /^(path|smooth):(.*)$/.exec(value) ?? [];
  const flat = form ? numbers(list, list.split(",").length) : null;
  if (!flat || flat.length % 2 || flat.length < 4 || flat.length > 2 * MAX_CORNERS) return null;
  /** @type {[number, number][]} */
  const points = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  return { kind: "path", points, ...(form === "smooth" ? { smooth: true } : {}) };
}

/** @param {string} value @returns {PlaneChoice|"auto"|null} */
function plane(value) {
  if (value === "auto") return value;
  if (value === "pca") return { kind: "pca" };
  if (/^map:./.test(value)) return { kind: "map", name: value.slice("map:".length) };
  if (value.startsWith("tour:")) return tour.fromText(value);
  const axes = value.startsWith("axes:") ? numbers(value.slice(5), 2) : null;
  return axes && axes.every((a) => Number.isInteger(a) && a >= 0) ? { kind: "axes", i: axes[0], j: axes[1] } : null;
}

/**
 * How each part of the state is written and read. A reader returns null for nonsense.
 * @type {Record<keyof State, [write: (value: any) => string, read: (text: string) => any]>}
 */
const FORMS = {
  spaces: [(v) => JSON.stringify(v.map((/** @type {SpaceId} */ s) => [s.run, s.tag])), spaces],
  step: [String, (v) => integer(v, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)],
  plane: [
    (v) => {
      if (v?.kind === "tour") return tour.toText(v);
      if (v?.kind === "map") return `map:${v.name}`;
      return v === null ? "auto" : v.kind === "pca" ? "pca" : `axes:${v.i},${v.j}`;
    },
    plane,
  ],
  view: [
    (v) => text([v.x, v.y, v.span]),
    (v) => {
      const view = numbers(v, 3);
      return view && view[2] > 0 ? { x: view[0], y: view[1], span: view[2] } : null;
    },
  ],
  color: [String, (v) => (Object.hasOwn(COLOR_MODES, v) || columnOf(v) !== null ? v : null)],
  since: [(v) => JSON.stringify([v.run, v.tag, v.step]), since],
  shapes: [(v) => (v ? "1" : "0"), flag],
  manifold: [(v) => (v ? "1" : "0"), flag],
  names: [(v) => (v ? "1" : "0"), flag],
  thumbnails: [(v) => (v ? "1" : "0"), flag],
  hidden: [
    (v) => [...(v.includes(-1) ? [-1] : []), ...ranges(v.filter((/** @type {number} */ c) => c >= 0))].join(),
    hidden,
  ],
  range: [
    (v) => v.join(),
    (v) => {
      const range = numbers(v, 2);
      return range && range[0] <= range[1] ? range : null;
    },
  ],
  layer: [String, (v) => (Object.hasOwn(LAYERS, v) ? v : null)],
  query: [String, (v) => (v.length <= MAX_QUERY ? v : null)],
  selected: [String, (v) => (valid(v) ? v : null)],
  only: [(v) => (v ? "1" : "0"), flag],
  tool: [String, String],
  probe: [text, (v) => numbers(v, 2)],
  code: [text, (v) => numbers(v, v.split(",").length)],
  walk: [
    (v) =>
      v.kind === "circle"
        ? `circle:${text([v.x, v.y, v.r])}`
        : `${v.smooth ? "smooth" : "path"}:${text(v.points.flat())}`,
    walk,
  ],
  frames: [String, (v) => integer(v, 2, MAX_FRAMES)],
  frame: [String, (v) => integer(v, 0, MAX_FRAMES - 1)],
  ms: [String, (v) => integer(v, 20, 5000)],
  direction: [String, (v) => (v === "-1" ? -1 : v === "1" ? 1 : null)],
  even: [(v) => (v ? "1" : "0"), flag],
  views: [(v) => JSON.stringify(v.map((/** @type {SavedView} */ { name, at }) => [name, at])), views],
};

/** @type {(keyof State)[]} */
const KEYS = /** @type {any} */ (Object.keys(DEFAULTS));

/**
 * Returns the state as the address holds it: without the defaults.
 * @param {State} state
 */
export function toAddress(state) {
  /** @type {Record<string, string>} */
  const data = {};
  for (const key of KEYS) if (!same(state[key], DEFAULTS[key])) data[key] = FORMS[key][0](state[key]);
  return data;
}

/**
 * Returns the state of an address. Nonsense in it is ignored.
 * @param {Record<string, string>} data
 * @param {string[]} tools the names of the tools
 * @returns {State}
 */
export function fromAddress(data, tools) {
  const state = /** @type {any} */ ({ ...DEFAULTS });
  for (const key of KEYS) {
    const old = OLD_KEYS[key];
    const given = data[key] ?? (old && data[old]);
    try {
      state[key] = (given === undefined ? null : FORMS[key][1](given)) ?? DEFAULTS[key];
    } catch {
      // not JSON
    }
  }
  if (state.plane === "auto") state.plane = null;
  if (!tools.includes(state.tool)) state.tool = DEFAULTS.tool;
  state.frame = Math.min(state.frame, state.frames - 1);
  return state;
}

/**
 * Returns the change of a state to another color mode. What the legend hides goes with what it shows.
 * @param {State} state @param {string} color
 * @returns {Partial<State>}
 */
export function recolored(state, color) {
  const listsOthers = columnOf(color) !== null || columnOf(state.color) !== null;
  return { color, range: null, hidden: listsOthers ? [] : state.hidden };
}

/** Returns whether two parts of a state are equal. @param {unknown} a @param {unknown} b */
export function same(a, b) {
  return Object.is(a, b) || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
