/** The handles of a walk and what is drawn over the points. */

import assert from "node:assert/strict";
import test from "node:test";
import * as overlay from "../../tb_plugin/static/plot/overlay.js";

const SIZE = { width: 400, height: 200 };
const VIEW = { x: 0, y: 0, span: 4 }; // 50 pixels per unit, (0, 0) at (200, 100)
const CIRCLE = { kind: "circle", x: 1, y: 0, r: 1 }; // around (250, 100), 50 pixels
const PATH = {
  kind: "path",
  points: [
    [0, 0],
    [1, 1],
    [1, 0],
  ],
};
const COLORS = { accent: "red", paper: "white", text: "black" };

test("a circle is taken at its center and at its rim", () => {
  const at = (px, py) => overlay.handleAt(CIRCLE, VIEW, SIZE, px, py);
  assert.equal(at(250, 100), "center");
  assert.equal(at(250, 112), "center");
  assert.equal(at(250, 113), null);
  for (const angle of [0, 1, 2, 3, 4, 5]) {
    assert.equal(at(250 + 50 * Math.cos(angle), 100 + 50 * Math.sin(angle)), "rim");
    assert.equal(at(250 + 43 * Math.cos(angle), 100 + 43 * Math.sin(angle)), null);
    assert.equal(at(250 + 57 * Math.cos(angle), 100 + 57 * Math.sin(angle)), null);
  }
  assert.equal(overlay.handleAt({ ...CIRCLE, r: 0 }, VIEW, SIZE, 250, 100), "center");
});

test("a path is taken at its corners, the first one first", () => {
  const at = (px, py) => overlay.handleAt(PATH, VIEW, SIZE, px, py);
  assert.deepEqual([at(200, 100), at(250, 50), at(250, 100), at(225, 75)], [0, 1, 2, null]);
  assert.equal(
    overlay.handleAt(
      {
        kind: "path",
        points: [
          [0, 0],
          [0, 0],
        ],
      },
      VIEW,
      SIZE,
      203,
      104,
    ),
    0,
  );
});

/** A context that notes the calls of it. */
function recorder() {
  const calls = [];
  const context = new Proxy(/** @type {any} */ ({}), {
    get: (set, name) => set[name] ?? ((...args) => calls.push([name, ...args])),
    set: (set, name, value) => ((set[name] = value), true),
  });
  return { context, of: (name) => calls.filter(([called]) => called === name).map(([, ...args]) => args) };
}

test("the walk is drawn where it is, the dot at its frame", () => {
  const circle = recorder();
  overlay.drawWalk(circle.context, CIRCLE, [9, 9, 2, 0], 1, VIEW, SIZE, COLORS);
  assert.deepEqual(
    circle.of("arc").map(([x, y, r]) => [x, y, r]),
    [
      [250, 100, 50],
      [250, 100, 5],
      [300, 100, 5],
      [300, 100, 7],
    ],
  );
  const path = recorder();
  overlay.drawWalk(path.context, PATH, [0, 0], 0, VIEW, SIZE, COLORS);
  assert.deepEqual(path.of("lineTo"), [
    [200, 100],
    [250, 50],
    [250, 100],
  ]);
  assert.equal(path.of("arc").length, 4);
});

test("the decoded picture stands beside the probe, inside the plot, and only if the probe is in it", () => {
  const drawn = (x, y) => {
    const { context, of } = recorder();
    overlay.drawProbe(context, x, y, /** @type {any} */ ({ width: 10, height: 20 }), SIZE, COLORS);
    return of("drawImage").map(([, ...box]) => box);
  };
  assert.deepEqual(drawn(100, 100), [[120, 64, 36, 72]]);
  assert.deepEqual(drawn(380, 100), [[324, 64, 36, 72]]);
  assert.deepEqual(drawn(100, 5), [[120, 3, 36, 72]]);
  assert.deepEqual(drawn(100, 199), [[120, 125, 36, 72]]);
  assert.deepEqual(drawn(-1, 100), []);
  assert.deepEqual(drawn(100, 201), []);
});

test("a selection's outline is closed and filled, a path's is not", () => {
  for (const closed of [true, false]) {
    const { context, of } = recorder();
    overlay.drawOutline(context, PATH.points, closed, VIEW, SIZE, COLORS);
    assert.deepEqual([of("closePath").length, of("fill").length], closed ? [1, 1] : [0, 0]);
    assert.deepEqual(of("setLineDash"), [[[5, 4]], [[]]]);
  }
});
