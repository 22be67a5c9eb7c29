/** The order in which the grid of decoded pictures comes. */

import assert from "node:assert/strict";
import test from "node:test";
import { coarseToFine, Sheet } from "../../tb_plugin/static/plot/manifold.js";

test("all cells come once, every fourth first, each kind from the place on", () => {
  const [columns, rows] = [10, 7];
  const order = coarseToFine(columns, rows, 8, 5);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...Array(70).keys()],
  );
  const coarse = order.slice(0, 6); // columns 0, 4, 8 of rows 0, 4
  assert.deepEqual(
    [...coarse].sort((a, b) => a - b),
    [0, 4, 8, 40, 44, 48],
  );
  assert.equal(coarse[0], 48);
  assert.equal(order[6], 58); // column 8, row 5
  assert.equal(order.at(-1), 10); // column 0, row 1
});

test("a coarse picture fills its block until the others are there", () => {
  const sheet = new Sheet(6, 5, [1, 1, 1]);
  const picture = (value) => new Uint8ClampedArray([value, value, value, 255]);
  const shown = () => Array.from({ length: 30 }, (_, i) => sheet.pixels[4 * i]);
  const row = (...values) => values;
  sheet.add(0, picture(1), true);
  assert.deepEqual(shown().slice(0, 6), row(1, 1, 1, 1, 0, 0));
  assert.deepEqual(shown().slice(24), row(0, 0, 0, 0, 0, 0));
  sheet.add(7, picture(9), true); // a fine one that came early stays
  for (const [k, value] of Object.entries({ 4: 2, 24: 3, 28: 4 })) sheet.add(Number(k), picture(value), true);
  assert.deepEqual(shown().slice(0, 12), row(1, 1, 1, 1, 2, 2, 1, 9, 1, 1, 2, 2));
  assert.deepEqual(shown().slice(24), row(3, 3, 3, 3, 4, 4));
  for (let k = 0; k < 30; k++) if (![0, 4, 24, 28].includes(k)) sheet.add(k, picture(k + 10), true);
  assert.deepEqual(shown().slice(0, 6), row(1, 11, 12, 13, 2, 15));
});
