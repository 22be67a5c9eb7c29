/** The part of a plane that a panel shows: pure functions. */

/**
 * The center in the plane's coordinates, and the length of the plane along the shorter side of a panel.
 * @typedef {{x: number, y: number, span: number}} View
 */

/** @typedef {{width: number, height: number}} Size in CSS pixels */

/** @typedef {{left: number, right: number, bottom: number, top: number}} Box */

/** Returns the pixels per unit, the same along both axes. @param {View} view @param {Size} size */
export function scale(view, size) {
  return Math.min(size.width, size.height) / view.span;
}

/** Returns the pixel of a place. @param {View} view @param {Size} size @param {number} x @param {number} y @returns {[number, number]} */
export function toScreen(view, size, x, y) {
  const k = scale(view, size);
  return [size.width / 2 + (x - view.x) * k, size.height / 2 - (y - view.y) * k];
}

/** Returns the place of a pixel. @param {View} view @param {Size} size @param {number} px @param {number} py @returns {[number, number]} */
export function toPlane(view, size, px, py) {
  const k = scale(view, size);
  return [view.x + (px - size.width / 2) / k, view.y - (py - size.height / 2) / k];
}

/**
 * Returns the view after a zoom that keeps the place under a pixel where it is.
 * @param {View} view @param {Size} size @param {number} px @param {number} py @param {number} factor above 1: closer
 * @returns {View}
 */
export function zoom(view, size, px, py, factor) {
  const span = Math.min(Math.max(view.span / factor, 1e-9), 1e12);
  const [x, y] = toPlane(view, size, px, py);
  const kept = span / view.span;
  return { x: x + (view.x - x) * kept, y: y + (view.y - y) * kept, span };
}

/** Returns the view after a drag. @param {View} view @param {Size} size @param {number} dx in pixels @param {number} dy */
export function pan(view, size, dx, dy) {
  const k = scale(view, size);
  return { ...view, x: view.x - dx / k, y: view.y + dy / k };
}

/**
 * Returns the view that shows all of the boxes, with a margin.
 * @param {(Box|null)[]} boxes
 * @param {Size} size
 * @returns {View}
 */
export function fit(boxes, size) {
  const [left, right, bottom, top] = boxes.reduce(
    (sum, box) =>
      box
        ? [
            Math.min(sum[0], box.left),
            Math.max(sum[1], box.right),
            Math.min(sum[2], box.bottom),
            Math.max(sum[3], box.top),
          ]
        : sum,
    [Infinity, -Infinity, Infinity, -Infinity],
  );
  if (!(left <= right)) return { x: 0, y: 0, span: 4 };
  const side = Math.min(size.width, size.height) || 1;
  const span = Math.max((right - left) / (size.width / side || 1), (top - bottom) / (size.height / side || 1)) * 1.08;
  return { x: (left + right) / 2, y: (bottom + top) / 2, span: span > 0 ? span : 1 };
}

/** Returns the view between two, at t = 0..1. @param {View} from @param {View} to @param {number} t @returns {View} */
export function between(from, to, t) {
  return {
    x: from.x + (to.x - from.x) * t,
    y: from.y + (to.y - from.y) * t,
    span: Math.exp(Math.log(from.span) + (Math.log(to.span) - Math.log(from.span)) * t),
  };
}

/**
 * Returns about `count` round numbers from `low` to `high`, which are 1, 2 or 5 times a power of ten apart.
 * @param {number} low @param {number} high @param {number} count
 */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const many = Math.min(100, Math.floor(high / step) - first + 1);
  return Array.from({ length: Math.max(0, many) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const DIGITS = 5; // of a label

/**
 * Returns the labels of ticks, which differ, and what they leave out: a factor, and a number that they all have.
 * @param {number[]} values in order, evenly apart
 * @returns {{labels: string[], note: string}}
 */
export function tickLabels(values) {
  const [first, last] = [values[0] ?? 0, values[values.length - 1] ?? 0];
  const most = Math.max(Math.abs(first), Math.abs(last));
  const apart = values.length > 1 ? values[1] - first : most;
  const offset = most > apart * 10 ** (DIGITS - 1) ? first : 0;
  // Ticks are multiples of their distance: whole numbers of it have no rounding.
  const rest = values.map((value) => (offset ? Math.round((value - offset) / apart) * apart : value));
  const largest = Math.max(...rest.map(Math.abs), 0);
  const power = largest && (largest >= 1e5 || largest < 1e-3) ? Math.floor(Math.log10(largest)) : 0;
  const labels = rest.map((value) => String(Number((value / 10 ** power).toPrecision(DIGITS))));
  const factor = power ? `× 1e${power}` : "";
  return {
    labels,
    note: [factor, offset && `${offset < 0 ? "−" : "+"} ${Math.abs(offset)}`].filter(Boolean).join(" "),
  };
}
