import assert from "node:assert/strict";
import test from "node:test";

import { short } from "../../tb_plugin/static/lib/dom.js";

test("numbers have at most five digits, and tiny ones an exponent", () => {
  const said = [0, 3, -0.001, 123456.7, 0.000012345678, -1e-8, 1 / 3, Number.NaN].map(short);
  assert.deepEqual(said, ["0", "3", "-0.001", "123460", "1.2346e-5", "-1e-8", "0.33333", "–"]);
});
