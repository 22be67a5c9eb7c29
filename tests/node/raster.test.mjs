/** The picture of very many points. */

import assert from "node:assert/strict";
import test from "node:test";
import { raster } from "../../tb_plugin/static/lib/raster.js";

const colors = new Uint8Array(1024);
colors.set([200, 0, 0, 255, 0, 100, 0, 255]);
const area = { left: 0, top: 9, unit: 1, width: 9, height: 9 };

/** Points at [x, y, class, mark], and where they come from. */
const pointsOf = (points, from = points) => ({
  from: Float32Array.from(from.flatMap(([x, y]) => [x, y])),
  to: Float32Array.from(points.flatMap(([x, y]) => [x, y])),
  values: Uint8Array.from(points, (point) => point[2] ?? 0),
  marks: Uint8Array.from(points, (point) => point[3] ?? 2),
});
const pixel = (pixels, x, y) => [...pixels.subarray(4 * ((8 - y) * 9 + x), 4 * ((8 - y) * 9 + x) + 4)];
const filled = (pixels) => [...Array(81).keys()].filter((i) => pixels[4 * i + 3]).length;

test("a point is a disc around its pixel", () => {
  const pixels = raster(pointsOf([[4.5, 6.5]]), area, 1, colors, 0.8, 1);
  assert.deepEqual(pixel(pixels, 4, 6), [200, 0, 0, 204]);
  const [beside, corner] = [pixel(pixels, 5, 6), pixel(pixels, 5, 7)];
  assert.ok(204 > beside[3] && beside[3] > corner[3] && corner[3] > 0);
  assert.equal(filled(pixels), 9);
  assert.equal(filled(raster(pointsOf([[4.5, 6.5]]), area, 1, colors, 0.8, 2)), 25);
});

test("points on one pixel have the mean of their colors, and more of them are more opaque", () => {
  const heap = [...Array(30).fill([2.5, 2.5, 0]), ...Array(10).fill([2.5, 2.5, 1])];
  const pixels = raster(pointsOf([...heap, [6.5, 6.5, 1]]), area, 1, colors, 0.8, 1);
  const [dense, single] = [pixel(pixels, 2, 2), pixel(pixels, 6, 6)];
  assert.deepEqual(dense, [150, 25, 0, 204]);
  assert.deepEqual(single.slice(0, 3), [0, 100, 0]);
  assert.ok(single[3] > 0.3 * 204 && single[3] < 0.7 * 204);
});

test("hidden points and those outside are not drawn, dimmed ones lie below the others", () => {
  const away = [
    [4.5, 4.5, 0, 0],
    [-3, 4],
    [4, 99],
    [NaN, 1],
  ];
  assert.equal(filled(raster(pointsOf(away), area, 1, colors, 0.8, 1)), 0);
  const both = raster(
    pointsOf([[4.5, 4.5, 1, 2], ...Array(1000).fill([4.5, 4.5, 0, 1]), [1.5, 1.5, 0, 1]]),
    area,
    1,
    colors,
    0.8,
    1,
  );
  const [shown, dimmed] = [pixel(both, 4, 4), pixel(both, 1, 1)];
  assert.ok(shown[1] > 95 && shown[0] < 10);
  assert.ok(dimmed[3] > 0 && dimmed[3] < 0.12 * 204 + 1);
});

test("points on their way lie between their places", () => {
  const moving = pointsOf([[2.5, 2.5]], [[6.5, 6.5]]);
  assert.equal(pixel(raster(moving, area, 0.5, colors, 0.8, 1), 4, 4)[3], 204);
  assert.equal(pixel(raster(moving, area, 0, colors, 0.8, 1), 6, 6)[3], 204);
});
