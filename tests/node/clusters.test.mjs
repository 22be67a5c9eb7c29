/** The places of the classes' names. */

import assert from "node:assert/strict";
import test from "node:test";
import { clusters } from "../../tb_plugin/static/lib/clusters.js";
import { random as seeded } from "./random.mjs";

const BOX = { left: -10, right: 10, bottom: -5, top: 5 };

/** Returns points around places: classes of [x, y, width, count] each. */
function points(heaps) {
  const random = seeded(3);
  const [xy, of] = [[], []];
  for (const [key, x, y, width, count] of heaps)
    for (let i = 0; i < count; i++) {
      xy.push(x + width * (random() - 0.5), y + width * (random() - 0.5));
      of.push(key);
    }
  return [Float32Array.from(xy), new Uint8Array(of.length).fill(2), Uint8Array.from(of)];
}

test("a class is where its points are densest, not in the middle of its parts", () => {
  const [xy, marks, of] = points([
    [0, -8, 3, 0.5, 60],
    [0, 7, -1, 6, 80],
    [1, 0, 0, 0.4, 50],
    [255, 5, 5, 0.1, 500],
  ]);
  const found = clusters(xy, marks, of, 3, BOX);
  assert.deepEqual(
    found.map(({ key, count }) => [key, count]),
    [
      [0, 140],
      [1, 50],
    ],
  );
  assert.ok(Math.hypot(found[0].x + 8, found[0].y - 3) < 0.3, JSON.stringify(found[0]));
  assert.ok(Math.hypot(found[1].x, found[1].y) < 0.3);
});

test("only points that are shown count, also at the edges", () => {
  const [xy, marks, of] = points([
    [0, -10, -5, 0, 5],
    [0, 10, 5, 0, 9],
    [1, 10, 5, 0, 1],
  ]);
  assert.deepEqual(clusters(xy, marks, of, 2, BOX)[0], { key: 0, count: 14, x: 10, y: 5 });
  marks.fill(1, 5, 14);
  assert.deepEqual(clusters(xy, marks, of, 2, BOX), [
    { key: 0, count: 5, x: -10, y: -5 },
    { key: 1, count: 1, x: 10, y: 5 },
  ]);
  marks.fill(0);
  assert.deepEqual(clusters(xy, marks, of, 2, BOX), []);
});
