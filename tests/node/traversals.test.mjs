/** Codes along each dimension, and random ones. */

import assert from "node:assert/strict";
import test from "node:test";
import { fitted, limits, standard, traversals } from "../../tb_plugin/static/lib/traversals.js";
import { random as seeded } from "./random.mjs";

test("along each dimension, the others stay", () => {
  const codes = Float32Array.of(0, 5, 2, -5, 1, 1);
  assert.deepEqual(limits(codes, 2), { low: Float32Array.of(0, -5), high: Float32Array.of(2, 5) });
  const made = traversals(Float32Array.of(7, 8), limits(codes, 2), 2, 3);
  assert.deepEqual([...made], [0, 8, 1, 8, 2, 8, 7, -5, 7, 0, 7, 5]);
  assert.deepEqual([...traversals(Float32Array.of(7, 8), limits(codes, 2), 1, 2)], [0, 8, 2, 8]);
});

/** Returns mean and covariance, row by row, of codes. */
function moments(codes, dims) {
  const n = codes.length / dims;
  const mean = Array.from(
    { length: dims },
    (_, d) => codes.filter((_, i) => i % dims === d).reduce((a, b) => a + b) / n,
  );
  const covariance = [];
  for (let a = 0; a < dims; a++)
    for (let b = 0; b < dims; b++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (codes[i * dims + a] - mean[a]) * (codes[i * dims + b] - mean[b]);
      covariance.push(sum / (n - 1));
    }
  return { mean, covariance };
}

test("random codes have the mean and the covariance of the given ones", () => {
  const random = seeded(3);
  const given = Float32Array.from({ length: 3 * 50 }, () => 4 * random());
  for (let i = 0; i < given.length; i += 3) given[i + 2] = 10 - 2 * given[i] + given[i + 2] / 9;
  const expected = moments(given, 3);
  const found = moments(fitted(given, 3, 20000, random), 3);
  for (const [i, value] of expected.mean.entries()) assert.ok(Math.abs(found.mean[i] - value) < 0.05);
  for (const [i, value] of expected.covariance.entries()) assert.ok(Math.abs(found.covariance[i] - value) < 0.15);
  assert.ok(expected.covariance[2] < -1, "there is a covariance to be found");
});

test("the prior is standard normal", () => {
  const { mean, covariance } = moments(standard(2, 20000, seeded(4)), 2);
  for (const value of mean) assert.ok(Math.abs(value) < 0.03);
  for (const [i, value] of covariance.entries()) assert.ok(Math.abs(value - (i % 3 ? 0 : 1)) < 0.05);
});
