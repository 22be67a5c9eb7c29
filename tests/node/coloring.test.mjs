/** Columns, and the colors that show them. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  asColumn,
  bytesOf,
  classesOf,
  colored,
  listed,
  placeOf,
  scaleOf,
  scaleTicks,
} from "../../tb_plugin/static/lib/coloring.js";
import { column, valueOf } from "../../tb_plugin/static/lib/columns.js";
import { NO_CLASS, SHAPES } from "../../tb_plugin/static/lib/palette.js";

const bytes = (text) => new TextEncoder().encode(text);
const arrays = (...values) => values.map((one) => ({ values: one }));

test("columns of texts and numbers, with points that have none", () => {
  const words = bytes("éab");
  const texts = column({
    header: { type: "text" },
    arrays: arrays(Int32Array.of(1, -1, 0), Int32Array.of(2, 2), words),
  });
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => valueOf(texts, i)),
    ["ab", null, "é", null],
  );
  const all = column({ header: { type: "number" }, arrays: arrays(Float64Array.of(1, 2)) });
  const some = column({ header: { type: "number" }, arrays: arrays(Float32Array.of(1, 2), Uint8Array.of(0, 1)) });
  assert.deepEqual([valueOf(all, 0), valueOf(all, 2), valueOf(some, 0), valueOf(some, 1)], [1, null, null, 2]);
});

test("texts are classes, those of most points first", () => {
  const coloring = colored({ type: "text", of: Int32Array.of(0, 1, 1, -1), texts: ["a", "b"] });
  assert.deepEqual(coloring.classes, [
    { name: "b", count: 2 },
    { name: "a", count: 1 },
  ]);
  assert.deepEqual([...coloring.of], [1, 0, 0, -1]);
  assert.deepEqual([...bytesOf(coloring)], [1, 0, 0, NO_CLASS]);
  assert.deepEqual(coloring.rest, { name: "no value", count: 1 });
  assert.deepEqual(
    [0, 3].map((i) => valueOf(asColumn(coloring), i)),
    ["a", null],
  );
});

test("of many texts the most frequent are classes", () => {
  const of = Int32Array.from({ length: 2000 }, (_, i) => (i < 1600 ? i : 1599));
  const coloring = colored({ type: "text", of, texts: Array.from({ length: 1600 }, (_, i) => `t${i}`) });
  assert.equal(coloring.classes.length, 1000);
  assert.deepEqual(coloring.classes[0], { name: "t1599", count: 401 });
  assert.deepEqual(coloring.rest, { name: "another value", count: 2000 - 401 - 999 });
  assert.equal(coloring.of.filter((one) => one < 0).length, coloring.rest.count);
});

test("of more classes than bytes, colors and shapes go on", () => {
  const of = Int32Array.from({ length: 1001 }, (_, i) => (i < 1000 ? i : -1));
  const bytes = bytesOf({ classes: [], of, rest: { name: "", count: 1 } });
  for (let i = 0; i < 1000; i++) assert.equal(bytes[i] % SHAPES, i % SHAPES);
  assert.equal(bytes[1000], NO_CLASS);
  assert.ok(bytes.subarray(0, 1000).every((byte) => byte !== NO_CLASS));
  const few = Uint8Array.of(0, 254, NO_CLASS);
  assert.equal(bytesOf({ classes: [], of: few, rest: { name: "", count: 1 } }), few);
});

test("numbers are on a scale, which leaves out the outer hundredths and those that are not there", () => {
  const values = Float32Array.from({ length: 1001 }, (_, i) => i);
  values[1000] = 1e9;
  const there = new Uint8Array(1001).fill(1);
  there[3] = 0;
  const { of, low, high, least, most } = colored({ type: "number", values, there });
  assert.deepEqual([least, most], [0, 1e9]);
  assert.ok(low >= 9 && low <= 12 && high >= 988 && high <= 991, `${low} ${high}`);
  assert.deepEqual([of[0], of[3], of[1000]], [0, NO_CLASS, NO_CLASS - 1]);
  assert.ok(Math.abs(of[500] - 127) <= 1);
});

test("a scale of one number, of none, and of one that stands out", () => {
  const of = (...values) => colored({ type: "number", values: Float32Array.from(values), there: null });
  assert.deepEqual([...of(5, 5, 5).of], [0, 0, 0]);
  const none = colored({ type: "number", values: Float32Array.of(1), there: Uint8Array.of(0) });
  assert.deepEqual([none.of[0], none.least, none.most], [NO_CLASS, 0, 0]);
  const lonely = of(...Array(500).fill(1), 9);
  assert.deepEqual([lonely.low, lonely.high, lonely.of[0], lonely.of[500]], [1, 9, 0, NO_CLASS - 1]);
});

test("positive numbers over three orders of magnitude and more have a logarithmic scale", () => {
  const of = (...values) => colored({ type: "number", values: Float64Array.from(values), there: null });
  const wide = of(1e-4, 1e-2, 1);
  assert.ok(wide.logarithmic);
  assert.deepEqual([...wide.of], [0, 127, NO_CLASS - 1]);
  assert.deepEqual(
    scaleTicks(wide, 3),
    [1e-4, 1e-3, 1e-2, 1e-1, 1].filter((_, i) => i % 2 === 0),
  );
  assert.deepEqual(scaleTicks(of(0.2, 500), 3), [1, 10, 100]);
  assert.deepEqual(scaleTicks({ low: 0.0021, high: 0.039, logarithmic: false }, 3), [0.01, 0.02, 0.03]);
  assert.equal(placeOf(wide, 1e-3), 0.25);
  assert.deepEqual([placeOf(wide, 1e-9), placeOf(wide, 5)], [0, 1]);
  for (const others of [of(0, 1, 1e6), of(-1, 1, 1e6), of(1, 10, 999)]) assert.ok(!others.logarithmic);
});

test("the legend lists the classes of the colors, or else those of the labels", () => {
  const labels = colored({ type: "text", of: [0], texts: ["a"] });
  const texts = colored({ type: "text", of: [0], texts: ["b"] });
  const numbers = colored({ type: "number", values: [1], there: null });
  assert.equal(listed(texts, labels), texts);
  assert.equal(listed(numbers, labels), labels);
  assert.equal(listed(null, numbers), null);
  assert.equal(scaleOf(numbers), numbers);
  assert.equal(classesOf(numbers), null);
});
