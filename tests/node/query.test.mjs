/** What is searched: words, patterns, comparisons. */

import assert from "node:assert/strict";
import test from "node:test";
import { parse, QueryError, search } from "../../tb_plugin/static/lib/query.js";

/** @type {Record<string, import("../../tb_plugin/static/lib/columns.js").Column>} */
const COLUMNS = {
  writer: { type: "text", of: Int32Array.of(0, 1, 2, -1), texts: ["Anna", "Ben", "Anna van den Berg"] },
  note: { type: "text", of: Int32Array.of(0, 0, 1, 1), texts: ["/data/img.png", "a (b) c"] },
  length: { type: "number", values: Float32Array.of(10, 20, 0.1, 7), there: null },
  "stroke: width": { type: "number", values: Float64Array.of(1, 0, 3, -2), there: Uint8Array.of(1, 0, 1, 1) },
};
const FIELDS = Object.entries(COLUMNS).map(([name, { type }]) => ({ name, type }));

/** Returns the indices that a query finds, and the columns that were loaded for it. */
async function find(query) {
  const loaded = [];
  const found = await search(query, 4, FIELDS, async (name) => (loaded.push(name), COLUMNS[name]));
  return { found: [...found.keys()].filter((i) => found[i]), loaded };
}

const FINDS = {
  anna: [0, 2],
  "anna berg": [2],
  '"van den"': [2],
  "ANNA png": [0],
  writer: [],
  "writer:anna": [0, 2],
  "Writer:anna": [0, 2],
  "writer=anna": [0],
  'writer="anna van den berg"': [2],
  "writer!=anna": [1, 2, 3],
  "/^a/": [2, 3],
  "/^a/i": [0, 2, 3],
  "writer:/n$/": [1],
  "writer!=/n$/": [0, 2, 3],
  "/data/img.png": [0, 1],
  "/a \\(b\\)/": [2, 3],
  "length>10": [1],
  "length>=10": [0, 1],
  "length<10": [2, 3],
  "length<=10": [0, 2, 3],
  "length=20": [1],
  "length:20": [1],
  "length=0.1": [2], // as float32
  "length!=20": [0, 2, 3],
  "length:7..10": [0, 3],
  "length=-5..8": [2, 3],
  "length>5 length<15": [0, 3],
  '"stroke: width">0': [0, 2],
  '"stroke: width"<9': [0, 2, 3], // a point without a number is in no range
  '"stroke: width"!=1': [1, 2, 3],
  "anna  length>5  ": [0],
  "": [0, 1, 2, 3],
};

for (const [query, indices] of Object.entries(FINDS))
  test(`finds ${query || "all"}`, async () => assert.deepEqual((await find(query)).found, indices));

test("only the columns are loaded that are asked", async () => {
  assert.deepEqual((await find("length>1 length<9")).loaded, ["length", "length"]);
  assert.deepEqual((await find("x")).loaded, ["writer", "note"]);
  assert.deepEqual((await find("writer:x")).loaded, ["writer"]);
});

const REFUSED = {
  "length>": /A value is missing after length>/,
  'writer:""': /^$/, // none: it finds all texts
  "height>3": /No column is called height\. There are: writer, note, length, stroke: width\./,
  "length:word": /length has numbers: ask length>10/,
  "length>1..2": /length has numbers/,
  "length:1..2..3": /length has numbers/,
  "length:/1/": /length has numbers/,
  "writer>3": /writer has texts: ask writer:word/,
  "/(/": /Invalid regular expression/,
  "/a/qq": /flags|Invalid/,
};

for (const [query, message] of Object.entries(REFUSED))
  test(`says what is wrong with ${query}`, async () => {
    const said = await find(query).then(
      () => "",
      (error) => (assert.ok(error instanceof QueryError), error.message),
    );
    assert.match(said, message);
  });

test("a pattern that remembers where it was is asked from the start each time", async () => {
  assert.deepEqual((await find("/a/gi")).found, [0, 1, 2, 3]);
});

test("terms keep their parts", () => {
  assert.deepEqual(
    parse('a "b c" d>=2 "e f":g').map(({ field, op, value }) => [field, op, value]),
    [
      [null, ":", "a"],
      [null, ":", "b c"],
      ["d", ">=", "2"],
      ["e f", ":", "g"],
    ],
  );
});
