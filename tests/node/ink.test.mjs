/** Pictures that are drawn on the pad: lines, sizes, ink on paper. Centering is tested with real digits, in test_ink_js.py. */

import assert from "node:assert/strict";
import test from "node:test";
import { centered, Ink, inkOf, resized } from "../../tb_plugin/static/lib/ink.js";
import { random } from "./random.mjs";

/** @param {Float32Array} values */
const sum = (values) => values.reduce((all, value) => all + value, 0);

test("a line has round ends, soft borders, and the area of its shape", () => {
  const ink = new Ink([112, 112, 1]);
  assert.ok(ink.empty);
  ink.line(0.25, 0.5, 0.75, 0.5, 0.05);
  assert.ok(!ink.empty);
  const area = 2 * 5.6 * 56 + Math.PI * 5.6 ** 2;
  assert.ok(Math.abs(sum(ink.values) - area) < 0.01 * area);
  ink.line(0.75, 0.5, 0.25, 0.5, 0.05); // back: no more ink
  assert.ok(Math.abs(sum(ink.values) - area) < 0.01 * area);
  const dot = new Ink([20, 20, 3]);
  dot.line(0, 0, 0, 0, 0.1); // in the corner
  assert.ok(Math.abs(sum(dot.values) - (3 * Math.PI * 4) / 4) < 1.5);
});

test("a picture in another size keeps its mean, and in its own size all", () => {
  const next = random(3);
  const values = Float32Array.from({ length: 12 * 10 * 3 }, next);
  assert.deepEqual(resized(values, [12, 10, 3], 12, 10), values);
  for (const [h, w] of [
    [4, 5],
    [7, 3],
    [24, 31],
  ]) {
    const made = resized(values, [12, 10, 3], h, w);
    assert.ok(Math.abs(sum(made) / made.length - sum(values) / values.length) < 1e-5);
  }
});

test("what is drawn small, large or in a corner is the same once it is centered", () => {
  /** @param {number} x @param {number} y @param {number} size */
  const seven = (x, y, size) => {
    const ink = new Ink([560, 560, 1]);
    const to = (/** @type {number} */ a, /** @type {number} */ b) => [x + a * size, y + b * size];
    for (const [from, end] of [
      [to(0, 0), to(1, 0)],
      [to(1, 0), to(0.3, 1.6)],
    ]) {
      ink.line(from[0], from[1], end[0], end[1], 0.12 * size);
    }
    return centered(ink.values, [560, 560, 1], 28, 28);
  };
  const mass = (/** @type {Float32Array} */ values, /** @type {(i: number) => number} */ of) =>
    values.reduce((all, value, i) => all + value * of(i), 0) / sum(values);
  const first = sum(seven(0.3, 0.2, 0.3));
  for (const made of [seven(0.3, 0.2, 0.3), seven(0.05, 0.05, 0.1), seven(0.6, 0.7, 0.12), seven(0.1, 0.1, 0.5)]) {
    const rows = [...made.keys()].filter((i) => made[i]).map((i) => Math.floor(i / 28));
    assert.equal(Math.max(...rows) - Math.min(...rows) + 1, 20);
    assert.ok(Math.abs(mass(made, (i) => Math.floor(i / 28)) - 14) <= 0.51);
    assert.ok(Math.abs(mass(made, (i) => i % 28) - 14) <= 0.51);
    assert.ok(Math.abs(sum(made) / first - 1) < 0.1);
    assert.ok(Math.abs(Math.max(...made) - 1) < 1e-6);
  }
  assert.equal(sum(centered(new Float32Array(16), [4, 4, 1], 28, 28)), 0);
  assert.equal(sum(centered(new Float32Array([0, 1, 0, 0]), [2, 2, 1], 6, 3)), 4); // a dot fills its box
});

test("dark ink on gray paper with grain is light on black", () => {
  const next = random(5);
  const [height, width] = [40, 30];
  const isInk = (/** @type {number} */ i) => i % width > 10 && i % width < 15 && i > 8 * width && i < 30 * width;
  for (const [paper, pen] of [
    [200, 40],
    [255, 0],
    [0, 255],
    [30, 220],
  ]) {
    const pixels = new Uint8ClampedArray(4 * height * width).fill(255);
    for (let i = 0; i < height * width; i++) {
      const gray = (isInk(i) ? pen : paper) + (paper % 255 ? 8 * (next() - 0.5) : 0);
      pixels.fill(gray, 4 * i, 4 * i + 3);
    }
    const ink = inkOf(pixels, height, width);
    for (let i = 0; i < ink.length; i++) assert.ok(isInk(i) ? ink[i] > 0.9 : ink[i] < 0.02, `${paper} ${i} ${ink[i]}`);
  }
});

test("of a picture with transparent paper what is opaque is ink", () => {
  const pixels = Uint8ClampedArray.from([0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255, 0, 9, 9, 9, 51]);
  assert.deepEqual([...inkOf(pixels, 2, 2)], [1, 0, 0, Math.fround(0.2)]);
});
