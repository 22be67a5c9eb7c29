/** The state in the address. */

import assert from "node:assert/strict";
import test from "node:test";
import {
  DEFAULTS,
  FIRST,
  fromAddress,
  MAX_FRAMES,
  MAX_QUERY,
  recolored,
  same,
  toAddress,
} from "../../tb_plugin/static/lib/state.js";
import { START, turnThrough } from "../../tb_plugin/static/lib/tour.js";
import { COLOR_MODES } from "../../tb_plugin/static/lib/palette.js";
import { Observable } from "../../tb_plugin/static/lib/observable.js";

const TOOLS = ["decode", "box"];
const read = (data) => fromAddress(data, TOOLS);

/** @type {import("../../tb_plugin/static/lib/state.js").State} */
const FULL = {
  spaces: [{ run: "a&b=c/d", tag: "é%" }],
  step: -3,
  plane: { kind: "axes", i: 4, j: 0 },
  view: { x: 1.5, y: -2, span: 0.25 },
  color: "column:a,b c",
  since: { run: "a/b", tag: "codes", step: -3 },
  shapes: true,
  manifold: false,
  names: false,
  thumbnails: false,
  hidden: [-1, 3],
  range: [-0.123456789, 1e9],
  layer: "density",
  query: 'a>1 "b c"&d=#',
  selected: "3-9.12.40-41",
  only: true,
  tool: "box",
  probe: [0, -7.25],
  code: [1, -2.5, 0],
  walk: {
    kind: "path",
    points: [
      [1, 2],
      [3, 4.5],
    ],
  },
  frames: 7,
  frame: 3,
  ms: 250,
  direction: -1,
  even: true,
  views: [
    { name: "first & <b>", at: { step: "10", query: "a=b" } },
    { name: "2", at: {} },
  ],
};

test("an empty address is the default state, which is an empty address", () => {
  assert.deepEqual(read({}), DEFAULTS);
  assert.deepEqual(toAddress(DEFAULTS), {});
});

test("every key comes back, alone and together with the others", () => {
  assert.deepEqual(read(toAddress(FULL)), FULL);
  for (const key of Object.keys(DEFAULTS)) {
    const state = { ...DEFAULTS, [key]: FULL[key] };
    assert.deepEqual(Object.keys(toAddress(state)), [key]);
    assert.deepEqual(read(toAddress(state)), state);
  }
});

test("hidden classes are ranges, and old links name each one", () => {
  assert.equal(toAddress({ ...DEFAULTS, hidden: [7, 0, 2, -1, 1] }).hidden, "-1,0-2,7");
  assert.deepEqual(read({ hidden: "7,0,-1" }).hidden, [7, 0, -1]);
});

test("other values come back as well", () => {
  for (const patch of [
    { plane: { kind: "pca" } },
    { plane: null },
    { plane: START },
    { plane: { kind: "map", name: "my umap: a,b" } },
    { plane: turnThrough(START, 6) },
    { walk: { kind: "circle", x: 0, y: 1e-5, r: 0 } },
    {
      walk: {
        kind: "path",
        points: [
          [1, 2],
          [3, 4.5],
        ],
        smooth: true,
      },
    },
    { manifold: true },
    { names: true },
    { hidden: [0] },
    { hidden: [-1, 0, 1, 2, 4, 6, 7, 999] },
    { selected: "left-out:70000" },
    ...Object.keys(COLOR_MODES).map((color) => ({ color })),
  ]) {
    assert.deepEqual(read(toAddress({ ...DEFAULTS, ...patch })), { ...DEFAULTS, ...patch });
  }
});

test("old links open", () => {
  assert.equal(read({ colour: "error" }).color, "error");
  assert.equal(read({ colour: "error", color: "none" }).color, "none");
  assert.equal(read({ "": "error" }).color, "label");
  assert.equal(toAddress(read({ colour: "error" })).colour, undefined);
  // Before principal components came first, the first two axes were not in a link.
  assert.deepEqual(read({ step: "10" }).plane, { kind: "axes", i: 0, j: 1 });
  assert.equal(toAddress(FIRST).plane, "auto");
});

