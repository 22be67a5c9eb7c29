/** The difference of the pictures that two runs decode of the same walk. */

import { Film } from "./film.js";

/** @typedef {import("./strip.js").Strip} Strip */

const FIRST = [64, 160, 255]; // RGB where the first is brighter: blue and orange, which color-blind people can tell apart
const SECOND = [255, 150, 30];

export class Difference extends Film {
  #names = ["", ""];

  get name() {
    return "difference_walk";
  }

  get about() {
    const [first, second] = this.#names;
    return `of the difference: blue where ${first} is brighter, orange where ${second} is`;
  }

  /** Compares two strips; others than two pictures of one size have no difference. @param {Strip[]} strips */
  compare(strips) {
    const [a, b] = strips;
    const there =
      strips.length === 2 &&
      strips.every(({ panel, frames }) => frames.length && panel.look && !panel.look.chart) &&
      a.frames.length === b.frames.length &&
      a.width === b.width &&
      a.height === b.height;
    if (!there) return this.show([], 0, 0);
    this.#names = strips.map(({ panel }) => panel.space.name);
    this.caption.textContent = `difference: blue where ${this.#names[0]} is brighter, orange where ${this.#names[1]} is`;
    this.show(
      a.frames.map((frame, i) => difference(frame, b.frames[i])),
      a.width,
      a.height,
    );
  }
}

/**
 * Returns how much brighter one of two pictures is, pixel by pixel, as RGBA: in its color, black where they are the same.
 * @param {Uint8ClampedArray} first RGBA @param {Uint8ClampedArray} second
 */
export function difference(first, second) {
  const pixels = new Uint8ClampedArray(first.length);
  for (let i = 0; i < pixels.length; i += 4) {
    const brighter = (second[i] + second[i + 1] + second[i + 2] - first[i] - first[i + 1] - first[i + 2]) / (3 * 255);
    const color = brighter < 0 ? FIRST : SECOND;
    for (let c = 0; c < 3; c++) pixels[i + c] = Math.abs(brighter) * color[c];
    pixels[i + 3] = 255;
  }
  return pixels;
}
