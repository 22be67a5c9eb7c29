/** Densities of points, and the lines along which they are the same. */

import assert from "node:assert/strict";
import test from "node:test";
import { cellsOf, counted, isoline, levelsOf, smoothed } from "../../tb_plugin/static/lib/density.js";
import { random as seeded } from "./random.mjs";

const BOX = { left: -1, right: 1, bottom: -1, top: 1 };

test("cells lie on multiples of their side and cover the box", () => {
  assert.deepEqual(cellsOf(BOX, 0.3), { left: -1.2, bottom: -1.2, side: 0.3, columns: 8, rows: 8 });
  const moved = cellsOf({ left: -0.9, right: 1.1, bottom: -1, top: 1 }, 0.3);
  assert.ok(Math.abs(moved.left + 0.9) < 1e-9 || Math.abs(moved.left + 1.2) < 1e-9);
});

test("points are counted with their weights, those that are marked", () => {
  const cells = cellsOf({ left: 0, right: 2, bottom: 0, top: 2 }, 1);
  const xy = Float32Array.of(0.5, 0.5, 0.1, 0.9, 1.5, 0.5, 5, 5, -0.1, 1, 1, 1);
  const { counts, sums } = counted(xy, Uint8Array.of(2, 2, 1, 2, 2, 2), cells, [1, 2, 4, 8, 16, 32]);
  assert.deepEqual([...counts], [2, 0, 0, 1]);
  assert.deepEqual([...sums], [3, 0, 0, 32]);
});

test("a point becomes a normal distribution", () => {
  const cells = { left: 0, bottom: 0, side: 1, columns: 61, rows: 61 };
  const values = new Float32Array(61 * 61);
  values[30 * 61 + 30] = 1;
  const radius = 4;
  const density = smoothed(values, cells, radius);
  const sum = density.reduce((all, one) => all + one, 0);
  assert.ok(Math.abs(sum - 1) < 1e-4, `${sum}`);
  const variance = 3 * (((2 * radius + 1) ** 2 - 1) / 12);
  for (const [dx, dy] of [
    [0, 0],
    [3, 0],
    [-4, 2],
    [6, -6],
  ]) {
    const expected = Math.exp(-(dx * dx + dy * dy) / 2 / variance) / (2 * Math.PI * variance);
    const found = density[(30 + dy) * 61 + 30 + dx];
    assert.ok(Math.abs(found - expected) < 0.13 / (2 * Math.PI * variance), `${dx}, ${dy}: ${found}, ${expected}`);
  }
});

test("a level is above the share of points that it says", () => {
  const random = seeded(1);
  const counts = Float32Array.from({ length: 400 }, () => Math.floor(4 * random()));
  const density = Float32Array.from({ length: 400 }, random);
  const all = counts.reduce((sum, one) => sum + one, 0);
  const shares = [0.9, 0.5, 0.1];
  for (const [i, level] of levelsOf(counts, density, shares).entries()) {
    let inside = 0;
    for (const [k, one] of density.entries()) if (one >= level) inside += counts[k];
    assert.ok(inside >= shares[i] * all && inside < shares[i] * all + 4);
  }
  assert.deepEqual(levelsOf(new Float32Array(4), new Float32Array(4), [0.5]), [Infinity]);
});

/** Returns how many pieces end at each place. */
function ends(pieces) {
  const found = new Map();
  for (let i = 0; i < pieces.length; i += 2) {
    const key = `${pieces[i].toFixed(9)} ${pieces[i + 1].toFixed(9)}`;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return [...found.values()];
}

test("the lines of a cone are circles", () => {
  const cells = { left: 0, bottom: 0, side: 1, columns: 41, rows: 41 };
  const cone = Float32Array.from(
    { length: 41 * 41 },
    (_, i) => 20 - Math.hypot((i % 41) - 20, Math.floor(i / 41) - 20),
  );
  const pieces = isoline(cone, cells, 20 - 12.3);
  assert.ok(pieces.length > 200);
  for (let i = 0; i < pieces.length; i += 2)
    assert.ok(Math.abs(Math.hypot(pieces[i] - 20.5, pieces[i + 1] - 20.5) - 12.3) < 0.03);
  assert.ok(ends(pieces).every((count) => count === 2));
});

test("lines are closed and do not branch, also at saddles", () => {
  const random = seeded(2);
  for (let run = 0; run < 20; run++) {
    const cells = { left: 0, bottom: 0, side: 1, columns: 12, rows: 9 };
    const inner = (i) => i % 12 > 0 && i % 12 < 11 && i >= 12 && i < 12 * 8;
    const values = Float32Array.from({ length: 12 * 9 }, (_, i) => (inner(i) ? random() : 0));
    const pieces = isoline(values, cells, 0.5);
    assert.equal(pieces.length % 4, 0);
    assert.ok(ends(pieces).every((count) => count === 2));
    // No piece goes through the middle of a square whose sides it does not separate.
    for (let i = 0; i < pieces.length; i += 4)
      assert.ok(Math.hypot(pieces[i] - pieces[i + 2], pieces[i + 1] - pieces[i + 3]) <= Math.SQRT2);
  }
});

test("at a saddle the line keeps what is high in the middle together", () => {
  const cells = { left: 0, bottom: 0, side: 1, columns: 2, rows: 2 };
  /** Returns whether a piece parts the lower left corner from the others. */
  const parted = (corners) => {
    const pieces = isoline(Float32Array.from(corners), cells, 0.5);
    assert.equal(pieces.length, 8);
    return [0, 4].some((i) => pieces[i] + pieces[i + 1] < 1.999 && pieces[i + 2] + pieces[i + 3] < 1.999);
  };
  assert.equal(parted([0.9, 0, 0, 0.7]), true); // the middle is low: each high corner alone
  assert.equal(parted([1, 0.4, 0.4, 1]), false);
});
