/** The tools of the plot, without a page. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { Observable } from "../../tb_plugin/static/lib/observable.js";
import { START } from "../../tb_plugin/static/lib/session.js";
import { DEFAULTS, MAX_CORNERS, same } from "../../tb_plugin/static/lib/state.js";
import { START as START_TOUR, turn as turned } from "../../tb_plugin/static/lib/tour.js";
import { toolOf, TOOLS } from "../../tb_plugin/static/plot/tools.js";

const FOLDER = new URL("../../tb_plugin/static/plot/tools/", import.meta.url);

test("every file of tools/ is one tool of the list, under its own name, with a key of its own", () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(".js", ""));
  assert.deepEqual(TOOLS.map(({ name }) => name).sort(), files.sort());
  assert.equal(new Set(TOOLS.map(({ key }) => key)).size, TOOLS.length);
  assert.ok(TOOLS.some(({ name }) => name === DEFAULTS.tool));
  for (const tool of TOOLS) assert.equal(toolOf({ tool: tool.name }), tool);
});

/** A plot whose pixels are its places, and what all plots share. */
function page(tool) {
  const shared = /** @type {any} */ ({
    state: new Observable({ ...DEFAULTS, tool }, same),
    session: new Observable(START),
    camera: { view: { x: 0, y: 0, span: 100 } },
    look: (view) => (shared.camera.view = view),
  });
  const plot = /** @type {any} */ ({
    size: { width: 100, height: 100 },
    place: (x, y) => [x, y],
    select: (corners) => shared.session.set({ outline: null, selection: corners }),
    content: { frame: { plane: { origin: new Float32Array(2) } } },
    pick: (x, y) => (x === 1 && y === 2 ? 7 : -1),
  });
  return { plot, shared, tool: toolOf({ tool }) };
}

/** Presses at the first place, drags through the others, lets go. */
function drag({ plot, shared, tool }, [first, ...others]) {
  const made = tool.press(plot, shared, ...first);
  for (const place of others) made?.move(...place);
  made?.end?.();
}

test("decode: the probe follows the pointer", () => {
  const it = page("decode");
  drag(it, [[1, 2]]);
  assert.deepEqual(it.shared.state.now.probe, [1, 2]);
  assert.equal(it.shared.session.now.anchor, 7); // the point that was clicked
  drag(it, [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  assert.deepEqual(it.shared.state.now.probe, [5, 6]);
  assert.equal(it.shared.session.now.anchor, -1);
});

test("pan: the view follows the pointer, and the session knows of the drag", () => {
  const it = page("pan");
  const made = it.tool.press(it.plot, it.shared, 50, 50);
  assert.ok(it.shared.session.now.dragging);
  made?.move(60, 45);
  made?.move(70, 40);
  made?.end?.();
  assert.ok(!it.shared.session.now.dragging);
  assert.deepEqual(it.shared.camera.view, { x: -20, y: -10, span: 100 });
});

test("turn: by a drag and by arrow keys, where codes have three numbers or more", () => {
  const it = page("turn");
  const places = [
    [50, 50],
    [60, 50],
    [60, 30],
  ];
  drag(it, places);
  assert.equal(it.shared.state.now.plane, DEFAULTS.plane); // two numbers have one side
  it.tool.arrow?.(it.plot, it.shared, [1, 0]);
  assert.equal(it.shared.state.now.plane, DEFAULTS.plane);
  it.plot.content = { frame: { plane: { origin: new Float32Array(3) } } };
  const made = it.tool.press(it.plot, it.shared, 50, 50);
  assert.ok(it.shared.session.now.dragging);
  made?.move(60, 50);
  made?.move(60, 30);
  made?.end?.();
  assert.ok(!it.shared.session.now.dragging);
  assert.deepEqual(it.shared.state.now.plane, turned(turned(START_TOUR, 0.2, 0), 0, 0.4)); // of a ball of 50 pixels
  it.shared.state.set({ plane: START_TOUR });
  it.tool.arrow?.(it.plot, it.shared, [0, -1]);
  assert.deepEqual(it.shared.state.now.plane, turned(START_TOUR, 0, Math.PI / 36));
  assert.equal(it.shared.state.now.probe, null);
});

const CORNERS = [
  [10, 10],
  [10, 30],
  [30, 30],
  [30, 10],
];

test("box: from corner to corner; lasso: along the way", () => {
  const way = [
    [10, 10],
    [20, 25],
    [30, 30],
  ];
  const box = page("box");
  drag(box, way);
  assert.deepEqual(box.shared.session.now.selection, [
    [10, 10],
    [30, 10],
    [30, 30],
    [10, 30],
  ]);
  assert.equal(box.shared.session.now.outline, null);
  const lasso = page("lasso");
  drag(lasso, way);
  assert.deepEqual(lasso.shared.session.now.selection, way);
});

test("box and lasso: a click selects nothing", () => {
  for (const name of ["box", "lasso"]) {
    const it = page(name);
    drag(it, CORNERS);
    assert.ok(it.shared.session.now.selection);
    drag(it, [
      [10, 10],
      [11, 11],
    ]);
    assert.equal(it.shared.session.now.selection, null);
  }
});

test("box and lasso by the Enter key", () => {
  const box = page("box");
  for (const place of [
    [1, 1],
    [1, 1],
    [5, 5],
  ])
    box.tool.enter?.(box.plot, box.shared, place);
  assert.deepEqual(box.shared.session.now.selection, [
    [1, 1],
    [5, 1],
    [5, 5],
    [1, 5],
  ]);
  const two = page("lasso");
  for (let k = 0; k < 2; k++) two.tool.enter?.(two.plot, two.shared, [1, 1]);
  for (let k = 0; k < 2; k++) two.tool.enter?.(two.plot, two.shared, [5, 5]);
  assert.equal(two.shared.session.now.selection, null); // two corners have no inside
  const lasso = page("lasso");
  for (const place of [
    [1, 1],
    [1, 1],
    [5, 5],
    [5, 1],
  ])
    lasso.tool.enter?.(lasso.plot, lasso.shared, place);
  assert.equal(lasso.shared.session.now.selection, null);
  assert.equal(lasso.shared.session.now.outline?.corners.length, 3);
  lasso.tool.enter?.(lasso.plot, lasso.shared, [5, 1]);
  assert.deepEqual(lasso.shared.session.now.selection, [
    [1, 1],
    [5, 5],
    [5, 1],
  ]);
  assert.equal(lasso.shared.session.now.outline, null);
});

test("path: the same corner twice ends it; one corner is no path; there is a most", () => {
  const it = page("path");
  for (const place of [
    [1, 1],
    [2, 2],
    [3, 1],
    [3, 1],
  ])
    drag(it, [place]);
  assert.deepEqual(it.shared.state.now.walk, {
    kind: "path",
    points: [
      [1, 1],
      [2, 2],
      [3, 1],
    ],
  });
  assert.equal(it.shared.state.now.tool, DEFAULTS.tool);
  const one = page("path");
  for (const place of [
    [1, 1],
    [1, 1],
  ])
    drag(one, [place]);
  assert.equal(one.shared.state.now.walk, null);
  assert.equal(one.shared.state.now.tool, DEFAULTS.tool);
  const many = page("path");
  for (let k = 0; k <= MAX_CORNERS; k++) drag(many, [[k, 0]]);
  assert.equal(/** @type {any} */ (many.shared.state.now.walk).points.length, MAX_CORNERS);
});
