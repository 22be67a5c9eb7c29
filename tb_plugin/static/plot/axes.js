/** Draws the axes with their ticks and grid lines. */

import { sharp } from "../lib/dom.js";
import { tickLabels, ticks, toPlane, toScreen } from "../lib/view.js";

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
  c.translate(MARGIN.left, MARGIN.top);
  paintAxes(c, view, size, names, style);
}

/**
 * Paints the axes around a plot whose upper left corner is the origin.
 * @param {CanvasRenderingContext2D} c
 * @param {import("../lib/view.js").View} view
 * @param {import("../lib/view.js").Size} size of the plot inside its margins
 * @param {[string, string]} names of the axes
 * @param {CSSStyleDeclaration} style that has the colors
 */
export function paintAxes(c, view, size, names, style) {
  const [text, line] = [style.getPropertyValue("--soft").trim(), style.getPropertyValue("--line").trim()];
  c.font = "11px Roboto, sans-serif";
  const [left, top] = toPlane(view, size, 0, 0);
  const [right, bottom] = toPlane(view, size, size.width, size.height);
  c.lineWidth = 1;
  c.textAlign = "center";
  c.textBaseline = "top";
  const across = ticks(left, right, size.width / 80);
  const along = tickLabels(across);
  for (const [i, x] of across.entries()) {
    const px = Math.round(toScreen(view, size, x, 0)[0]) + 0.5;
    c.strokeStyle = line;
    stroke(c, px, 0, px, size.height + 4);
    c.fillStyle = text;
    c.fillText(minus(along.labels[i]), px, size.height + 6);
  }
  c.textAlign = "right";
  c.textBaseline = "middle";
  const up = ticks(bottom, top, size.height / 60);
  const upward = tickLabels(up);
  for (const [i, y] of up.entries()) {
    const py = Math.round(toScreen(view, size, 0, y)[1]) + 0.5;
    c.strokeStyle = line;
    stroke(c, -4, py, size.width, py);
    c.fillStyle = text;
    c.fillText(minus(upward.labels[i]), -7, py);
  }
  c.textAlign = "center";
  c.textBaseline = "bottom";
  c.fillText(named(names[0], along.note), size.width / 2, size.height + MARGIN.bottom);
  c.rotate(-Math.PI / 2);
  c.textBaseline = "top";
  c.fillText(named(names[1], upward.note), -size.height / 2, -MARGIN.left + 1);
}

/** @param {CanvasRenderingContext2D} c @param {number} ax @param {number} ay @param {number} bx @param {number} by */
function stroke(c, ax, ay, bx, by) {
  c.beginPath();
  c.moveTo(ax, ay);
  c.lineTo(bx, by);
  c.stroke();
}

/** @param {string} label */
function minus(label) {
  return label.replace("-", "−");
}

/** @param {string} name of an axis @param {string} note on its ticks */
function named(name, note) {
  return note ? `${name} (ticks ${note})` : name;
}
