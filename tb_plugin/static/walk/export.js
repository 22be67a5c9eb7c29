/** Saves a walk: as an animation, a picture or numbers. */

import { csv } from "../lib/csv.js";
import { download } from "../lib/download.js";
import { animation } from "./gif.js";
import { toCanvas } from "../lib/picture.js";

/** @typedef {import("./strip.js").Strip} Strip */

const SIDE = 224; // pixels, up to which smaller pictures are enlarged
const WIDEST = 8192; // pixels of a canvas, for all browsers

/**
 * Downloads a file, named after run and step.
 * @param {Blob} blob
 * @param {Strip} strip
 * @param {string} ending
 */
function save(blob, { panel, step }, ending) {
  const { run, tag } = panel.space.id;
  download(blob, `${run}_${tag}_step_${step}_walk`, ending);
}

/** Saves the animation. @param {Strip} strip @param {import("../core/app.js").App} app */
export function downloadGIF(strip, app) {
  const { frames, width, height } = strip;
  const enlarged = Math.max(1, Math.floor(SIDE / Math.max(width, height)));
  save(new Blob([animation(frames, width, height, enlarged, app.state.now.ms)], { type: "image/gif" }), strip, "gif");
}

/** Saves all frames beside each other, in one row if a canvas is wide enough. @param {Strip} strip */
export function downloadPNG(strip) {
  const { frames, width, height } = strip;
  const columns = Math.min(frames.length, Math.max(1, Math.floor(WIDEST / width)));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * columns, height * Math.ceil(frames.length / columns)];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  frames.forEach((pixels, i) =>
    context.drawImage(toCanvas(pixels, width, height), (i % columns) * width, Math.floor(i / columns) * height),
  );
  canvas.toBlob((blob) => blob && save(blob, strip, "png"), "image/png");
}

/** Saves the codes. @param {Strip} strip */
export function downloadCSV(strip) {
  const { codes, frames } = strip;
  if (codes) save(new Blob([csv(codes, codes.length / frames.length)], { type: "text/csv" }), strip, "csv");
}
