/** Saves the plots with their axes and legend as a picture: PNG or SVG. */

import { byteOf, placeOf, scaleOf, scaleTicks } from "../lib/coloring.js";
import { button, short } from "../lib/dom.js";
import { download } from "../lib/download.js";
import { classColor, NO_CLASS, table } from "../lib/palette.js";
import { SVG } from "../lib/svg.js";
import { broken, cut } from "../lib/texts.js";
import { paint, paintPoints } from "../plot/paint.js";
import { trace } from "../plot/points_canvas.js";
import { layeredErrors } from "./errors_legend.js";
import { classesShown } from "./legend.js";
import { nameOfScale } from "./scale.js";

/** @typedef {import("../core/app.js").App} App */

const LEGEND = 180; // CSS pixels across
const LINE = 18;
const MOST_LINES = 6; // of a name
const SCALE = 2; // pixels of a PNG for each of the page
const HEADER = 19; // of a panel, over its plot

/** Returns the size of the picture in CSS pixels. @param {App} app */
export function pictureSize(app) {
  const { width, height } = app.stage.getBoundingClientRect();
  return { width: width + LEGEND, height };
}

/** Returns the buttons that save the plots. @param {App} app */
export function plotPictures(app) {
  const name = () =>
    app.panels.map(({ space, frame }) => `${space.id.run}_${space.id.tag}_step_${frame?.step}`).join("_");
  const png = button("PNG", "Save the plot as a picture", () => {
    const { width, height } = pictureSize(app);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [SCALE * width, SCALE * height];
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    c.scale(SCALE, SCALE);
    picture(c, app);
    canvas.toBlob((blob) => blob && download(blob, name(), "png"), "image/png");
  });
  const svg = button("SVG", "Save the plot as a drawing that stays sharp", () => {
    const { width, height } = pictureSize(app);
    const made = new SVG(width, height);
    picture(/** @type {any} */ (made), app);
    download(new Blob([made.text], { type: "image/svg+xml" }), name(), "svg");
  });
  return [png, svg];
}

/**
 * Paints the plots with their titles, steps and legend.
 * @param {CanvasRenderingContext2D} c @param {App} app
 * @param {Parameters<typeof paint>[2]} [points] paints the points
 */
export function picture(c, app, points = paintPoints) {
  const { width, height } = pictureSize(app);
  const { colors } = app.theme;
  c.fillStyle = colors.paper;
  c.fillRect(0, 0, width, height);
  const stage = app.stage.getBoundingClientRect();
  for (const { element, plot, space, frame } of app.panels) {
    const { left, top, width: room } = element.getBoundingClientRect();
    c.save();
    c.translate(left - stage.left, top - stage.top);
    c.fillStyle = colors.text;
    c.font = "bold 13px Roboto, sans-serif";
    [c.textAlign, c.textBaseline] = ["left", "alphabetic"];
    const step = `, step ${frame?.step.toLocaleString("en") ?? "–"}`;
    c.fillText(cut(space.name, step, c.font, room - 52), 46, 14);
    c.translate(0, HEADER);
    paint(c, plot, points);
    c.restore();
  }
  c.save();
  c.translate(width - LEGEND + 12, 0);
  [c.textAlign, c.textBaseline] = ["left", "alphabetic"];
  legend(c, app, height);
  c.restore();
}

/**
 * @param {CanvasRenderingContext2D} c @param {App} app @param {number} y @param {string} name
 * @param {import("../lib/coloring.js").Range} scale
 */
function paintScale(c, app, y, name, scale) {
  const colors = table("scale", app.session.now.dark);
  const across = LEGEND - 36;
  c.fillStyle = app.theme.colors.text;
  c.font = "bold 13px Roboto, sans-serif";
  c.fillText(cut(name, "", c.font, LEGEND - 16), 0, y + 14);
  for (let x = 0; x < across; x += 2) {
    const at = 4 * Math.round((x / across) * (NO_CLASS - 1));
    c.fillStyle = `rgb(${[...colors.subarray(at, at + 3)].join()})`;
    c.fillRect(x, y + 24, Math.min(2.3, across - x), 10); // without a gap between them
  }
  c.fillStyle = app.theme.colors.text;
  c.font = "11px Roboto, sans-serif";
  c.textAlign = "center";
  for (const value of scaleTicks(scale, 3)) {
    const x = scale.low < scale.high ? across * placeOf(scale, value) : across / 2;
    c.fillText(short(value).replace("-", "−"), x, y + 48);
  }
  c.textAlign = "left";
}

/** @param {CanvasRenderingContext2D} c @param {App} app @param {number} height */
function legend(c, app, height) {
  const { text } = app.theme.colors;
  const scale = app.panels.map(({ coloring }) => scaleOf(coloring)).find(Boolean);
  const { title, list, colored } = classesShown(app);
  const errors = layeredErrors(app);
  if (errors) {
    const y = height - 60; // below the classes
    paintScale(c, app, y, "mean error", errors);
    height = y;
  }
  if (scale) return paintScale(c, app, 0, nameOfScale(app), scale);
  if (!list.length || !colored) return;
  c.fillStyle = text;
  c.font = "bold 13px Roboto, sans-serif";
  c.fillText(cut(title, "", c.font, LEGEND - 16), 0, 14);
  c.font = "12px Roboto, sans-serif";
  const { hidden, shapes } = app.state.now;
  const away = new Set(hidden);
  const shown = list.filter(([key]) => !away.has(key));
  let y = 30;
  for (const [i, [key, name]] of shown.entries()) {
    const lines = broken(name, c.font, LEGEND - 34, MOST_LINES);
    const below = y + lines.length * LINE; // where the rest begins
    if (below + (i < shown.length - 1 ? LINE : 0) > height) {
      c.fillText(`and ${(shown.length - i).toLocaleString("en")} more`, 18, y + 4);
      break;
    }
    const index = byteOf(key);
    trace(c, shapes ? index % 10 : 0, 6, y, 5.5);
    c.fillStyle = classColor(index, app.session.now.dark);
    c.fill();
    c.fillStyle = text;
    for (const [k, line] of lines.entries()) c.fillText(line, 18, y + 4 + k * LINE);
    y = below;
  }
}
