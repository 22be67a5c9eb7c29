/** A tour through the principal components. */

import assert from "node:assert/strict";
import test from "node:test";
import { into, lift, turned, withGrid } from "../../tb_plugin/static/lib/planes.js";
import {
  fromText,
  MAX_COMPONENTS,
  named,
  seen,
  START,
  toText,
  turn,
  turnThrough,
} from "../../tb_plugin/static/lib/tour.js";
import { random } from "./random.mjs";

const dot = (a, b) => a.reduce((sum, x, d) => sum + x * b[d], 0);

/** @param {any} tour @param {number} within */
function isFrame({ across, up, out }, within = 1e-12) {
  const all = [across, up, out];
  for (const [i, a] of all.entries())
    for (const [j, b] of all.entries()) assert.ok(Math.abs(dot(a, b) - Number(i === j)) < within, `${i} ${j}`);
}

test("a plane stays one after many turns through many components", () => {
  const next = random(1);
  let tour = START;
  for (let k = 0; k < 2000; k++) {
    if (k % 50 === 49) tour = turnThrough(tour, 2 + Math.floor(next() * (MAX_COMPONENTS - 2)));
    tour = turn(tour, next() - 0.5, next() - 0.5);
  }
  isFrame(tour);
  assert.equal(tour.across.length, MAX_COMPONENTS);
});

test("a turn follows the pointer: what is in front goes with it, along the drag alone", () => {
  const right = turn(START, 0.3, 0);
  const [x, y] = [dot(START.out, right.across), dot(START.out, right.up)];
  assert.ok(Math.abs(x - Math.sin(0.3)) < 1e-12 && Math.abs(y) < 1e-12);
  assert.deepEqual(right.up, START.up);
  const up = turn(START, 0, 0.3);
  assert.ok(dot(START.out, up.up) > 0.29);
  assert.deepEqual(up.across, START.across);
  const back = turn(turn(START, 0.7, -0.2), -0.7, 0.2);
  for (const part of ["across", "up", "out"])
    for (const [d, value] of back[part].entries()) assert.ok(Math.abs(value - START[part][d]) < 1e-12);
  assert.equal(turn(START, 0, 0), START);
});

test("turns the same way again lead once around", () => {
  let tour = START;
  const seenThird = [];
  for (let k = 0; k < 36; k++) {
    tour = turn(tour, Math.PI / 18, 0);
    seenThird.push(tour.across[2]);
  }
  for (const [d, value] of tour.across.entries()) assert.ok(Math.abs(value - START.across[d]) < 1e-9);
  assert.ok(Math.max(...seenThird) > 0.99 && Math.min(...seenThird) < -0.99);
});

test("another component to turn through leaves the plane as it is", () => {
  const tour = turn(START, 0.4, 0.2);
  const other = turnThrough(tour, 4);
  isFrame(other);
  assert.deepEqual(other.across, [...tour.across, 0, 0]);
  assert.deepEqual(other.out, [0, 0, 0, 0, 1]);
  assert.equal(other.through, 4);
  // A component that lies in the plane: it turns through the one that is farthest off.
  const third = turn(START, Math.PI / 2, 0);
  const again = turnThrough(third, 2);
  isFrame(again);
  assert.ok(Math.abs(again.out[0]) > 0.99);
});

test("the address keeps a tour, and of nonsense nothing", () => {
  const tour = turn(turnThrough(turn(START, 0.5, 0.1), 5), 0.2, -0.9);
  const read = fromText(toText(tour));
  isFrame(read);
  assert.equal(read.through, 5);
  for (const part of ["across", "up", "out"])
    for (const [d, value] of read[part].entries()) assert.ok(Math.abs(value - tour[part][d]) < 2e-4);
  assert.ok(toText(tour).length < 150);
  const parts = "1,0,0;0,1,0;0,0,1";
  assert.deepEqual(fromText(`tour:3;${parts}`), START);
  for (const text of [
    "tour",
    "tour:",
    `tour:2;${parts}`,
    `tour:4;${parts}`,
    `tour:2.5;${parts}`,
    `pca:3;${parts}`,
    "tour:3;1,0,0;0,1,0",
    "tour:3;1,0;0,1;0,0",
    "tour:3;1,0,0;1,0,0;0,0,1",
    "tour:3;1,0,0;0,1,0;1,1,0",
    "tour:3;0,0,0;0,1,0;0,0,1",
    "tour:3;1,0,0;0,x,0;0,0,1",
    "tour:3;1,0,0;0,1e9,0;0,0,1",
    `tour:3;${[0, 1, 2].map((at) => Array.from({ length: 11 }, (_, d) => Number(d === at))).join(";")}`,
  ])
    assert.equal(fromText(text), null, text);
});

