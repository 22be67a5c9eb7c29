/** What can be taken along of a walk: an animation, a picture, numbers. */

import { csv } from "../lib/csv.js";
import { encodeGIF } from "../lib/gif.js";
import { toCanvas } from "../lib/picture.js";

/** @typedef {import("./strip.js").Strip} Strip */

const SIDE = 224; // of an exported animation, in pixels at most, if its pictures are smaller
const WIDEST = 8192;

/**
 * @param {Blob} blob
 * @param {Strip} strip
 * @param {string} ending
 */
function save(blob, { panel, step }, ending) {
  const { run, tag } = panel.space.id;
  const name = `${run}_${tag}_step_${step}_walk`.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(-120);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {Strip} strip */
const enlarged = ({ width, height }) => Math.max(1, Math.floor(SIDE / Math.max(width, height)));

/** @param {Strip} strip @param {import("../core/app.js").App} app */
export function downloadGIF(strip, app) {
  const { frames, width, height } = strip;
  const k = enlarged(strip);
  const large = frames.map((pixels) => {
    const out = new Uint32Array(width * k * height * k);
    const source = new Uint32Array(pixels.buffer);
    for (let y = 0; y < height * k; y++) {
      for (let x = 0; x < width * k; x++)
        out[y * width * k + x] = source[Math.floor(y / k) * width + Math.floor(x / k)];
    }
    return new Uint8ClampedArray(out.buffer);
  });
  const bytes = encodeGIF(large, width * k, height * k, app.state.now.ms);
  save(new Blob([/** @type {any} */ (bytes)], { type: "image/gif" }), strip, "gif");
}

/** All frames one after the other, in one row if browsers' canvases are wide enough for it. @param {Strip} strip */
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

/** @param {Strip} strip */
export function downloadCSV(strip) {
  const { codes, frames } = strip;
  if (codes) save(new Blob([csv(codes, codes.length / frames.length)], { type: "text/csv" }), strip, "csv");
}
