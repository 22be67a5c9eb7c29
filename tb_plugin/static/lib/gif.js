/** Animations. */

import { applyPalette, GIFEncoder, quantize } from "./vendor/gifenc.js";

/** @typedef {import("./vendor/gifenc.js").Palette} Palette */

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

const [PAPER, CLEAR] = [254, 255]; // the indices of the color of the first pixel, and of pixels that stay as they are
const SAMPLE = 100_000; // pixels that choose a palette
const AT_ONCE = 200_000; // pixels, until the page may do something else

/** A GIF of large pictures, which repeats without end. Of each picture only the pixels that changed are stored. */
export class GrowingGIF {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.encoder = GIFEncoder();
    /** @type {Uint32Array|null} */
    this.last = null;
    /** @type {Palette} */
    this.palette = [];
  }

  /**
   * Adds a picture. The page stays alive meanwhile.
   * @param {Uint8ClampedArray} frame RGBA, opaque @param {number} delay ms, rounded to 10
   * @param {boolean} recolor whether the picture gets the colors that fit it best, else those of the last one
   */
  async add(frame, delay, recolor) {
    const pixels = new Uint32Array(frame.buffer);
    if (recolor || !this.last) this.palette = fitting(pixels);
    const index = new Uint8Array(pixels.length).fill(CLEAR);
    for (let start = 0; start < pixels.length; start += AT_ONCE) {
      const end = Math.min(start + AT_ONCE, pixels.length);
      const changed = new Uint32Array(end - start); // their places
      let n = 0;
      for (let i = start; i < end; i++) if (!this.last || pixels[i] !== this.last[i]) changed[n++] = i;
      const colors = Uint32Array.from(changed.subarray(0, n), (i) => pixels[i]);
      const found = applyPalette(new Uint8Array(colors.buffer), this.palette);
      for (let k = 0; k < n; k++) index[changed[k]] = colors[k] === pixels[0] ? PAPER : found[k];
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.encoder.writeFrame(index, this.width, this.height, {
      delay,
      repeat: 0,
      palette: [...this.palette, ...Array(MOST - this.palette.length).fill(frame.subarray(0, 3))],
      transparent: this.last !== null,
      transparentIndex: CLEAR,
      dispose: 1, // the next picture lies over this one
    });
    this.last = pixels;
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** Returns the file. */
  end() {
    this.encoder.finish();
    return new Blob([this.encoder.bytes()], { type: "image/gif" });
  }
}

/** Returns the 254 colors that fit pixels best. @param {Uint32Array} pixels */
function fitting(pixels) {
  const every = Math.ceil(pixels.length / SAMPLE);
  const sample = Uint32Array.from({ length: Math.floor(pixels.length / every) }, (_, i) => pixels[i * every]);
  return quantize(new Uint8Array(sample.buffer), PAPER);
}