/** Codes of five numbers that lie where three directions lead, and what the server says of them. */
function components() {
  const next = random(2);
  const third = [0, 0, Math.SQRT1_2, Math.SQRT1_2, 0];
  const directions = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], third].map((one) => Float32Array.from(one));
  const places = Float32Array.from({ length: 3 * 40 }, () => 4 * next() - 2);
  return { places, origin: Float32Array.of(1, 2, 3, 4, 5), directions, shares: [0.5, 0.3, 0.1] };
}

test("what is seen from a side is where the codes are in its plane", () => {
  const given = components();
  const tour = turn(START, 0.8, -0.5);
  const { xy, box, plane } = seen(given, tour);
  for (let i = 0; i < 40; i++) {
    const code = given.origin.map((start, d) =>
      given.directions.reduce((sum, one, c) => sum + given.places[3 * i + c] * one[d], start),
    );
    const [x, y] = into(code, plane);
    assert.ok(Math.abs(xy[2 * i] - x) < 1e-5 && Math.abs(xy[2 * i + 1] - y) < 1e-5);
    assert.ok(
      xy[2 * i] >= box.left && xy[2 * i] <= box.right && xy[2 * i + 1] >= box.bottom && xy[2 * i + 1] <= box.top,
    );
  }
  const [one] = [lift([3, -2], plane)];
  assert.ok(Math.hypot(into(one, plane)[0] - 3, into(one, plane)[1] + 2) < 1e-5);
  const share = tour.across[0] ** 2 * 0.5 + tour.across[1] ** 2 * 0.3 + tour.across[2] ** 2 * 0.1;
  assert.ok(Math.abs(Number(plane.shares[0]) - share) < 1e-9);
  assert.deepEqual(seen({ ...given, shares: [null, null, null] }, tour).plane.shares, [null, null]);
});

test("codes of fewer numbers are seen from the side that they have", () => {
  const two = { ...components(), directions: components().directions.slice(0, 2), places: Float32Array.of(1, 2, 3, 4) };
  for (const tour of [START, turn(START, 0.8, -0.5), turn(START, Math.PI / 2, 0), turn(START, 0, Math.PI / 2)]) {
    const { plane, choice } = seen(two, tour);
    assert.ok(![choice.across, choice.up].map(named).join().includes("3"));
    assert.ok(Math.abs(dot(plane.u, plane.v)) < 1e-6);
    assert.ok(Math.abs(dot(plane.u, plane.u) - 1) < 1e-6 && Math.abs(dot(plane.v, plane.v) - 1) < 1e-6);
  }
});

test("a frame turns without a request if it has the components", () => {
  const frame = withGrid({
    step: 3,
    labels: null,
    sample: null,
    choice: START,
    components: components(),
    ...seen(components(), START),
  });
  const tour = turn(START, 0.5, 0);
  const made = turned(frame, tour);
  assert.deepEqual(made.xy, seen(components(), tour).xy);
  assert.equal(made.choice, tour);
  assert.equal(made.step, 3);
  assert.equal(made.grid.xy, made.xy);
  assert.equal(turned(frame, turnThrough(tour, 3)), null); // a component more
  assert.equal(turned(frame, { kind: "pca" }), null);
  assert.equal(turned({ ...frame, components: undefined }, tour), null);
  assert.equal(turned(null, tour), null);
});

test("an axis is named by the components that it consists of", () => {
  assert.equal(named([0, 1, 0]), "principal component 2");
  assert.equal(named([0.6, 0, -0.8]), "− 0.80 PC 3 + 0.60 PC 1");
  assert.equal(named([0.999, 0.04, 0]), "principal component 1");
  assert.equal(named([-1, 0, 0]), "− 1.00 PC 1");
});
