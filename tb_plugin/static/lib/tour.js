/** A tour: planes within the first principal components, turned by a drag. */

/**
 * A plane of a tour by its three perpendicular directions in the principal components: `across` and `up` the plane, and
 * `out` of it, through which a drag turns it. `through` is the component that was chosen for that, counted from 0.
 * @typedef {{kind: "tour", through: number, across: number[], up: number[], out: number[]}} Tour
 */

/**
 * Points along the first k principal components: their places [n, k], the origin [D], the k directions [D], and their
 * shares of the variance.
 * @typedef {{places: Float32Array, origin: Float32Array, directions: Float32Array[], shares: (number|null)[]}} Components
 */

export const MAX_COMPONENTS = 10; // the server has no more
const LEAST = 1e-3; // a shorter rest of a direction is rounding

/** @param {number} k @param {number} at */
const unit = (k, at) => Array.from({ length: k }, (_, d) => (d === at ? 1 : 0));

/** The tour from the first two principal components, through the third. @type {Tour} */
export const START = { kind: "tour", through: 2, across: unit(3, 0), up: unit(3, 1), out: unit(3, 2) };

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a.reduce((sum, x, d) => sum + x * (b[d] ?? 0), 0);

/** Returns x a + y b. @param {number} x @param {number[]} a @param {number} y @param {number[]} b */
const mix = (x, a, y, b) => a.map((value, d) => x * value + y * b[d]);

/**
 * Returns the part of a direction that is perpendicular to others, with length 1; null: it has none.
 * @param {number[]} direction @param {number[][]} others perpendicular to each other, with length 1
 */
function rest(direction, others) {
  let left = direction;
  for (let k = 0; k < 2; k++) for (const one of others) left = mix(1, left, -dot(left, one), one); // twice, for rounding
  const length = Math.hypot(...left);
  return length > LEAST * Math.hypot(...direction) ? left.map((value) => value / length) : null;
}

/**
 * Returns a tour whose directions are perpendicular and have length 1; null: they are none.
 * @param {number} through @param {number[][]} directions across, up, out
 * @returns {Tour|null}
 */
function tourOf(through, [first, second, third]) {
  const across = rest(first, []);
  const up = across && rest(second, [across]);
  const out = up && rest(third, [across, up]);
  return out && { kind: "tour", through, across, up, out };
}

/**
 * Returns the tour after a drag by the angles x and y: the plane follows the pointer as the front of a ball does.
 * @param {Tour} tour @param {number} x to the right @param {number} y upward
 * @returns {Tour}
 */
export function turn(tour, x, y) {
  const angle = Math.hypot(x, y);
  if (!angle) return tour;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const { across, up, out, through } = tour;
  // The direction of the drag turns outward; that across the drag stays.
  const along = mix(x / angle, across, y / angle, up);
  const stays = mix(-y / angle, across, x / angle, up);
  const turned = mix(cos, along, sin, out);
  const directions = [
    mix(x / angle, turned, -y / angle, stays),
    mix(y / angle, turned, x / angle, stays),
    mix(cos, out, -sin, along),
  ];
  return tourOf(through, directions) ?? tour;
}

/**
 * Returns the tour that shows the same plane and turns it through another component.
 * @param {Tour} tour @param {number} through counted from 0
 * @returns {Tour}
 */
export function turnThrough(tour, through) {
  const k = Math.max(through + 1, tour.across.length);
  const [across, up] = [tour.across, tour.up].map((one) => [...one, ...unit(k - one.length, -1)]);
  // A component that lies in the plane leaves nothing to turn through: then it turns through the one that is farthest off.
  const off = Array.from({ length: k }, (_, d) => 1 - across[d] ** 2 - up[d] ** 2);
  const out = rest(unit(k, through), [across, up]) ?? rest(unit(k, off.indexOf(Math.max(...off))), [across, up]);
  return { kind: "tour", through, across, up, out: /** @type {number[]} */ (out) };
}

/**
 * Returns a tour for codes of k numbers: of fewer than it has components, the side that they have.
 * @param {Tour} tour @param {number} k 2 or more
 * @returns {Tour}
 */
function within(tour, k) {
  if (k >= tour.across.length) return tour;
  const across = rest(tour.across.slice(0, k), []) ?? unit(k, 0);
  const up = [tour.up.slice(0, k), unit(k, 1), unit(k, 0)].map((one) => rest(one, [across])).find(Boolean);
  return { ...tour, across, up: /** @type {number[]} */ (up) };
}

/**
 * Returns the plane of a tour, the places of the points in it, their box, and the side that is shown.
 * @param {Components} components @param {Tour} tour
 */
export function seen({ places, origin, directions, shares }, tour) {
  const k = directions.length;
  const choice = within(tour, k);
  const { across, up } = choice;
  const n = places.length / k;
  const xy = new Float32Array(2 * n);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0, at = 0; i < n; i++, at += k) {
    let [x, y] = [0, 0];
    for (let d = 0; d < k; d++) {
      x += places[at + d] * across[d];
      y += places[at + d] * up[d];
    }
    xy[2 * i] = x;
    xy[2 * i + 1] = y;
    left = Math.min(left, xy[2 * i]);
    right = Math.max(right, xy[2 * i]);
    bottom = Math.min(bottom, xy[2 * i + 1]);
    top = Math.max(top, xy[2 * i + 1]);
  }
  const along = (/** @type {number[]} */ weights) =>
    origin.map((_, d) => weights.reduce((sum, weight, c) => sum + weight * directions[c][d], 0));
  // Principal components do not vary together.
  const share = (/** @type {number[]} */ weights) =>
    shares.includes(null) ? null : weights.reduce((sum, weight, c) => sum + weight ** 2 * Number(shares[c]), 0);
  const plane = { origin, u: along(across), v: along(up), shares: [share(across), share(up)] };
  return { xy, box: { left, right, bottom, top }, plane, choice };
}

/** Returns the components that a direction consists of, those of most weight first. @param {number[]} direction */
export function named(direction) {
  const parts = direction
    .map((weight, d) => ({ weight, d }))
    .filter(({ weight }) => Math.abs(weight) >= 0.05)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  if (parts.length === 1 && parts[0].weight > 0) return `principal component ${parts[0].d + 1}`;
  const texts = parts.map(({ weight, d }) => `${weight < 0 ? "− " : "+ "}${Math.abs(weight).toFixed(2)} PC ${d + 1}`);
  return texts.join(" ").replace(/^\+ /, "");
}

/** Writes a tour for the address. @param {Tour} tour */
export function toText({ through, across, up, out }) {
  const text = (/** @type {number[]} */ values) => values.map((value) => Number(value.toFixed(4))).join();
  return `tour:${through + 1};${[across, up, out].map(text).join(";")}`;
}

/** Reads a tour from the address; null: it is none. @param {string} text @returns {Tour|null} */
export function fromText(text) {
  const [through, ...directions] = text
    .slice("tour:".length)
    .split(";")
    .map((part) => part.split(",").map(Number));
  const k = directions[0]?.length;
  const valid =
    text.startsWith("tour:") &&
    directions.length === 3 &&
    k >= 3 &&
    k <= MAX_COMPONENTS &&
    directions.every((one) => one.length === k && one.every((value) => Math.abs(value) <= 1)) &&
    through.length === 1 &&
    Number.isInteger(through[0]) &&
    through[0] >= 3 &&
    through[0] <= k;
  return valid ? tourOf(through[0] - 1, directions) : null;
}
