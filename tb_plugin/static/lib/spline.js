/** A smooth curve through places: a centripetal Catmull-Rom spline, which makes no loops of its own. */

const PIECES = 48; // of straight line between two places

/**
 * Returns the corners of pieces so short that they look smooth. All places are among them.
 * @param {[number, number][]} points @returns {[number, number][]}
 */
export function spline(points) {
  const corners = points.filter(([x, y], i) => !i || x !== points[i - 1][0] || y !== points[i - 1][1]);
  const n = corners.length;
  if (n < 3) return points;
  const all = [beyond(corners[1], corners[0]), ...corners, beyond(corners[n - 2], corners[n - 1])];
  const found = [corners[0]];
  for (let i = 1; i < n; i++) {
    for (let k = 1; k < PIECES; k++) found.push(between(all.slice(i - 1, i + 3), k / PIECES));
    found.push(corners[i]);
  }
  return found;
}

/** @param {number[]} from @param {number[]} end @returns {[number, number]} the place as far beyond the end */
const beyond = (from, end) => [2 * end[0] - from[0], 2 * end[1] - from[1]];

/**
 * Returns a place between the second and the third of four (the pyramid of Barry and Goldman).
 * @param {[number, number][]} points @param {number} share of the way @returns {[number, number]}
 */
function between([a, b, c, d], share) {
  const apart = (/** @type {number[]} */ p, /** @type {number[]} */ q) =>
    Math.sqrt(Math.hypot(p[0] - q[0], p[1] - q[1]));
  const tb = apart(a, b);
  const tc = tb + apart(b, c);
  const td = tc + apart(c, d);
  const t = tb + share * (tc - tb);
  /** @param {number[]} p @param {number[]} q @param {number} from @param {number} to @returns {[number, number]} */
  const mix = (p, q, from, to) => {
    const part = (t - from) / (to - from);
    return [p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])];
  };
  const [ab, bc, cd] = [mix(a, b, 0, tb), mix(b, c, tb, tc), mix(c, d, tc, td)];
  return mix(mix(ab, bc, 0, tc), mix(bc, cd, tb, td), tb, tc);
}
