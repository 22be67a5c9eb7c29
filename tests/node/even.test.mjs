/** Walks that are even in their pictures. */

import assert from "node:assert/strict";
import test from "node:test";
import { changesOf, evenly, variation } from "../../tb_plugin/static/lib/even.js";
import { random as seeded } from "./random.mjs";

const [HIDDEN, PIXELS] = [32, 64];

/** Returns a decoder of two numbers with random weights. */
function decoder(seed, gain) {
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const first = Array.from({ length: 3 * HIDDEN }, () => gain * normal());
  const second = Array.from({ length: HIDDEN * PIXELS }, normal);
  return (x, y) => {
    const hidden = Array.from({ length: HIDDEN }, (_, i) =>
      Math.tanh(first[3 * i] * x + first[3 * i + 1] * y + first[3 * i + 2]),
    );
    return Array.from({ length: PIXELS }, (_, p) => {
      const sum = hidden.reduce((all, value, i) => all + value * second[i * PIXELS + p], 0);
      return 1 / (1 + Math.exp(-sum));
    });
  };
}

for (const [seed, gain, frames, closed] of [
  [1, 1, 60, true],
  [2, 3, 60, true],
  [3, 8, 60, true],
  [4, 8, 12, false],
  [5, 20, 60, false],
  [6, 8, 5, false],
  [7, 8, 240, true],
])
  test(`${frames} frames, ${closed ? "closed" : "open"}, gain ${gain}`, async () => {
    const decode = decoder(seed, gain);
    const n = closed ? frames : frames - 1;
    const measure = async (shares) => {
      const places = shares.slice(0, frames).map((s) => {
        const t = 2 * Math.PI * s;
        return closed ? [Math.cos(t), Math.sin(t)] : [2 * s - 1, s * s];
      });
      return changesOf(Float32Array.from(places.flatMap(([x, y]) => decode(x, y))), frames, closed, true);
    };
    const straight = Array.from({ length: n + 1 }, (_, k) => k / n);
    assert.ok(variation(await measure(straight)) > 0.2);
    const { shares, changes } = await evenly(straight, measure);
    assert.equal(changes.length, n);
    assert.deepEqual(changes, await measure(shares));
    assert.ok(variation(changes) <= 0.05, `${variation(changes)}`);
    assert.deepEqual([shares[0], shares[n]], [0, 1]);
    for (let k = 0; k < n; k++) assert.ok(shares[k] < shares[k + 1]);
  });

test("what does not change stays where it is", async () => {
  const { shares } = await evenly([0, 0.5, 1], async () => new Float32Array(2));
  assert.deepEqual(shares, [0, 0.5, 1]);
  assert.equal(variation([]), 0);
});

test("a jump cannot be made even, and time ends the attempts", async () => {
  let attempts = 0;
  const measure = async (shares) => {
    attempts++;
    return Float32Array.from({ length: 4 }, (_, k) => Number(shares[k] < 0.3 !== shares[k + 1] < 0.3));
  };
  const { changes } = await evenly([0, 0.25, 0.5, 0.75, 1], measure, () => attempts < 5);
  assert.equal(variation(changes), 4);
  assert.equal(attempts, 5);
});

test("changes are those that are seen", () => {
  const pictures = Float32Array.of(0, 0, 3, 0, 3, 4);
  assert.deepEqual(
    [...changesOf(pictures, 3, false, false)],
    [Math.fround(3 / Math.SQRT2), Math.fround(4 / Math.SQRT2)],
  );
  assert.deepEqual([...changesOf(pictures, 3, true, true)], [Math.SQRT1_2, Math.SQRT1_2, 1].map(Math.fround));
});
