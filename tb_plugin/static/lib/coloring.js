/** What the colors of the points show: classes, or numbers on a scale. */

import { NO_CLASS } from "./palette.js";
import { ticks } from "./view.js";

/** @typedef {import("./columns.js").Column} Column */

/** @typedef {{name: string, count: number}} Class */

/**
 * The class of each point, as an index into `classes`. An index that is not in it stands for the rest.
 * @typedef {{classes: Class[], of: Uint8Array|Int32Array, rest: Class}} Classes
 */

/** Equal steps of color are equal differences, or if it is logarithmic equal factors. @typedef {{low: number, high: number, logarithmic: boolean}} Range */

/**
 * The number of each point, and its color between `low` and `high`. NO_CLASS stands for a point without a number.
 * @typedef {Range & {numbers: import("./columns.js").Numbers, of: Uint8Array, least: number, most: number}} Scale
 */

/** @typedef {Classes|Scale} Coloring */

const MAX_CLASSES = 1000; // as in server/label_classes.py
const REPEATED = 250; // bytes of classes: a multiple of the colors and of the shapes, which are repeated
const OUTER = 0.01; // of the numbers, at either end: they have the color of the end
const FACTOR = 1000; // between the ends of a scale of positive numbers from which on it is logarithmic

/** @param {Coloring|null} [coloring] @returns {Classes|null} the coloring, if it has classes */
export const classesOf = (coloring) => (coloring && "classes" in coloring ? coloring : null);

/** @param {Coloring|null} [coloring] @returns {Scale|null} the coloring, if it has a scale */
export const scaleOf = (coloring) => (coloring && "numbers" in coloring ? coloring : null);

/**
 * Returns the classes that the legend lists: those that the colors show, or else the labels'.
 * @param {Coloring|null} coloring @param {Coloring|null} labels
 */
export const listed = (coloring, labels) => classesOf(coloring) ?? classesOf(labels);

/** Returns the byte of a class, an index into the colors. @param {number} index -1: none */
export const byteOf = (index) => (index < 0 ? NO_CLASS : index % REPEATED);

/** Returns a byte for each point, an index into the colors. @param {Coloring} coloring */
export const bytesOf = ({ of }) => (of instanceof Uint8Array ? of : Uint8Array.from(of, byteOf));

/** Returns the coloring that shows a column. @param {Column} column @returns {Coloring} */
export const colored = (column) => (column.type === "number" ? scale(column) : classes(column));

/** @param {import("./columns.js").Numbers} numbers @returns {Scale} */
export function scale(numbers) {
  const { values, there } = numbers;
  const sorted = Float64Array.from(there ? Array.prototype.filter.call(values, (_, i) => there[i]) : values).sort();
  const last = Math.max(0, sorted.length - 1);
  const [least, most] = [sorted[0] ?? 0, sorted[last] ?? 0];
  let [low, high] = [sorted[Math.floor(OUTER * last)] ?? 0, sorted[Math.ceil((1 - OUTER) * last)] ?? 0];
  if (low === high) [low, high] = [least, most];
  const range = { low, high, logarithmic: least > 0 && high >= FACTOR * low };
  const of = new Uint8Array(values.length);
  for (let i = 0; i < of.length; i++) of[i] = there?.[i] === 0 ? NO_CLASS : colorOf(range, values[i]);
  return { ...range, numbers, of, least, most };
}

/** Returns where a number is on a scale, from 0 at its lower end to 1. @param {Range} range @param {number} value */
export function placeOf({ low, high, logarithmic }, value) {
  const place = logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low || 1);
  return Math.min(1, Math.max(0, place));
}

/** Returns the color of a number, an index into those of scales. @param {Range} range @param {number} value */
export const colorOf = (range, value) => Math.round(placeOf(range, value) * (NO_CLASS - 1));

/** Returns about `count` numbers to write on a scale, in order; two at least. @param {Range} range @param {number} count */
export function scaleTicks({ low, high, logarithmic }, count) {
  if (!logarithmic) {
    if (!(low < high)) return [low];
    const some = ticks(low, high, count);
    return some.length > 1 ? some : ticks(low, high, 2 * count);
  }
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const every = Math.ceil((last - first + 1) / (count + 1));
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => Number(`1e${first + i * every}`));
}

/**
 * Returns the texts as classes, those of most points first. Those beyond the first MAX_CLASSES are the rest.
 * @param {import("./columns.js").Texts} column
 * @returns {Classes}
 */
function classes({ of, texts }) {
  const counts = texts.map(() => 0);
  for (let i = 0; i < of.length; i++) if (of[i] in counts) counts[of[i]]++;
  const order = counts.map((_, text) => text).sort((a, b) => counts[b] - counts[a] || a - b);
  const listed = order.slice(0, MAX_CLASSES);
  const place = new Int32Array(texts.length).fill(-1);
  for (const [i, text] of listed.entries()) place[text] = i;
  const indices = Int32Array.from(of, (text) => place[text] ?? -1);
  const some = listed.map((text) => ({ name: texts[text], count: counts[text] }));
  const count = of.length - some.reduce((sum, one) => sum + one.count, 0);
  return {
    classes: some,
    of: indices,
    rest: { name: listed.length < texts.length ? "another value" : "no value", count },
  };
}

/** Returns coloring as a column, to search in. @param {Coloring} coloring @returns {Column} */
export function asColumn(coloring) {
  if ("numbers" in coloring) return coloring.numbers;
  return { type: "text", of: coloring.of, texts: coloring.classes.map(({ name }) => name) };
}
