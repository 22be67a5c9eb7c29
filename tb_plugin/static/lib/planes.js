/** Planes through the space of the codes, and points in them. */

import { Grid } from "./grid.js";
import { between, mean, placeOf } from "./maps.js";
import { named, seen } from "./tour.js";

/**
 * The place (x, y) of a plane is the code origin + x u + y v. `shares` of the variance lie along u and v. In a map, whose
 * places are `given`, it is a code between those of the points; its origin is their mean.
 * @typedef {{origin: Float32Array, u: Float32Array, v: Float32Array, shares: (number|null)[],
 *   given?: import("./maps.js").Given}} Plane
 */

const AT_ONCE = 100_000; // points that are sorted before the page goes on

/**
 * The points of a step in a plane: their places xy [n, 2], the box around them, their labels, and of how many codes the
 * principal components are, if not of all. A frame of a tour also has what it was made of. If it has some of the points, the
 * first ones, `total` is the number of all. If the places are rounded, `exact` loads the others, which its grid waits for.
 * @typedef {{step: number, choice: import("./state.js").PlaneChoice, xy: Float32Array, box: import("./view.js").Box,
 *   grid: import("./grid.js").Grid, plane: Plane, labels: import("./coloring.js").Coloring|null,
 *   sample: number|null, components?: import("./tour.js").Components, total?: number, exact?: () => Promise<Float32Array>,
 *   sharpened?: (error: Error|null) => void}} Frame
 */

/**
 * Returns the codes [n, D] of places [n, 2] in a plane.
 * @param {ArrayLike<number>} xy
 * @param {Plane} plane
 */
export function lift(xy, { origin, u, v, given }) {
  if (given) return between(xy, given, origin.length);
  const [n, dims] = [xy.length / 2, origin.length];
  const codes = new Float32Array(n * dims);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < dims; d++) codes[i * dims + d] = origin[d] + xy[2 * i] * u[d] + xy[2 * i + 1] * v[d];
  }
  return codes;
}

/**
 * Returns the place of a plane that is nearest to a code. Its directions are orthonormal. In a map it is that of a point.
 * @param {ArrayLike<number>} code
 * @param {Plane} plane
 * @returns {[number, number]}
 */
export function into(code, { origin, u, v, given }) {
  if (given) return placeOf(code, given);
  let [x, y] = [0, 0];
  for (let d = 0; d < origin.length; d++) {
    x += (code[d] - origin[d]) * u[d];
    y += (code[d] - origin[d]) * v[d];
  }
  return [x, y];
}

/**
 * Returns the plane that a choice stands for: by default that of the principal components, if there are more than two axes.
 * @param {import("./state.js").PlaneChoice|null} choice
 * @param {number} dims
 * @returns {import("./state.js").PlaneChoice}
 */
export function planeOf(choice, dims) {
  return choice ?? (dims > 2 ? { kind: "pca" } : { kind: "axes", i: 0, j: 1 });
}

/**
 * Returns the names of a plane's axes.
 * @param {import("./state.js").PlaneChoice} choice
 * @param {number} dims
 * @returns {[string, string]}
 */
export function axisNames(choice, dims) {
  if (choice.kind === "map") return [`${choice.name} 1`, `${choice.name} 2`];
  if (choice.kind === "tour") return [named(choice.across), named(choice.up)];
  if (choice.kind === "pca") return ["principal component 1", "principal component 2"];
  return dims === 1 ? ["code", ""] : [`code ${choice.i}`, `code ${choice.j}`];
}

/** Returns whether a plane lies within the principal components. @param {import("./state.js").PlaneChoice|null|undefined} choice */
export const isSide = (choice) => !choice || choice.kind === "pca" || choice.kind === "tour";

/**
 * Returns the frame of a tour: points along principal components, seen from a side.
 * @param {Pick<Frame, "step"|"labels"|"sample"> & {components: import("./tour.js").Components}} points
 * @param {import("./tour.js").Tour} tour
 * @returns {Frame}
 */
export function tourFrame({ step, labels, sample, components }, tour) {
  return withGrid({ step, labels, sample, components, ...seen(components, tour) });
}

/**
 * Returns a frame after the tour turned, without a request; null: its components are not those of the tour.
 * @param {Frame|null} frame
 * @param {import("./state.js").PlaneChoice|null} choice
 * @returns {Frame|null}
 */
export function turned(frame, choice) {
  const { components } = frame ?? {};
  if (!frame || !components || choice?.kind !== "tour") return null;
  const count = Math.max(2, Math.min(choice.across.length, components.origin.length));
  return components.directions.length === count ? tourFrame({ ...frame, components }, choice) : null;
}

/**
 * Returns the frame of a map.
 * @param {Pick<Frame, "step"|"labels"|"sample"|"choice"|"xy"|"box">} points
 * @param {Float32Array} codes [n, D]
 * @returns {Frame}
 */
export function mapFrame(points, codes) {
  const dims = (2 * codes.length) / points.xy.length;
  const none = new Float32Array(dims);
  const frame = withGrid({ ...points, plane: { origin: mean(codes, dims), u: none, v: none, shares: [null, null] } });
  frame.plane.given = {
    codes,
    get grid() {
      return frame.grid.finish();
    },
  };
  return frame;
}

/**
 * Returns a frame whose grid is made when it is first used, not before the first picture. Of many points, or of those whose
 * exact places have to come first, it finds nothing until it is ready; then the frame's `sharpened` is called.
 * @param {Omit<Frame, "grid">} frame
 * @returns {Frame}
 */
export function withGrid(frame) {
  /** @type {Grid|undefined} */
  let grid;
  const later = async (/** @type {Grid} */ made) => {
    try {
      if (frame.exact) frame.xy.set(await frame.exact());
      await made.sort();
      frame.sharpened?.(null);
    } catch (error) {
      grid = undefined; // the next use asks again
      frame.sharpened?.(/** @type {Error} */ (error));
    }
  };
  const get = () => {
    if (grid) return grid;
    grid = new Grid(frame.xy, frame.box, !frame.exact && frame.xy.length <= 2 * AT_ONCE);
    if (!grid.ready) later(grid);
    return grid;
  };
  return /** @type {Frame} */ (Object.defineProperty(frame, "grid", { get }));
}

/**
 * Returns the circle around the mean of points [n, 2]. Its radius is their mean distance from it.
 * @param {Float32Array} xy
 * @returns {{kind: "circle", x: number, y: number, r: number}}
 */
export function about(xy) {
  const n = xy.length / 2;
  let [x, y, r] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    x += xy[2 * i];
    y += xy[2 * i + 1];
  }
  [x, y] = [x / n, y / n];
  for (let i = 0; i < n; i++) r += Math.sqrt((xy[2 * i] - x) ** 2 + (xy[2 * i + 1] - y) ** 2); // hypot is slow
  return { kind: "circle", x, y, r: r / n };
}

/**
 * Returns the distance of a code from a plane whose directions are orthonormal, or in a map from the code at its place.
 * @param {ArrayLike<number>} code
 * @param {Plane} plane
 */
export function offPlane(code, plane) {
  const { origin, u, v, given } = plane;
  if (given) return Math.hypot(...lift(into(code, plane), plane).map((value, d) => value - code[d]));
  let [whole, along, up] = [0, 0, 0];
  for (let d = 0; d < origin.length; d++) {
    const away = code[d] - origin[d];
    whole += away * away;
    along += away * u[d];
    up += away * v[d];
  }
  return Math.sqrt(Math.max(0, whole - along * along - up * up));
}
