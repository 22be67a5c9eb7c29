/** Maps: codes between the points of a given projection. */

import assert from "node:assert/strict";
import test from "node:test";
import { Grid } from "../../tb_plugin/static/lib/grid.js";
import { between, mean, NEAREST, placeBetween, placeOf } from "../../tb_plugin/static/lib/maps.js";
import { axisNames, into, isSide, lift, mapFrame, offPlane } from "../../tb_plugin/static/lib/planes.js";
import { random } from "./random.mjs";

/** @param {number} n */
function map(n) {
  const next = random(n);
  const xy = Float32Array.from({ length: 2 * n }, () => 10 * next() - 5);
  const codes = Float32Array.from({ length: 3 * n }, () => 2 * next() - 1);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    [left, right] = [Math.min(left, xy[2 * i]), Math.max(right, xy[2 * i])];
    [bottom, top] = [Math.min(bottom, xy[2 * i + 1]), Math.max(top, xy[2 * i + 1])];
  }
  const box = { left, right, bottom, top };
  return { xy, codes, box, grid: new Grid(xy, box) };
}

test("the closest points of a grid are those of a search through all", () => {
  for (const n of [1, 5, 9, 200, 3000]) {
    const { xy, grid } = map(n);
    const next = random(7);
    for (let k = 0; k < 50; k++) {
      const scale = k < 40 ? 12 : 1e4; // also far outside
      const [x, y] = [scale * (next() - 0.5), scale * (next() - 0.5)];
      const all = Array.from({ length: n }, (_, i) => i).sort(
        (a, b) => Math.hypot(xy[2 * a] - x, xy[2 * a + 1] - y) - Math.hypot(xy[2 * b] - x, xy[2 * b + 1] - y) || a - b,
      );
      const found = grid.closest(x, y, 9).map(({ index }) => index);
      assert.deepEqual(found, all.slice(0, 9));
    }
  }
  assert.deepEqual(map(5).grid.closest(NaN, 0, 3), []);
});

test("at a point it is the point's code, elsewhere one between, without jumps", () => {
  const given = map(200);
  for (let i = 0; i < 200; i++) {
    const code = between(given.xy.subarray(2 * i, 2 * i + 2), given, 3);
    for (let d = 0; d < 3; d++) assert.ok(Math.abs(code[d] - given.codes[3 * i + d]) < 1e-6);
  }
  let [last, most] = [between([-5, -1.5], given, 3), 0];
  for (let t = -5; t < 5; t += 0.001) {
    const code = between([t, 0.3 * t], given, 3);
    most = Math.max(most, ...code.map((value, d) => Math.abs(value - last[d])));
    assert.ok(code.every((value) => Math.abs(value) <= 1));
    assert.ok(most < 0.05, `a jump at ${t}`);
    last = code;
  }
});

test("few points, points in one place, points on a circle around the place", () => {
  const one = map(1);
  assert.deepEqual([...between([9, 9], one, 3)], [...one.codes]);
  const same = { grid: new Grid(new Float32Array(24), { left: 0, right: 0, bottom: 0, top: 0 }), codes: map(12).codes };
  for (const place of [
    [0, 0],
    [3, 4],
  ])
    assert.ok(
      [...between(place, same, 3)].every(
        (value, d) => Math.abs(value - mean(same.codes.subarray(0, 3 * NEAREST), 3)[d]) < 1e-6,
      ),
    );
});

test("a frame of a map lifts, finds and measures by its points", () => {
  const { xy, box, codes } = map(50);
  const frame = mapFrame(
    { step: 1, labels: null, sample: null, choice: { kind: "map", name: "umap" }, xy, box },
    codes,
  );
  const { plane } = frame;
  assert.deepEqual(plane.origin, mean(codes, 3));
  assert.deepEqual([...lift([1, 1], plane)], [...between([1, 1], { codes, grid: frame.grid }, 3)]);
  const code = codes.slice(21, 24);
  assert.deepEqual(into(code, plane), [xy[14], xy[15]]);
  assert.deepEqual(placeOf(code, { codes, grid: frame.grid }), [xy[14], xy[15]]);
  assert.ok(offPlane(code, plane) < 1e-6);
  assert.ok(Math.abs(offPlane([code[0] + 1e-3, code[1], code[2]], plane) - 1e-3) < 1e-6);
  assert.deepEqual(axisNames(frame.choice, 3), ["umap 1", "umap 2"]);
  assert.ok(!isSide(frame.choice) && isSide(null) && isSide({ kind: "pca" }) && !isSide({ kind: "axes", i: 0, j: 1 }));
});

test("the place of a code lies between those of the points whose codes are nearest, and at a point's own", () => {
  const { xy, codes, grid } = map(400);
  for (const i of [0, 7, 399]) {
    const [x, y] = placeBetween(codes.subarray(3 * i, 3 * i + 3), { grid, codes });
    assert.ok(Math.hypot(x - xy[2 * i], y - xy[2 * i + 1]) < 1e-6);
  }
  const code = Float32Array.of(0.1, -0.2, 0.3);
  const away = (/** @type {number} */ k) => Math.hypot(...code.map((value, d) => value - codes[3 * k + d]));
  const near = Array.from({ length: 400 }, (_, i) => i).sort((a, b) => away(a) - away(b));
  const [x, y] = placeBetween(code, { grid, codes });
  const within = (/** @type {number} */ value, /** @type {number} */ d) => {
    const all = near.slice(0, NEAREST).map((k) => xy[2 * k + d]);
    return value >= Math.min(...all) && value <= Math.max(...all);
  };
  assert.ok(within(x, 0) && within(y, 1));
  assert.ok(placeBetween(code, map(3)).every(Number.isFinite)); // fewer points than are asked for
});
