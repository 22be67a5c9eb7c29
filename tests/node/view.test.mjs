/** The view of a plane. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  between,
  fit,
  pan,
  scale,
  tickLabels,
  ticks,
  toPlane,
  toScreen,
  zoom,
} from "../../tb_plugin/static/lib/view.js";
import { random } from "./random.mjs";

const SIZE = { width: 400, height: 200 };
const VIEW = { x: 1, y: -2, span: 4 };

const near = (actual, expected, tolerance = 1e-9) =>
  [actual].flat().forEach((value, i) => {
    const wanted = [expected].flat()[i];
    assert.ok(Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted)), `${actual} is not ${expected}`);
  });

test("the center of the view is in the middle, up is up, the shorter side shows the span", () => {
  assert.equal(scale(VIEW, SIZE), 50);
  assert.deepEqual(toScreen(VIEW, SIZE, 1, -2), [200, 100]);
  assert.deepEqual(toScreen(VIEW, SIZE, 2, -1), [250, 50]);
  assert.deepEqual(toPlane(VIEW, SIZE, 0, 0), [-3, 0]);
});

test("pixels and places belong to each other; a zoom keeps the place, a pan moves with the pointer", () => {
  const next = random(1);
  const number = (spread) => spread * (next() - 0.5);
  for (let k = 0; k < 500; k++) {
    const view = { x: number(100), y: number(100), span: 10 ** number(8) };
    const size = { width: 1 + 999 * next(), height: 1 + 999 * next() };
    const [px, py] = [number(2000), number(2000)];
    const place = toPlane(view, size, px, py);
    near(toScreen(view, size, ...place), [px, py], 1e-6);
    const closer = zoom(view, size, px, py, 10 ** number(2));
    near(toPlane(closer, size, px, py), place, 1e-6);
    const moved = pan(view, size, 30, -20);
    near(toScreen(moved, size, ...place), [px + 30, py - 20], 1e-6);
    assert.equal(moved.span, view.span);
  }
});

test("a zoom has its limits", () => {
  assert.equal(zoom(VIEW, SIZE, 0, 0, 1e99).span, 1e-9);
  assert.equal(zoom(VIEW, SIZE, 0, 0, 1e-99).span, 1e12);
});

test("the view that fits shows every box whole", () => {
  const next = random(2);
  for (let k = 0; k < 300; k++) {
    const size = { width: 50 + 500 * next(), height: 50 + 500 * next() };
    const boxes = Array.from({ length: 1 + Math.floor(3 * next()) }, () => {
      const [left, bottom] = [20 * next() - 10, 20 * next() - 10];
      return { left, right: left + 9 * next(), bottom, top: bottom + 9 * next() };
    });
    const view = fit([null, ...boxes], size);
    for (const { left, right, bottom, top } of boxes) {
      const [x0, y0] = toScreen(view, size, left, top);
      const [x1, y1] = toScreen(view, size, right, bottom);
      assert.ok(x0 >= 0 && y0 >= 0 && x1 <= size.width && y1 <= size.height);
    }
    const [l, r] = [Math.min(...boxes.map((b) => b.left)), Math.max(...boxes.map((b) => b.right))];
    const [b, t] = [Math.min(...boxes.map((b) => b.bottom)), Math.max(...boxes.map((b) => b.top))];
    const k = scale(view, size);
    near(Math.max(((r - l) * k) / size.width, ((t - b) * k) / size.height), 1 / 1.08);
  }
});

test("there is a view of nothing, and of one point", () => {
  assert.deepEqual(fit([], SIZE), { x: 0, y: 0, span: 4 });
  assert.deepEqual(fit([null], SIZE), { x: 0, y: 0, span: 4 });
  assert.deepEqual(fit([{ left: 3, right: 3, bottom: 1, top: 1 }], SIZE), { x: 3, y: 1, span: 1 });
});

test("halfway between two views the span is their geometric mean", () => {
  const to = { x: 3, y: 2, span: 16 };
  near(Object.values(between(VIEW, to, 0.5)), [2, 0, 8]);
  near(Object.values(between(VIEW, to, 0)), Object.values(VIEW));
  near(Object.values(between(VIEW, to, 1)), Object.values(to));
});

test("ticks are round, inside, and evenly spaced", () => {
  assert.deepEqual(ticks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(ticks(0.13, 0.61, 5), [0.2, 0.3, 0.4, 0.5, 0.6]);
  assert.deepEqual(ticks(0, 1000, 3), [0, 500, 1000]);
  assert.deepEqual(ticks(1, 1, 3), []);
  assert.deepEqual(ticks(1, 0, 3), []);
  assert.deepEqual(ticks(NaN, 1, 3), []);
  const next = random(3);
  for (let k = 0; k < 300; k++) {
    const low = 1e4 * (next() - 0.5);
    const high = low + 10 ** (6 * next() - 3);
    const count = 1 + Math.floor(12 * next());
    const values = ticks(low, high, count);
    assert.ok(values.every((value) => value >= low - 1e-7 && value <= high + 1e-7));
    assert.ok(values.length <= count + 1, `${values} are more than ${count}`);
    values.slice(2).forEach((value, i) => near(value - values[i + 1], values[1] - values[0], 1e-4));
  }
});

test("the labels of ticks differ and are short", () => {
  assert.deepEqual(tickLabels([-1, -0.5, 0, 0.5]), { labels: ["-1", "-0.5", "0", "0.5"], note: "" });
  assert.deepEqual(tickLabels(ticks(999999.5, 1000000.5, 4)), {
    labels: ["0", "0.5", "1"],
    note: "+ 999999.5",
  });
  assert.deepEqual(tickLabels([0, 2e-40, 4e-40]), { labels: ["0", "2", "4"], note: "× 1e-40" });
  assert.deepEqual(tickLabels([0, 5e36, 1e37]), { labels: ["0", "0.5", "1"], note: "× 1e37" });
  assert.deepEqual(tickLabels([]), { labels: [], note: "" });
  for (const middle of [0, 1, -1, 1e6, -123456.789, 1e20, 1e-20]) {
    for (const span of [1e-3, 1, 1e3, 1e12]) {
      const width = Math.max(span * 1e-6, Math.abs(middle) * 1e-9) * 10;
      const values = ticks(middle - width, middle + width, 6);
      const { labels } = tickLabels(values);
      assert.equal(new Set(labels).size, values.length, `${middle} ${width}: ${labels}`);
      assert.ok(
        labels.every((label) => label.length <= 9),
        labels.join(),
      );
    }
  }
});
