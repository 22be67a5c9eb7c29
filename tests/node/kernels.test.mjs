/** The layers of the decoder, against values by hand; test_decoder_js.py holds them against NumPy. */

import assert from "node:assert/strict";
import test from "node:test";
import { ACTIVATIONS } from "../../tb_plugin/static/decode/activations.js";
import { stage } from "../../tb_plugin/static/decode/layers.js";
import { Memory } from "../../tb_plugin/static/decode/product.js";

const weights = (shape, values) => ({ shape, values: new Float32Array(values) });
const run = (kind, shape, x, config = {}, ...given) => {
  const made = stage({ kind, config, weights: given }, shape);
  const lengths = [x.length, made.shape.reduce((all, size) => all * size, 1), ...(made.room ?? [])];
  const memory = new Memory(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  const [input, out, ...room] = lengths.map((length) => memory.all.subarray(at, (at += length)));
  input.set(x);
  made.prepare(memory, ...room)(out, input);
  return { shape: made.shape, macs: made.macs, values: [...out] };
};
const NONE = {
  strides: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
};

test("dense: x @ kernel + bias, of each row of the input", () => {
  const kernel = weights([2, 3], [1, 2, 3, 4, 5, 6]);
  const bias = weights([3], [10, 20, 30]);
  assert.deepEqual(run("dense", [2], [1, -1], {}, kernel, bias), { shape: [3], macs: 6, values: [7, 17, 27] });
  assert.deepEqual(run("dense", [2, 2], [1, 0, 0, 1], {}, kernel, bias).values, [11, 22, 33, 14, 25, 36]);
  const wide = weights(
    [5, 5],
    Array.from({ length: 25 }, (_, i) => i),
  ); // four sums at a time, and one more
  assert.deepEqual(
    run("dense", [5], [1, 1, 1, 1, 1], {}, wide, weights([5], Array(5).fill(0))).values,
    [50, 55, 60, 65, 70],
  );
});

test("conv2d: correlation, padding, strides", () => {
  const x = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const kernel = weights([2, 2, 1, 1], [1, 2, 3, 4]);
  const bias = weights([1], [100]);
  const valid = run("conv2d", [3, 3, 1], x, NONE, kernel, bias);
  assert.deepEqual(valid, { shape: [2, 2, 1], macs: 16, values: [137, 147, 167, 177] });
  const padded = {
    strides: [2, 2],
    padding: [
      [1, 0],
      [1, 0],
    ],
  };
  assert.deepEqual(run("conv2d", [3, 3, 1], x, padded, kernel, bias).values, [104, 118, 136, 177]);
});

test("conv2d_transpose: each pixel stamps the kernel", () => {
  const kernel = weights([2, 2, 1, 1], [1, 2, 3, 4]);
  const bias = weights([1], [0]);
  const wide = run("conv2d_transpose", [1, 2, 1], [1, 10], { ...NONE, strides: [2, 2] }, kernel, bias);
  assert.deepEqual(wide, { shape: [2, 4, 1], macs: 8, values: [1, 2, 10, 20, 3, 4, 30, 40] });
  const dense = run("conv2d_transpose", [1, 2, 1], [1, 10], NONE, kernel, bias);
  assert.deepEqual(dense.values, [1, 12, 20, 3, 34, 40]);
  const cut = run(
    "conv2d_transpose",
    [1, 2, 1],
    [1, 10],
    {
      ...NONE,
      padding: [
        [1, 0],
        [0, 1],
      ],
    },
    kernel,
    bias,
  );
  assert.deepEqual(cut, { shape: [1, 2, 1], macs: 8, values: [3, 34] });
});

test("layers without kernels", () => {
  const repeated = run("upsample", [1, 2, 1], [1, 2], { size: [2, 2] });
  assert.deepEqual(repeated, { shape: [2, 4, 1], macs: 0, values: [1, 1, 2, 2, 1, 1, 2, 2] });
  assert.deepEqual(run("permute", [2, 3], [1, 2, 3, 4, 5, 6], { axes: [1, 0] }).values, [1, 4, 2, 5, 3, 6]);
  assert.deepEqual(run("reshape", [6], [1, 2, 3, 4, 5, 6], { shape: [2, 3] }).shape, [2, 3]);
  assert.deepEqual(run("flatten", [2, 3], [1, 2, 3, 4, 5, 6]).shape, [6]);
  const scaled = run("scale", [2, 2], [1, 2, 3, 4], {}, weights([2], [10, 100]), weights([1], [1]));
  assert.deepEqual(scaled.values, [11, 201, 31, 401]);
});

const activated = (kind, x, config = {}) => {
  const values = new Float32Array(x);
  ACTIVATIONS[kind](values, config, values.length);
  return [...values];
};

test("activations at known places", () => {
  assert.deepEqual(activated("relu", [-1, 0, 2]), [0, 0, 2]);
  assert.deepEqual(activated("sigmoid", [0, -1000, 1000]), [0.5, 0, 1]);
  assert.deepEqual(activated("leaky_relu", [-2, 3], { alpha: 0.5 }), [-1, 3]);
  assert.deepEqual(activated("softmax", [1000, 1000, -Infinity]), [0.5, 0.5, 0]);
  assert.deepEqual(activated("gelu", [0], { approximate: false }), [0]);
  assert.ok(Math.abs(activated("gelu", [1], { approximate: false })[0] - 0.8413447) < 1e-6);
  assert.ok(Math.abs(activated("elu", [-1], { alpha: 2 })[0] - 2 * Math.expm1(-1)) < 1e-6);
});

test("a layer that does not fit says so", () => {
  const kernel = weights([2, 3], Array(6).fill(0));
  assert.throws(
    () => run("dense", [3], [1, 2, 3], {}, kernel, weights([3], [0, 0, 0])),
    /does not fit an input of \[3\]/,
  );
  assert.throws(() => run("dense", [2], [1, 2], {}, kernel, weights([2], [0, 0])), /bias does not fit/);
  assert.throws(() => run("permute", [2, 3], [], { axes: [0, 0] }), /no order of the axes/);
  assert.throws(() => run("reshape", [6], [], { shape: [5] }), /cannot take the shape/);
  assert.throws(() => run("toString", [6], []), /not known/);
  const large = weights([9, 9, 1, 1], Array(81).fill(0));
  assert.throws(() => run("conv2d", [3, 3, 1], [], NONE, large, weights([1], [0])), /empty picture/);
});
