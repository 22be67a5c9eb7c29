/** Selected points as ranges in the address. */

import assert from "node:assert/strict";
import test from "node:test";
import { indices, leftOut, MAX_RANGES, valid, written } from "../../tb_plugin/static/lib/ranges.js";
import { random as seeded } from "./random.mjs";

test("neighbors are one range, whatever their order", () => {
  assert.equal(written(new Set([41, 9, 3, 4, 5, 6, 8, 7, 12, 40])), "3-9.12.40-41");
  assert.equal(written([0]), "0");
});

test("what was written is read", () => {
  const random = seeded(1);
  for (let run = 0; run < 50; run++) {
    const some = new Set(Array.from({ length: 1 + 200 * random() }, () => Math.floor(400 * random())));
    const text = written(some);
    assert.ok(valid(text), text);
    assert.deepEqual(indices(text, 400), new Set([...some].sort((a, b) => a - b)));
  }
});

test("all of a million points are one range", () => {
  const text = written(Array.from({ length: 1e6 }, (_, i) => i));
  assert.equal(text, "0-999999");
  assert.equal(indices(text, 1e6).size, 1e6);
});

test("beyond the limit only their number is left", () => {
  const some = Array.from({ length: 60_000 }, (_, i) => 2 * i);
  const text = written(some);
  assert.equal(text, "left-out:60000");
  assert.ok(valid(text));
  assert.equal(leftOut(text), 60_000);
  assert.equal(indices(text, 200_000), null);
  const most = written(some.slice(0, 511));
  assert.ok(most.length <= MAX_RANGES && most.length > MAX_RANGES - 10 && leftOut(most) === null, most.length);
});

test("there are no points beyond the last, nor of a range that goes back", () => {
  assert.deepEqual(indices("1-999999999.2", 4), new Set([1, 2, 3]));
  assert.equal(indices("7-5", 10), null);
  assert.equal(indices("4", 4), null);
});
