/** What lies over the points where they overlap: lines of equal density, or the mean error in cells. */

import { colorOf } from "../lib/coloring.js";
import { cellsOf, counted, isoline, levelsOf, smoothed } from "../lib/density.js";
import { sharp } from "../lib/dom.js";
import { Placed } from "./placed.js";
import { scale, toPlane, toScreen } from "../lib/view.js";

/** @typedef {import("../lib/view.js").View} View */
/** @typedef {import("../lib/view.js").Size} Size */

const SHARES = [0.95, 0.8, 0.6, 0.4, 0.2]; // of the points, inside of the lines
const SMOOTH = 0.11; // of the view of all points: the width of the smoothing of one point; of n it is n^(1/6) times less
const LEAST = 9; // pixels of it
const RADIUS = 2; // cells of the mean that smooths, which has the width of 2.4 cells
const WIDTH = 2.4;
const CELL = 9; // pixels of a cell of errors
const FEW = 2; // points in a cell overlap
const AROUND = 0.25; // of the plot, on each side, for a view that moves
const OPAQUE = 0.88;

/** @typedef {(c: CanvasRenderingContext2D, view: View, size: Size) => void} Paint */

/** The errors of the points, and their colors. @typedef {import("../lib/coloring.js").Range & {values: ArrayLike<number>, colors: Uint8Array}} Errors */

export class Layer extends Placed {
  constructor() {
    super("layer");
    /** @type {Paint|null} */
    this.paint = null;
  }

  clear() {
    super.clear();
    this.paint = null;
  }

  /**
   * Makes the layer for a view.
   * @param {Float32Array} xy the points @param {Uint8Array} marks @param {Errors|null} errors null: the density
   * @param {View} view @param {Size} size @param {number} span of the view of all points
   * @param {{text: string, paper: string}} colors
   */
  show(xy, marks, errors, view, size, span, colors) {
    const [x, y] = [Math.round(AROUND * size.width), Math.round(AROUND * size.height)]; // whole pixels stay sharp
    const [left, top] = toPlane(view, size, -x, -y);
    const [right, bottom] = toPlane(view, size, size.width + x, size.height + y);
    const box = { left, right, bottom, top };
    const k = scale(view, size);
    const smooth = Math.max(span * SMOOTH * marks.length ** (-1 / 6), LEAST / k);
    const paint = errors ? errorCells(xy, marks, errors, box, CELL / k) : contours(xy, marks, box, smooth, colors);
    const area = { width: size.width + 2 * x, height: size.height + 2 * y };
    this.area = { left, top, width: right - left, height: top - bottom };
    // The same scale, around the same middle.
    const wide = { ...view, span: (view.span * Math.min(area.width, area.height)) / Math.min(size.width, size.height) };
    paint(sharp(this.canvas, area.width, area.height), wide, area);
    this.paint = paint;
  }
}

/**
 * Returns what paints the mean errors of the cells in which points overlap.
 * @param {Float32Array} xy @param {Uint8Array} marks @param {Errors} errors @param {import("../lib/view.js").Box} box
 * @param {number} side
 * @returns {Paint}
 */
function errorCells(xy, marks, { values, colors, ...range }, box, side) {
  const cells = cellsOf(box, side);
  const { counts, sums } = counted(xy, marks, cells, values);
  return (c, view, size) => {
    const width = side * scale(view, size);
    c.globalAlpha = OPAQUE;
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] < FEW) continue;
      const at = 4 * colorOf(range, sums[i] / counts[i]);
      const [column, row] = [i % cells.columns, Math.floor(i / cells.columns)];
      const [x, y] = toScreen(view, size, cells.left + column * side, cells.bottom + (row + 1) * side);
      c.fillStyle = `rgb(${colors[at]},${colors[at + 1]},${colors[at + 2]})`;
      c.fillRect(x, y, width, width);
    }
    c.globalAlpha = 1;
  };
}

/**
 * Returns what paints the lines around shares of the points.
 * @param {Float32Array} xy @param {Uint8Array} marks @param {import("../lib/view.js").Box} box @param {number} smooth
 * @param {{text: string, paper: string}} colors
 * @returns {Paint}
 */
function contours(xy, marks, box, smooth, { text, paper }) {
  const side = smooth / WIDTH;
  const cells = cellsOf(box, side);
  const { counts } = counted(xy, marks, cells);
  const density = smoothed(counts, cells, RADIUS);
  const lines = [...new Set(levelsOf(counts, density, SHARES))].map((level) => isoline(density, cells, level));
  return (c, view, size) => {
    for (const [width, color, opacity] of /** @type {[number, string, number][]} */ ([
      [3.5, paper, 0.7],
      [1.2, text, 0.9],
    ])) {
      [c.lineWidth, c.strokeStyle, c.globalAlpha] = [width, color, opacity];
      for (const pieces of lines) {
        c.beginPath();
        for (let i = 0; i < pieces.length; i += 4) {
          c.moveTo(...toScreen(view, size, cells.left + side * pieces[i], cells.bottom + side * pieces[i + 1]));
          c.lineTo(...toScreen(view, size, cells.left + side * pieces[i + 2], cells.bottom + side * pieces[i + 3]));
        }
        c.stroke();
      }
    }
    c.globalAlpha = 1;
  };
}
