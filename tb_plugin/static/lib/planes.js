/** Planes through the space of the codes, and points in them. */

/**
 * The place (x, y) of a plane is the code origin + x u + y v. `shares` of the variance lie along u and v.
 * @typedef {{origin: Float32Array, u: Float32Array, v: Float32Array, shares: (number|null)[]}} Plane
 */

/**
 * The points of a step in a plane: their places xy [n, 2], the box around them, their labels, and of how many codes the
 * principal components are, if not of all.
 * @typedef {{step: number, choice: import("./state.js").PlaneChoice, xy: Float32Array, box: import("./view.js").Box,
 *   grid: import("./grid.js").Grid, plane: Plane, labels: import("./coloring.js").Coloring|null,
 *   sample: number|null}} Frame
 */

/**
 * Returns the codes [n, D] of places [n, 2] in a plane.
 * @param {ArrayLike<number>} xy
 * @param {Plane} plane
 */
export function lift(xy, { origin, u, v }) {
  const [n, dims] = [xy.length / 2, origin.length];
  const codes = new Float32Array(n * dims);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < dims; d++) codes[i * dims + d] = origin[d] + xy[2 * i] * u[d] + xy[2 * i + 1] * v[d];
  }
  return codes;
}

/**
 * Returns the place of a plane that is nearest to a code. Its directions are orthonormal.
 * @param {ArrayLike<number>} code
 * @param {Plane} plane
 * @returns {[number, number]}
 */
export function into(code, { origin, u, v }) {
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
  if (choice.kind === "pca") return ["principal component 1", "principal component 2"];
  return dims === 1 ? ["code", ""] : [`code ${choice.i}`, `code ${choice.j}`];
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
    x += xy[2 * i] / n;
    y += xy[2 * i + 1] / n;
  }
  for (let i = 0; i < n; i++) r += Math.hypot(xy[2 * i] - x, xy[2 * i + 1] - y) / n;
  return { kind: "circle", x, y, r };
}

/**
 * Returns the distance of a code from a plane whose directions are orthonormal.
 * @param {ArrayLike<number>} code
 * @param {Plane} plane
 */
export function offPlane(code, { origin, u, v }) {
  let [whole, along, up] = [0, 0, 0];
  for (let d = 0; d < origin.length; d++) {
    const away = code[d] - origin[d];
    whole += away * away;
    along += away * u[d];
    up += away * v[d];
  }
  return Math.sqrt(Math.max(0, whole - along * along - up * up));
}
