/** Animations of small pictures. */

import { applyPalette, GIFEncoder, quantize } from "../lib/vendor/gifenc.js";

/** @typedef {import("../lib/vendor/gifenc.js").Palette} Palette */

const MOST = 256; // colors of a GIF
const [SHORTEST, LONGEST] = [20, 655350]; // ms: browsers slow down below, the format ends above

/**
 * Returns a GIF of frames that repeats without end. Up to 256 colors stay as they are; of more, each frame gets the 256
 * that fit it best. Opacity is ignored.
 *
 * @param {Uint8ClampedArray[]} frames RGBA, width * height pixels each
 * @param {number} width
 * @param {number} height
 * @param {number} enlarged how many times as wide and high the GIF is
 * @param {number} delay ms of each frame, rounded to 10
 */
export function animation(frames, width, height, enlarged, delay) {
  const encoder = GIFEncoder();
  const common = exact(frames);
  const options = { delay: Math.min(LONGEST, Math.max(SHORTEST, delay)), repeat: 0 };
  for (const [number, frame] of frames.entries()) {
    const { palette, index } = common ? { palette: common.palette, index: common.index(frame) } : nearest(frame);
    const own = number === 0 || !common; // the first palette is the one of the file
    encoder.writeFrame(enlarge(index, width, height, enlarged), width * enlarged, height * enlarged, {
      ...options,
      ...(own ? { palette } : {}),
    });
  }
  encoder.finish();
  return encoder.bytes();
}

/** Returns the RGB of each pixel as one number. @param {Uint8ClampedArray} frame */
const colors = (frame) => new Uint32Array(frame.slice().buffer).map((pixel) => pixel & 0xffffff);

/**
 * Returns the palette of all frames and the index of each pixel in it; null: there are too many colors. (gifenc's own
 * quantization would round them.)
 * @param {Uint8ClampedArray[]} frames
 */
function exact(frames) {
  /** @type {Map<number, number>} */
  const known = new Map();
  for (const frame of frames) {
    for (const color of colors(frame)) if (!known.has(color)) known.set(color, known.size);
    if (known.size > MOST) return null;
  }
  /** @type {Palette} */
  const palette = [...known.keys()].map((color) => [color & 255, (color >> 8) & 255, color >> 16]);
  /** @param {Uint8ClampedArray} frame */
  const index = (frame) => Uint8Array.from(colors(frame), (color) => /** @type {number} */ (known.get(color)));
  return { palette, index };
}

/** Returns the 256 colors that fit a frame best, and the nearest one for each pixel. @param {Uint8ClampedArray} frame */
function nearest(frame) {
  const opaque = frame.slice();
  for (let i = 3; i < opaque.length; i += 4) opaque[i] = 255;
  const palette = quantize(opaque, MOST);
  return { palette, index: applyPalette(opaque, palette) };
}

/**
 * Returns pixels repeated `times` across and down.
 * @param {Uint8Array} pixels @param {number} width @param {number} height @param {number} times
 */
function enlarge(pixels, width, height, times) {
  const out = new Uint8Array(pixels.length * times * times);
  for (let y = 0, at = 0; y < height * times; y++) {
    const row = Math.floor(y / times) * width;
    for (let x = 0; x < width; x++, at += times) out.fill(pixels[row + x], at, at + times);
  }
  return out;
}
