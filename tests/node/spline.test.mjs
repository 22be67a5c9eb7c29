/** Smooth walks. */

import assert from "node:assert/strict";
import test from "node:test";
import { spline } from "../../tb_plugin/static/lib/spline.js";
import { along, corners } from "../../tb_plugin/static/lib/walk.js";
import { random as seeded } from "./random.mjs";

const smooth = (points) => ({ kind: "path", points, smooth: true });
const distance = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by);

test("the curve goes through all corners, without a bend", () => {
  const random = seeded(4);
  for (let run = 0; run < 30; run++) {
    const points = Array.from({ length: 3 + Math.floor(6 * random()) }, (_, i) => [i, 1.5 * random()]);
    const curve = spline(points);
    for (const point of points) assert.ok(curve.some((one) => one[0] === point[0] && one[1] === point[1]));
    assert.deepEqual([curve[0], curve.at(-1)], [points[0], points.at(-1)]);
    const turns = curve.slice(2).map((end, i) => {
      const [a, b] = [curve[i], curve[i + 1]];
      const turn = Math.atan2(end[1] - b[1], end[0] - b[0]) - Math.atan2(b[1] - a[1], b[0] - a[0]);
      return Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn)));
    });
    const at = turns.indexOf(Math.max(...turns));
    assert.ok(turns[at] < 0.2, `a turn of ${turns[at]}`);
  }
});

test("in a line it stays in the line, and does not turn back", () => {
  const curve = spline([
    [0, 0],
    [1, 1],
    [9, 9],
    [10, 10],
  ]);
  for (let i = 0; i < curve.length; i++) {
    assert.ok(Math.abs(curve[i][0] - curve[i][1]) < 1e-9);
    assert.ok(!i || curve[i][0] > curve[i - 1][0]);
  }
});

test("a corner twice is one, two corners are a line", () => {
  const twice = [
    [0, 0],
    [1, 2],
    [1, 2],
    [3, 1],
  ];
  assert.deepEqual(spline(twice), spline(twice.toSpliced(1, 1)));
  assert.ok(spline(twice).flat().every(Number.isFinite));
  assert.deepEqual(spline(twice.slice(0, 2)), twice.slice(0, 2));
  assert.deepEqual(spline([twice[1], twice[1]]), [twice[1], twice[1]]);
});

test("the speed is even, in both directions", () => {
  const walk = smooth([
    [0, 0],
    [1, 4],
    [8, 5],
    [9, -3],
  ]);
  const places = along(walk, 101, 1);
  const at = (k) => [places[2 * k], places[2 * k + 1]];
  const steps = Array.from({ length: 100 }, (_, k) => distance(at(k), at(k + 1)));
  assert.ok(Math.max(...steps) < 1.02 * Math.min(...steps), `${Math.min(...steps)} to ${Math.max(...steps)}`);
  const back = along(walk, 101, -1);
  for (let k = 0; k <= 100; k++) assert.ok(distance(at(k), [back[2 * (100 - k)], back[2 * (100 - k) + 1]]) < 1e-3);
});

test("a straight path has the corners that it has", () => {
  const points = [
    [0, 0],
    [1, 4],
    [8, 5],
  ];
  assert.equal(corners({ kind: "path", points }), points);
  assert.equal(corners(smooth(points)).length, 97);
});
