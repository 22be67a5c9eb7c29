/** The difference of two pictures. */

import assert from "node:assert/strict";
import test from "node:test";
import { difference } from "../../tb_plugin/static/walk/difference.js";

const gray = (...values) => Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255]));

test("blue is brighter before, orange after, black the same", () => {
  const [same, before, after] = [0, 4, 8].map((at) => [
    ...difference(gray(80, 255, 0), gray(80, 0, 255)).subarray(at, at + 4),
  ]);
  assert.deepEqual(same, [0, 0, 0, 255]);
  assert.ok(before[2] === 255 && before[0] < before[2] / 2);
  assert.ok(after[0] === 255 && after[2] < after[0] / 2);
});

test("its strength is the difference of the brightness, also of colors", () => {
  const [full] = difference(gray(0), gray(255));
  const [half] = difference(gray(0), gray(128));
  assert.ok(Math.abs(half - full / 2) <= 1);
  const [red] = difference(Uint8ClampedArray.of(0, 0, 0, 255), Uint8ClampedArray.of(255, 0, 0, 255));
  assert.ok(Math.abs(red - full / 3) <= 1);
});
