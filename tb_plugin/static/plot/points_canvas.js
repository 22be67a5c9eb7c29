/** Draws points without WebGL: the interface of GLPoints, on a 2D canvas. */

import { sharp } from "../lib/dom.js";
import { toScreen } from "../lib/view.js";

/** @typedef {import("./points_gl.js").Points} Points */
/** @typedef {import("./points_gl.js").Scene} Scene */

/**
 * Traces a shape around (x, y), the same as the shader of GLPoints.
 * @param {CanvasRenderingContext2D} c @param {number} shape @param {number} x @param {number} y @param {number} r
 */
export function trace(c, shape, x, y, r) {
  /** @param {number[][]} corners */
  const polygon = (corners) => {
    corners.forEach(([a, b], i) => (i ? c.lineTo(x + a * r, y + b * r) : c.moveTo(x + a * r, y + b * r)));
    c.closePath();
  };
  /** @param {number} s @param {boolean} [back] */
  const square = (s, back) =>
    polygon(
      back
        ? [
            [-s, -s],
            [-s, s],
            [s, s],
            [s, -s],
          ]
        : [
            [-s, -s],
            [s, -s],
            [s, s],
            [-s, s],
          ],
    );
  /** @param {number} s @param {boolean} [back] */
  const diamond = (s, back) =>
    polygon(
      back
        ? [
            [0, -s],
            [-s, 0],
            [0, s],
            [s, 0],
          ]
        : [
            [0, -s],
            [s, 0],
            [0, s],
            [-s, 0],
          ],
    );
  const [a, b] = [0.25, 0.9];
  const plus = [
    [-a, -b],
    [a, -b],
    [a, -a],
    [b, -a],
    [b, a],
    [a, a],
    [a, b],
    [-a, b],
    [-a, a],
    [-b, a],
    [-b, -a],
    [-a, -a],
  ];
  c.beginPath();
  if (shape === 0) c.arc(x, y, 0.9 * r, 0, 7);
  else if (shape === 1) square(0.75);
  else if (shape === 2)
    polygon([
      [0, -1],
      [0.85, 0.7],
      [-0.85, 0.7],
    ]);
  else if (shape === 3)
    polygon([
      [0, 1],
      [0.85, -0.7],
      [-0.85, -0.7],
    ]);
  else if (shape === 4) diamond(0.95);
  else if (shape === 5) polygon(plus);
  else if (shape === 6) polygon(plus.map(([p, q]) => [(p - q) * 0.7071, (p + q) * 0.7071]));
  else if (shape === 7) {
    c.arc(x, y, 0.85 * r, 0, 7);
    c.closePath();
    c.arc(x, y, 0.45 * r, 7, 0, true);
  } else if (shape === 8) {
    square(0.78);
    square(0.42, true);
  } else {
    diamond(0.92);
    diamond(0.52, true);
  }
}

export class CanvasPoints {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {Points} */
    this.points = {
      from: new Float32Array(),
      to: new Float32Array(),
      values: new Uint8Array(),
      marks: new Uint8Array(),
    };
  }

  /** @param {Partial<Points>} points */
  set(points) {
    Object.assign(this.points, points);
  }

  /** @param {Scene} scene */
  draw({ view, size, time, radius, opacity, colors, shapes, share }) {
    const c = sharp(this.canvas, size.width, size.height);
    const { from, to, values, marks } = this.points;
    const r = radius * (shapes ? 1.35 : 1);
    const ratio = window.devicePixelRatio || 1;
    const side = Math.ceil(3 * r * ratio) + 2;
    // Each color and shape is drawn once and then copied.
    /** @type {Map<number, HTMLCanvasElement>} */
    const stamps = new Map();
    /** @param {number} value */
    const stamp = (value) => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = side;
      const s = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      trace(s, shapes ? value % 10 : 0, side / 2, side / 2, r * ratio);
      s.fillStyle = `rgb(${colors[4 * value]} ${colors[4 * value + 1]} ${colors[4 * value + 2]})`;
      s.fill();
      stamps.set(value, canvas);
      return canvas;
    };
    const drawn = Math.ceil((to.length / 2) * share);
    const css = side / ratio;
    for (let i = 0; i < drawn; i++) {
      if (!marks[i]) continue;
      const [x, y] = toScreen(
        view,
        size,
        from[2 * i] + (to[2 * i] - from[2 * i]) * time,
        from[2 * i + 1] + (to[2 * i + 1] - from[2 * i + 1]) * time,
      );
      if (x < -css || y < -css || x > size.width + css || y > size.height + css) continue;
      c.globalAlpha = marks[i] === 1 ? 0.12 * opacity : opacity;
      c.drawImage(stamps.get(values[i]) ?? stamp(values[i]), x - css / 2, y - css / 2, css, css);
    }
    c.globalAlpha = 1;
  }

  close() {}
}
