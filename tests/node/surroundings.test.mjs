/** The points around a place, in words. */

import assert from "node:assert/strict";
import test from "node:test";
import { classAround, nearestPoints, told } from "../../tb_plugin/static/lib/surroundings.js";
import { random as seeded } from "./random.mjs";

test("the nearest points come in order, hidden ones do not", () => {
  const random = seeded(5);
  const xy = Float32Array.from({ length: 400 }, random);
  const marks = Uint8Array.from({ length: 200 }, (_, i) => i % 3);
  const far = (i) => Math.hypot(xy[2 * i] - 0.4, xy[2 * i + 1] - 0.6);
  const expected = [...marks.keys()].filter((i) => marks[i]).sort((a, b) => far(a) - far(b));
  assert.deepEqual(nearestPoints(xy, marks, 0.4, 0.6), expected.slice(0, 10));
  assert.deepEqual(nearestPoints(xy, new Uint8Array(200), 0, 0), []);
});

const CLASSES = {
  classes: [
    { name: "cat", count: 2 },
    { name: "dog", count: 2 },
  ],
  of: Uint8Array.of(1, 0, 0, 255),
  rest: { name: "no label", count: 1 },
};

test("the class around a place is that of most, of as many that of the nearest", () => {
  assert.deepEqual(classAround(CLASSES, [0, 1, 2]), { name: "cat", count: 2 });
  assert.deepEqual(classAround(CLASSES, [0, 1]), { name: "dog", count: 1 });
  assert.deepEqual(classAround(CLASSES, [3]), { name: "no label", count: 1 });
  assert.equal(classAround(null, [0]), null);
  assert.equal(classAround(CLASSES, []), null);
});

test("what is told", () => {
  const frame = { xy: Float32Array.of(0, 0, 1, 0, 2, 0, 9, 9) };
  const all = Uint8Array.of(2, 2, 2, 2);
  assert.equal(
    told(frame, all, CLASSES, [0.1, 0]),
    "Class cat, of 2 of the 4 nearest points. Nearest: point 0, label dog. The cross is at 0.1, 0.",
  );
  assert.equal(told(frame, all, null, [9, 8]), "Nearest: point 3. The cross is at 9, 8.");
  const numbers = { numbers: { type: "number", values: [1.5, 2, 3, 4], there: null }, of: new Uint8Array(4) };
  assert.equal(told(frame, all, numbers, [1, 0]), "Nearest: point 1, label 2. The cross is at 1, 0.");
  assert.equal(told(frame, new Uint8Array(4), CLASSES, [1, 0]), "No point is shown, at 1, 0.");
});