const NONSENSE = {
  spaces: ["[", "7", '["a"]', '[["a",7]]', "null"],
  step: ["", "x", "1.5", "1e3", "99999999999999999999"],
  plane: ["", "axes:1", "axes:1,-1", "axes:1,x", "pca2", "tour:3;1,0,0;0,1,0", "map:", "map"],
  view: ["1,2", "1,2,0", "1,2,-1", "1,2,1e999", "1,,3", "a,b,c"],
  color: ["", "pink", "columns:a", "toString", "constructor", "LABEL"],
  since: ["", "[", "[1]", '["a","b"]', '["a","b",1.5]', '["a","b","c"]'],
  shapes: ["", "2", "true"],
  manifold: ["yes"],
  names: ["", "2"],
  thumbnails: ["-1"],
  hidden: ["x", "", "1.5,x"],
  range: ["", "1", "2,1", "a,b", "1,2,3"],
  layer: ["", "toString", "2"],
  query: ["x".repeat(MAX_QUERY + 1)],
  selected: ["", "x", "1-", "1..2", "-1", "1,2", "1-2-3", "1.5e3", "left-out:", "1.".repeat(1000) + "1"],
  only: ["2"],
  tool: ["", "pan", "toString"],
  probe: ["1", "1,2,3", "NaN,0", "1e30,0"],
  code: ["", "1,x", "1,,2", "1e30"],
  walk: [
    "circle:1,2,-3",
    "circle:1,2",
    "path:1,2",
    "path:1,2,3",
    "line:1,2,3,4",
    "smooth:1,2",
    "smooth",
    "path:",
    `path:${Array(66).fill(1)}`,
  ],
  frames: ["1", String(MAX_FRAMES + 1), "1e2"],
  frame: ["-1", String(MAX_FRAMES)],
  ms: ["19", "5001"],
  direction: ["0", "2"],
  even: ["", "yes"],
  views: ["", "7", "[1]", '[["a"]]', '[["a",null]]', '[["a",{"step":7}]]', "[[1,{}]]", '[["a",{}],["a",{}]]'],
};

test("nonsense is ignored, key by key", () => {
  assert.deepEqual(Object.keys(NONSENSE), Object.keys(DEFAULTS));
  for (const [key, values] of Object.entries(NONSENSE)) {
    for (const value of values) {
      const { [key]: given, ...others } = read({ ...toAddress(FULL), [key]: value });
      const { [key]: _, ...kept } = FULL;
      assert.deepEqual(given, DEFAULTS[key], `${key}=${value}`);
      assert.deepEqual(others, kept, `${key}=${value}`);
    }
  }
});

test("the frame is one of the walk's, panels are at most four", () => {
  assert.equal(read({ frames: "5", frame: "9" }).frame, 4);
  assert.equal(read({ spaces: JSON.stringify(Array(9).fill(["a", "b"])) }).spaces.length, 4);
});

test("with other colors goes what the legend hid of the old ones", () => {
  const state = { ...DEFAULTS, hidden: [3], range: [1, 2] };
  assert.deepEqual(recolored(state, "error"), { color: "error", range: null, hidden: [3] });
  assert.deepEqual(recolored(state, "column:a"), { color: "column:a", range: null, hidden: [] });
  assert.deepEqual(recolored({ ...state, color: "column:a" }, "label").hidden, []);
});

test("parts of the state are equal by value", () => {
  assert.ok(same({ x: 1, y: [2] }, { x: 1, y: [2] }));
  assert.ok(!same(null, { x: 1 }));
  assert.ok(!same([1], [1, 2]));
  assert.ok(same(NaN, NaN));
});

test("listeners hear of what changed, and of nothing else", () => {
  const heard = [];
  const values = new Observable({ a: 1, b: [1], c: 3 }, same);
  values.on((changed) => heard.push([...changed]));
  values.set({ a: 1, b: [1] });
  values.set({ a: 2, b: [1] });
  values.set({ b: [2], c: 4 });
  assert.deepEqual(heard, [["a"], ["b", "c"]]);
  assert.deepEqual(values.now, { a: 2, b: [2], c: 4 });
  const first = values.now;
  values.set({ a: 5 });
  assert.equal(first.a, 2);
});
