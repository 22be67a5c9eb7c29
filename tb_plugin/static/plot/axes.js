/** Draws the axes with their ticks and grid lines. */

import { sharp, short } from "../lib/dom.js";
import { ticks, toPlane, toScreen } from "../lib/view.js";

/** The space for the axes around a plot, in CSS pixels. */
export const MARGIN = { left: 46, right: 6, top: 6, bottom: 34 };

/**
 * @param {HTMLCanvasElement} canvas over the whole panel
 * @param {import("../lib/view.js").View} view
 * @param {import("../lib/view.js").Size} size of the plot inside its margins
 * @param {[string, string]} names of the axes
 * @param {CSSStyleDeclaration} style that has the colors
 */
export function drawAxes(canvas, view, size, names, style) {
  const c = sharp(canvas, size.width + MARGIN.left + MARGIN.right, size.height + MARGIN.top + MARGIN.bottom);
  const [text, line] = [style.getPropertyValue("--soft"), style.getPropertyValue("--line")];
  c.translate(MARGIN.left, MARGIN.top);
  c.font = "11px Roboto, sans-serif";
  const [left, top] = toPlane(view, size, 0, 0);
  const [right, bottom] = toPlane(view, size, size.width, size.height);
  c.lineWidth = 1;
  c.textAlign = "center";
  c.textBaseline = "top";
  for (const x of ticks(left, right, size.width / 80)) {
    const px = Math.round(toScreen(view, size, x, 0)[0]) + 0.5;
    c.strokeStyle = line;
    stroke(c, px, 0, px, size.height + 4);
    c.fillStyle = text;
    c.fillText(minus(x), px, size.height + 6);
  }
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const y of ticks(bottom, top, size.height / 60)) {
    const py = Math.round(toScreen(view, size, 0, y)[1]) + 0.5;
    c.strokeStyle = line;
    stroke(c, -4, py, size.width, py);
    c.fillStyle = text;
    c.fillText(minus(y), -7, py);
  }
  c.textAlign = "center";
  c.textBaseline = "bottom";
  c.fillText(names[0], size.width / 2, size.height + MARGIN.bottom);
  c.rotate(-Math.PI / 2);
  c.textBaseline = "top";
  c.fillText(names[1], -size.height / 2, -MARGIN.left + 1);
}

/** @param {CanvasRenderingContext2D} c @param {number} ax @param {number} ay @param {number} bx @param {number} by */
function stroke(c, ax, ay, bx, by) {
  c.beginPath();
  c.moveTo(ax, ay);
  c.lineTo(bx, by);
  c.stroke();
}

/** @param {number} value */
function minus(value) {
  return short(value).replace("-", "−");
}
