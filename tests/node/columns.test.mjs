/** The order of points by a column. */

import assert from "node:assert/strict";
import test from "node:test";
import { ordered } from "../../tb_plugin/static/lib/columns.js";

test("numbers, texts, and none of them", () => {
  const by = (values, direction) => ordered(new Set(values.keys()), (i) => values[i], direction);
  assert.deepEqual(by([3, null, -1, 3, NaN, 20], 1), [2, 0, 3, 5, 1, 4]);
  assert.deepEqual(by([3, null, -1, 3, NaN, 20], -1), [5, 0, 3, 2, 1, 4]);
  assert.deepEqual(by(["b10", "b9", null, "A"], 1), [3, 1, 0, 2]);
  assert.deepEqual(
    ordered([7, 5], (i) => i, 1),
    [5, 7],
  );
});
