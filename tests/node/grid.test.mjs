/** The grid of points, against a search through all of them. */

import assert from "node:assert/strict";
import test from "node:test";
import { Grid } from "../../tb_plugin/static/lib/grid.js";
import { random } from "./random.mjs";

const boxOf = (xy) => {
  const [xs, ys] = [xy.filter((_, i) => i % 2 === 0), xy.filter((_, i) => i % 2)];
  const [least, most] = [Math.min, Math.max].map((f) => (all) => all.reduce((a, b) => f(a, b), all[0]));
  return { left: least(xs), right: most(xs), bottom: least(ys), top: most(ys) };
};
const gridOf = (xy) => new Grid(xy, boxOf(xy));
const sorted = (indices) => [...indices].sort((a, b) => a - b);

const clouds = [1, 2, 17, 1000].map((n) => {
  const next = random(n);
  return Float32Array.from({ length: 2 * n }, () => Math.round(200 * (next() - 0.5)) / 10); // some on the same place
});

test("a box holds the points that a search finds", () => {
  const next = random(7);
  for (const xy of clouds) {
    const grid = gridOf(xy);
    for (let k = 0; k < 100; k++) {
      const [left, bottom] = [24 * (next() - 0.5), 24 * (next() - 0.5)];
      const [right, top] = [left + 9 * next(), bottom + 9 * next()];
      const found = [];
      grid.within(left, right, bottom, top, (index) => void found.push(index));
      const expected = [...Array(xy.length / 2).keys()].filter(
        (i) => xy[2 * i] >= left && xy[2 * i] <= right && xy[2 * i + 1] >= bottom && xy[2 * i + 1] <= top,
      );
      assert.deepEqual(sorted(found), expected);
    }
  }
});

test("a visit ends when it has seen enough", () => {
  let seen = 0;
  gridOf(clouds[3]).within(-99, 99, -99, 99, () => ++seen === 5);
  assert.equal(seen, 5);
});

test("the nearest point is the one that a search finds, or none", () => {
  const next = random(8);
  for (const xy of clouds) {
    const grid = gridOf(xy);
    for (let k = 0; k < 200; k++) {
      const [x, y, radius] = [24 * (next() - 0.5), 24 * (next() - 0.5), 3 * next()];
      const wanted = (i) => i % 3 !== 0;
      const index = grid.nearest(x, y, radius, wanted);
      const away = (i) => (xy[2 * i] - x) ** 2 + (xy[2 * i + 1] - y) ** 2;
      const distances = [...Array(xy.length / 2).keys()].filter(wanted).map(away);
      const least = Math.min(...distances, Infinity);
      if (least > radius * radius) assert.equal(index, -1);
      else assert.equal(away(index), least);
      if (index >= 0) assert.ok(wanted(index));
    }
  }
});

test("a polygon holds its inside by the even-odd rule", () => {
  const points = [
    [0.5, 1.5],
    [2.5, 1.5],
    [1.5, 0.5],
    [-1, 0.5],
    [1.5, 2.5],
  ];
  const grid = gridOf(Float32Array.from(points.flat()));
  // A bow tie: a triangle on the left and one on the right, which meet at (1.5, 1.5).
  const tie = [
    [0, 0],
    [3, 3],
    [3, 0],
    [0, 3],
  ];
  assert.deepEqual(sorted(grid.inside(tie)), [0, 1]);
  const square = [
    [0, 0],
    [3, 0],
    [3, 2],
    [0, 2],
  ];
  assert.deepEqual(sorted(grid.inside(square)), [0, 1, 2]);
  assert.deepEqual(grid.inside([[0, 0]]), []);
});

test("points on one place, on a line, or none are no problem", () => {
  const same = gridOf(new Float32Array([2, 3, 2, 3, 2, 3]));
  assert.deepEqual(
    sorted(
      same.inside([
        [0, 0],
        [9, 0],
        [9, 9],
        [0, 9],
      ]),
    ),
    [0, 1, 2],
  );
  assert.notEqual(
    same.nearest(2, 3, 0, () => true),
    -1,
  );
  const line = gridOf(Float32Array.from({ length: 200 }, (_, i) => (i % 2 ? 5 : i)));
  assert.equal(
    line.nearest(100.4, 5, 1, () => true),
    50,
  );
  const none = new Grid(new Float32Array(), { left: 0, right: 0, bottom: 0, top: 0 });
  assert.equal(
    none.nearest(0, 0, 9, () => true),
    -1,
  );
});

test("a polygon of many corners holds what the even-odd rule says of each point", () => {
  const next = random(9);
  for (const xy of clouds) {
    const grid = gridOf(xy);
    for (let k = 0; k < 50; k++) {
      const corners = Array.from({ length: 3 + Math.floor(30 * next()) }, () => [
        24 * (next() - 0.5),
        24 * (next() - 0.5),
      ]);
      if (k % 3 === 0) corners[1][1] = corners[0][1]; // an edge along a row
      const holds = (x, y) =>
        corners.reduce((odd, [ax, ay], i) => {
          const [bx, by] = corners.at(i - 1);
          return ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax ? !odd : odd;
        }, false);
      const expected = [...Array(xy.length / 2).keys()].filter((i) => holds(xy[2 * i], xy[2 * i + 1]));
      assert.deepEqual(sorted(grid.inside(corners)), expected);
    }
  }
});

test("many points are sorted in slices, and nothing is found before", async () => {
  const next = random(3);
  const xy = Float32Array.from({ length: 600_000 }, () => next());
  const whole = gridOf(xy);
  const grid = new Grid(xy, boxOf(xy), false);
  const slices = [...new Grid(xy, boxOf(xy), false).slices];
  assert.equal(slices.length, 12); // two passes over 300,000 points, 50,000 at a time
  assert.equal(
    grid.nearest(0.5, 0.5, 1, () => true),
    -1,
  );
  await grid.sort();
  assert.ok(grid.ready);
  assert.deepEqual(grid.order, whole.order);
  assert.deepEqual(grid.start, whole.start);
  const forced = new Grid(xy, boxOf(xy), false);
  const sorting = forced.sort();
  assert.deepEqual(forced.finish().order, whole.order); // who needs it at once has it
  await sorting;
});
