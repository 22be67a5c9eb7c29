/** Pictures, and how they get on canvases. */

import { draw, HEIGHT, WIDTH } from "./chart.js";
import { product } from "./codec.js";

/** Pictures of one shape, uint8 [n, height, width, channels] with 1, 3 or 4 channels. */
export class Pictures {
  /** @param {{data: Uint8Array, shape: number[]}} array */
  constructor({ data, shape: [count, height, width, channels] }) {
    this.data = data;
    this.count = count;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.values = height * width * channels;
  }

  /** @param {number} index */
  at(index) {
    return this.data.subarray(index * this.values, (index + 1) * this.values);
  }
}

/** Makes a canvas a copy of another one. @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} source */
export function copy(canvas, source) {
  const { width, height } = source;
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const c = canvas.getContext("2d");
  c?.clearRect(0, 0, width, height);
  c?.drawImage(source, 0, 0);
}

/**
 * Returns the shape of a decoder's output as a picture: its own, or of a vector the shape of the logged images. Null if
 * the output is no picture.
 * @param {number[]} output
 * @param {number[]|null} imageShape
 * @returns {[height: number, width: number, channels: number]|null}
 */
export function pictureShape(output, imageShape) {
  const own = output.length === 2 ? [...output, 1] : output;
  const shape = output.length > 1 ? own : imageShape && product(imageShape) === output[0] ? imageShape : null;
  return shape?.length === 3 && [1, 3, 4].includes(shape[2]) ? [shape[0], shape[1], shape[2]] : null;
}

/**
 * How a decoder's output is shown: as a picture of this shape, whose bytes are made of the output. `chart` says so if it
 * is a vector that is no picture.
 * @typedef {{shape: [height: number, width: number, channels: number], chart: import("./chart.js").Chart|null,
 *   bytes: (output: Float32Array) => Uint8ClampedArray}} Look
 */

/**
 * Returns how a decoder's output is shown; null: it is no picture and no chart.
 * @param {number[]} output its shape
 * @param {{image_shape: number[]|null, chart: import("./chart.js").Chart|null}} info
 * @returns {Look|null}
 */
export function lookOf(output, { image_shape, chart }) {
  const shape = pictureShape(output, image_shape);
  if (shape) return { shape, chart: null, bytes: toBytes };
  return chart && output.length === 1
    ? { shape: [HEIGHT, WIDTH, 1], chart, bytes: (vector) => draw(vector, chart) }
    : null;
}

/**
 * Returns numbers 0..1 as bytes, rounded as the server rounds.
 * @param {Float32Array} values
 */
export function toBytes(values) {
  const bytes = new Uint8ClampedArray(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = Math.floor(Math.min(Math.max(values[i], 0), 1) * 255 + 0.5);
  return bytes;
}

/**
 * Returns the RGBA pixels of a gray picture or of one in color.
 * @param {ArrayLike<number>} bytes
 * @param {[number, number, number]} shape
 * @returns {Uint8ClampedArray}
 */
export function rgba(bytes, [height, width, channels]) {
  const pixels = new Uint8ClampedArray(height * width * 4);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = bytes[channels === 1 ? i : i * channels + c];
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

/**
 * Returns a picture as ink. A gray one gets the ink's color, opaque where it is bright; one in color stays as it is.
 * @param {ArrayLike<number>} bytes
 * @param {[number, number, number]} shape
 * @param {number[]} ink RGB
 * @param {number} [opacity] 0..1
 * @returns {Uint8ClampedArray}
 */
export function inked(bytes, [height, width, channels], ink, opacity = 1) {
  const pixels = channels === 1 ? new Uint8ClampedArray(height * width * 4) : rgba(bytes, [height, width, channels]);
  for (let i = 0; i < height * width; i++) {
    if (channels === 1) [pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]] = ink;
    pixels[4 * i + 3] = (channels === 1 ? bytes[i] : 255) * opacity;
  }
  return pixels;
}

/**
 * Puts pixels on a canvas of their size.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8ClampedArray} pixels
 * @param {number} width
 * @param {number} height
 */
export function put(canvas, pixels, width, height) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(new ImageData(/** @type {any} */ (pixels), width, height), 0, 0);
}

/** Returns a new canvas with pixels. @param {Uint8ClampedArray} pixels @param {number} width @param {number} height */
export function toCanvas(pixels, width, height) {
  const canvas = document.createElement("canvas");
  put(canvas, pixels, width, height);
  return canvas;
}
