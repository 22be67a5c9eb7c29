/** Numbers as pictures, and planes. */

import assert from "node:assert/strict";
import test from "node:test";
import { HEIGHT, WIDTH } from "../../tb_plugin/static/lib/chart.js";
import { inked, lookOf, Pictures, pictureShape, rgba, toBytes } from "../../tb_plugin/static/lib/picture.js";
import { about, axisNames, lift, offPlane } from "../../tb_plugin/static/lib/planes.js";
import { byColumn, classColor, columnOf, gradient, NO_CLASS, table } from "../../tb_plugin/static/lib/palette.js";

test("an output is a picture if it has such a shape, or the images have one of its size", () => {
  assert.deepEqual(pictureShape([28, 28], null), [28, 28, 1]);
  assert.deepEqual(pictureShape([4, 5, 3], [28, 28, 1]), [4, 5, 3]);
  assert.deepEqual(pictureShape([784], [28, 28, 1]), [28, 28, 1]);
  assert.equal(pictureShape([784], [28, 27, 1]), null);
  assert.equal(pictureShape([784], null), null);
  assert.equal(pictureShape([4, 5, 2], null), null);
  assert.equal(pictureShape([1, 2, 3, 4], null), null);
});

test("numbers are clipped and rounded half up", () => {
  const values = new Float32Array([-1, 0, 0.5 / 255, 0.49 / 255, 1 / 255, 0.5, 1, 2, NaN]);
  assert.deepEqual([...toBytes(values)], [0, 0, 1, 0, 1, 128, 255, 255, 0]);
});

test("gray, color and opacity", () => {
  assert.deepEqual([...rgba([7, 9], [1, 2, 1])], [7, 7, 7, 255, 9, 9, 9, 255]);
  assert.deepEqual([...rgba([1, 2, 3], [1, 1, 3])], [1, 2, 3, 255]);
  assert.deepEqual([...rgba([1, 2, 3, 4], [1, 1, 4])], [1, 2, 3, 255]);
});

test("ink is opaque where a gray picture is bright", () => {
  assert.deepEqual([...inked([0, 200], [1, 2, 1], [1, 2, 3], 0.5)], [1, 2, 3, 0, 1, 2, 3, 100]);
  assert.deepEqual([...inked([9, 8, 7], [1, 1, 3], [1, 2, 3], 0.5)], [9, 8, 7, 128]);
});

test("pictures are found by index", () => {
  const pictures = new Pictures({ data: Uint8Array.from({ length: 24 }, (_, i) => i), shape: [4, 2, 1, 3] });
  assert.equal(pictures.count, 4);
  assert.deepEqual([...pictures.at(2)], [12, 13, 14, 15, 16, 17]);
});

const PLANE = { origin: [1, 2, 3], u: [1, 0, 0], v: [0, 0.6, 0.8], shares: [] };

test("codes of places lie in the plane, others off it", () => {
  const codes = lift([0, 0, 2, -5], PLANE);
  assert.deepEqual([...codes], [1, 2, 3, 3, -1, -1]);
  assert.ok(offPlane(codes.subarray(3), PLANE) < 1e-6);
  assert.ok(Math.abs(offPlane([1, 2 - 0.8, 3 + 0.6], PLANE) - 1) < 1e-9);
});

test("the circle around points", () => {
  assert.deepEqual(about(new Float32Array([1, 0, -1, 0, 0, 1, 0, -1])), { kind: "circle", x: 0, y: 0, r: 1 });
});

test("axes have names", () => {
  assert.deepEqual(axisNames({ kind: "axes", i: 3, j: 0 }, 5), ["code 3", "code 0"]);
  assert.deepEqual(axisNames({ kind: "axes", i: 0, j: 1 }, 1), ["code", ""]);
  assert.deepEqual(axisNames({ kind: "pca" }, 5), ["principal component 1", "principal component 2"]);
});

test("tables of colors: opaque, by class, by number, of one color, and gray where a point has none", () => {
  for (const dark of [false, true]) {
    const hex = (of, i) =>
      "#" + [...table(of, dark).subarray(4 * i, 4 * i + 3)].map((v) => v.toString(16).padStart(2, "0")).join("");
    for (const of of ["classes", "scale", "none"]) {
      const colors = table(of, dark);
      assert.equal(colors.length, 1024);
      assert.ok(colors.every((value, i) => i % 4 !== 3 || value === 255));
      assert.equal(hex(of, NO_CLASS), classColor(NO_CLASS, dark));
    }
    for (const i of [0, 9, 10, 254]) assert.equal(hex("classes", i), classColor(i, dark));
    assert.equal(hex("none", 0), hex("none", 254));
    const stops = gradient(dark).match(/#\w+/g);
    assert.deepEqual([hex("scale", 0), hex("scale", NO_CLASS - 1)], [stops[0], stops.at(-1)]);
  }
});

test("a color mode that shows a column has its name", () => {
  for (const name of ["a", "", "column:a", "label"]) assert.equal(columnOf(byColumn(name)), name);
  assert.equal(columnOf("label"), null);
});

test("an output is shown as a picture, or as a chart if it is a vector and has one", () => {
  const chart = { range: [0, 1] };
  const look = (output, image_shape, chart) => lookOf(output, { image_shape, chart });
  assert.deepEqual(look([784], [28, 28, 1], null)?.shape, [28, 28, 1]);
  assert.equal(look([4, 4], null, chart)?.chart, null);
  assert.deepEqual(look([50], null, chart)?.shape, [HEIGHT, WIDTH, 1]);
  assert.equal(look([50], null, null), null);
  assert.equal(look([4, 5, 2], null, chart), null);
  assert.equal(look([2], null, chart)?.bytes(new Float32Array(2)).length, HEIGHT * WIDTH);
});
