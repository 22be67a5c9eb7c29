/** A picture of very many points: each pixel has the mean color of its points, and is the more opaque the more there are. */

const SIDE = 0.55; // of a point's weight, in the pixels beside its own; in the corners its square: a disc of 3 pixels
const FAINT = 0.35; // of the opacity: a single point where others lie in heaps
const DIMMED = 0.12; // as in points_gl.js

/** The points, as in points_gl.js. @typedef {{from: Float32Array, to: Float32Array, values: Uint8Array, marks: Uint8Array}} Points */

/**
 * The part of the plane, as in view.js, with its pixels.
 * @typedef {{left: number, top: number, unit: number, width: number, height: number}} Area `unit` is pixels
 */

/**
 * Returns the picture of an area, RGBA.
 * @param {Points} points @param {Area} area @param {number} time 0..1 on the way @param {Uint8Array} colors [256, 4]
 * @param {number} opacity @param {number} around pixels of a point around its own one
 */
export function raster(points, area, time, colors, opacity, around) {
  const pixels = new Uint8ClampedArray(4 * area.width * area.height);
  if (points.marks.includes(1)) lay(pixels, sums(points, 1, area, time, colors, around), DIMMED * opacity);
  lay(pixels, sums(points, 2, area, time, colors, around), opacity);
  return pixels;
}

/**
 * Returns for each pixel the sums of its points' colors, and their weights: float32 [height, width, 4].
 * @param {Points} points @param {number} mark of those that count @param {Area} area @param {number} time
 * @param {Uint8Array} colors @param {number} around
 */
function sums({ from, to, values, marks }, mark, { left, top, unit, width, height }, time, colors, around) {
  const found = scratch(0, 4 * width * height);
  const [across, moving] = [1 / unit, time < 1];
  for (let i = 0; i < marks.length; i++) {
    if (marks[i] !== mark) continue;
    let [x, y] = [to[2 * i], to[2 * i + 1]];
    if (moving) {
      x = from[2 * i] + (x - from[2 * i]) * time;
      y = from[2 * i + 1] + (y - from[2 * i + 1]) * time;
    }
    x = (x - left) * across;
    y = (top - y) * across;
    // Away from the edge, so that no point goes on at the other side.
    if (!(x >= around && y >= around && x < width - around && y < height - around)) continue;
    const at = 4 * (Math.trunc(y) * width + Math.trunc(x));
    const color = 4 * values[i];
    found[at] += colors[color];
    found[at + 1] += colors[color + 1];
    found[at + 2] += colors[color + 2];
    found[at + 3]++;
  }
  for (let k = 0; k < around; k++) {
    spread(found, scratch(1, found.length), 4);
    spread(scratches[1], scratch(0, found.length), 4 * width);
  }
  return found;
}

/** @type {Float32Array[]} kept from picture to picture, which have 14 MB of them */
const scratches = [];

/** Returns zeros. @param {number} which @param {number} length */
function scratch(which, length) {
  if (scratches[which]?.length !== length) scratches[which] = new Float32Array(length);
  return scratches[which].fill(0);
}

/**
 * Adds to zeros the sums, and SIDE of them to their neighbors, which are `step` numbers away.
 * @param {Float32Array} sums @param {Float32Array} made @param {number} step
 */
function spread(sums, made, step) {
  for (let at = step; at < sums.length - step; at += 4) {
    if (!sums[at + 3]) continue;
    for (let k = at; k < at + 4; k++) {
      const part = SIDE * sums[k];
      made[k - step] += part;
      made[k] += sums[k];
      made[k + step] += part;
    }
  }
}

/**
 * Lays sums over a picture.
 * @param {Uint8ClampedArray} pixels @param {Float32Array} sums @param {number} opacity where most points are
 */
function lay(pixels, sums, opacity) {
  let most = 1;
  for (let at = 3; at < sums.length; at += 4) if (sums[at] > most) most = sums[at];
  const unit = (1 - FAINT) / Math.log1p(most);
  for (let at = 0; at < sums.length; at += 4) {
    const weight = sums[at + 3];
    if (!weight) continue;
    // A single point alone in the picture is as opaque as in the other pictures.
    const alpha = opacity * Math.min(1, weight) * (most > 1 ? FAINT + unit * Math.log1p(weight) : 1);
    const below = (pixels[at + 3] / 255) * (1 - alpha);
    const all = alpha + below;
    for (let k = 0; k < 3; k++) pixels[at + k] = (alpha * (sums[at + k] / weight) + below * pixels[at + k]) / all;
    pixels[at + 3] = 255 * all;
  }
}
