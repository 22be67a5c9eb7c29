/** The SVG of a plot is XML whatever the classes are called. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { SVG } from "../../tb_plugin/static/lib/svg.js";

test("a text keeps what XML can hold, and shows where something was that it cannot", () => {
  const svg = new SVG(10, 10);
  svg.fillText('<b> & "c"', 0, 0);
  svg.fillText("a\u0000b\u001b\ud800c\uffff d\u{1f600}é", 0, 0);
  assert.match(svg.text, />&lt;b&gt; &amp; &quot;c&quot;<\/text>/);
  assert.match(svg.text, />a\ufffdb\ufffd\ufffdc\ufffd d\u{1f600}é<\/text>/u);
});
