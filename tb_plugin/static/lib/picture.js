/** Pictures on canvases. */

import { product } from "./codec.js";

/**
 * What a decoder gives as a picture: its own shape, or for a vector that of the images; null if it is none.
 * @param {number[]} output
 * @param {number[]|null} imageShape as logged
 * @returns {[height: number, width: number, channels: number]|null}
 */
export function pictureShape(output, imageShape) {
  const own = output.length === 2 ? [...output, 1] : output;
  const shape = output.length > 1 ? own : imageShape && product(imageShape) === output[0] ? imageShape : null;
  return shape?.length === 3 && [1, 3, 4].includes(shape[2]) ? [shape[0], shape[1], shape[2]] : null;
}

/**
 * Numbers 0..1 as bytes, rounded as the server rounds.
 * @param {Float32Array} values
 */
export function toBytes(values) {
  const bytes = new Uint8ClampedArray(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = Math.floor(Math.min(Math.max(values[i], 0), 1) * 255 + 0.5);
  return bytes;
}

/**
 * The pixels RGBA of a picture in gray or in color.
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
 * A picture as ink: a gray one is color where it is bright, and nothing where it is dark; one in colors is itself.
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

/** @param {Uint8ClampedArray} pixels @param {number} width @param {number} height */
export function toCanvas(pixels, width, height) {
  const canvas = document.createElement("canvas");
  put(canvas, pixels, width, height);
  return canvas;
}
