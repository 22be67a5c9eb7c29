/** Saves a walk: as an animation, a picture or numbers. */

import { csv } from "../lib/csv.js";
import { download } from "../lib/download.js";
import { animation } from "../lib/gif.js";
import { toCanvas } from "../lib/picture.js";
import { video } from "../lib/webm.js";

/** @typedef {import("./film.js").Film} Film */

const SIDE = 224; // pixels, up to which smaller pictures are enlarged
const WIDEST = 8192; // pixels of a canvas, for all browsers

/** Returns how many times as wide and high a film is saved. @param {Film} film */
const enlarged = ({ width, height }) => Math.max(1, Math.floor(SIDE / Math.max(width, height)));

/** Saves the animation. @param {Film} film @param {import("../core/app.js").App} app */
export function downloadGIF(film, app) {
  const { frames, width, height, name } = film;
  const data = animation(frames, width, height, enlarged(film), app.state.now.ms);
  download(new Blob([data], { type: "image/gif" }), name, "gif");
}

/** Saves the video, once it is recorded. @param {Film} film @param {import("../core/app.js").App} app */
export async function downloadWebM(film, app) {
  const { frames, width, height, name } = film;
  download(await video(frames, width, height, enlarged(film), app.state.now.ms), name, "webm");
}

/** Saves all frames beside each other, in one row if a canvas is wide enough. @param {Film} film */
export function downloadPNG(film) {
  const { frames, width, height, name } = film;
  const columns = Math.min(frames.length, Math.max(1, Math.floor(WIDEST / width)));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * columns, height * Math.ceil(frames.length / columns)];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  frames.forEach((pixels, i) =>
    context.drawImage(toCanvas(pixels, width, height), (i % columns) * width, Math.floor(i / columns) * height),
  );
  canvas.toBlob((blob) => blob && download(blob, name, "png"), "image/png");
}

/** Saves the codes. @param {Film} film */
export function downloadCSV(film) {
  const { codes, frames, name } = film;
  if (codes) download(new Blob([csv(codes, codes.length / frames.length)], { type: "text/csv" }), name, "csv");
}
