/** Paints a plot into a picture that is saved. */

import { MARGIN, paintAxes } from "./axes.js";
import { scaleOf } from "../lib/coloring.js";
import { axisNames } from "../lib/planes.js";
import { trace } from "./points_canvas.js";
import { toScreen } from "../lib/view.js";

/**
 * Paints the axes, the decoded grid, the points and what lies over them. The plot's margin is around it.
 * @param {CanvasRenderingContext2D} c
 * @param {import("./plot.js").Plot} plot
 * @param {(c: CanvasRenderingContext2D, plot: import("./plot.js").Plot, xy: Float32Array) => void} points paints them
 */
export function paint(c, plot, points) {
  const { size, shared, content, manifold } = plot;
  const { frame } = content;
  if (!frame) return;
  const { view } = shared.camera;
  c.save();
  c.translate(MARGIN.left, MARGIN.top);
  c.save();
  paintAxes(c, view, size, axisNames(frame.choice, frame.plane.origin.length), shared.theme.style);
  c.restore();
  c.beginPath();
  c.rect(0, 0, size.width, size.height);
  c.clip();
  const grid = manifold.rectangle(view, size);
  if (grid) c.drawImage(manifold.canvas, grid.x, grid.y, grid.width, grid.height);
  const { density } = plot.points;
  const dense = density?.rectangle(view, size);
  if (density && dense) c.drawImage(density.canvas, dense.x, dense.y, dense.width, dense.height);
  else points(c, plot, frame.xy);
  plot.layer.paint?.(c, view, size);
  plot.paintOver(c, frame, view);
  c.restore();
}

/** Copies the points as the screen has them. @param {CanvasRenderingContext2D} c @param {import("./plot.js").Plot} plot */
export function copyPoints(c, { points, size }) {
  c.drawImage(points.shown, 0, 0, size.width, size.height);
}

/**
 * Paints each point, sharp at any scale.
 * @param {CanvasRenderingContext2D} c @param {import("./plot.js").Plot} plot @param {Float32Array} xy
 */
export function paintPoints(c, plot, xy) {
  const { size, shared, marks, values, colors } = plot;
  const { view } = shared.camera;
  const shapes = shared.state.now.shapes && !scaleOf(plot.content.coloring);
  const [radius, opacity] = [plot.radius * (shapes ? 1.35 : 1), plot.chosen ? 0.3 : 0.85];
  for (let i = 0; i < marks.length; i++) {
    const [x, y] = toScreen(view, size, xy[2 * i], xy[2 * i + 1]);
    const outside = x < -radius || y < -radius || x > size.width + radius || y > size.height + radius;
    if (!marks[i] || outside || !colors) continue;
    c.globalAlpha = marks[i] === 1 ? 0.12 * opacity : opacity;
    trace(c, shapes ? values[i] % 10 : 0, x, y, radius);
    c.fillStyle = `rgb(${[...colors.subarray(4 * values[i], 4 * values[i] + 3)].join()})`;
    c.fill();
  }
  c.globalAlpha = 1;
}
