/** The points around a place, in words. */

import { asColumn, classesOf } from "./coloring.js";
import { valueOf } from "./columns.js";
import { short } from "./dom.js";

const NEAR = 10; // points that say which class is around a place

/**
 * Returns the points nearest to a place, the nearest first.
 * @param {Float32Array} xy [n, 2] @param {Uint8Array} marks those of 0 are hidden @param {number} x @param {number} y
 * @param {number} [count]
 */
export function nearestPoints(xy, marks, x, y, count = NEAR) {
  /** @type {{index: number, distance: number}[]} */
  const found = [];
  for (let index = 0; index < marks.length; index++) {
    if (!marks[index]) continue;
    const distance = (xy[2 * index] - x) ** 2 + (xy[2 * index + 1] - y) ** 2;
    if (found.length === count && distance >= found[count - 1].distance) continue;
    const at = found.findIndex((other) => distance < other.distance);
    found.splice(at < 0 ? found.length : at, 0, { index, distance });
    if (found.length > count) found.pop();
  }
  return found.map(({ index }) => index);
}

/**
 * Returns the class that most of some points have, and how many of them; null: there are no classes.
 * @param {import("./coloring.js").Coloring|null} labels @param {number[]} points the nearest first: of two classes with as many the first one's
 */
export function classAround(labels, points) {
  const found = classesOf(labels);
  if (!found || !points.length) return null;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const index of points) {
    const name = found.classes[found.of[index]]?.name ?? found.rest.name;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [name, count] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
  return { name, count };
}

/**
 * Returns what is at a place of the plane: the class around it, the nearest point with its label, the position.
 * @param {import("./planes.js").Frame} frame @param {Uint8Array} marks @param {import("./coloring.js").Coloring|null} labels
 * @param {[number, number]} place
 */
export function told({ xy }, marks, labels, [x, y]) {
  const at = `at ${short(x)}, ${short(y)}`;
  const points = nearestPoints(xy, marks, x, y);
  if (!points.length) return `No point is shown, ${at}.`;
  const around = classAround(labels, points);
  const label = labels && valueOf(asColumn(labels), points[0]);
  const name = typeof label === "number" ? short(label) : label;
  return [
    around && `Class ${around.name}, of ${around.count} of the ${points.length} nearest points.`,
    `Nearest: point ${points[0]}${name === null ? "" : `, label ${name}`}.`,
    `The cross is ${at}.`,
  ]
    .filter(Boolean)
    .join(" ");
}
