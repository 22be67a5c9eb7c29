/**
 * The inner loop of matrix products in WebAssembly, which computes four numbers at a time (SIMD).
 *
 * The module has one function, which is assembled here from its instructions: there is no binary file.
 *
 *   panel(m, k, a, stride, b, c, width): c[m, 8] = b[0] + a[m, k] @ b[1 ... k]
 *
 * All arguments are whole numbers: m, k > 0, the rest are bytes. `a`, `b` and `c` are addresses in the memory. A row of
 * `a` follows the one before after `stride` bytes, a row of `c` after `width`. `b` has k + 1 rows of 8 floats.
 */

const ROW = 32; // bytes of a row of `b`
const [M, K, A, STRIDE, B, C, WIDTH, END, P, TO] = Array(10).keys(); // the arguments, and variables
const POINTERS = [10, 11, 12, 13]; // into the rows of `a`
const SUMS = 14; // of vectors: 8 sums, 2 of `b`
const LOADED = SUMS + 8;

/** @param {number} value @returns {number[]} LEB128, in which the format writes numbers */
const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
/** @param {number} value @returns {number[]} */
const signed = (value) => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]);

/** @typedef {number[]} Code */
const get = (/** @type {number} */ name) => [0x20, ...unsigned(name)];
const set = (/** @type {number} */ name, /** @type {Code} */ value) => [...value, 0x21, ...unsigned(name)];
const number = (/** @type {number} */ value) => [0x41, ...signed(value)];
const plus = (/** @type {Code} */ a, /** @type {Code} */ b) => [...a, ...b, 0x6a];
const times = (/** @type {Code} */ a, /** @type {Code} */ b) => [...a, ...b, 0x6c];
const less = (/** @type {Code} */ a, /** @type {Code} */ b) => [...a, ...b, 0x48];
const add = (/** @type {number} */ name, /** @type {Code} */ value) => set(name, plus(get(name), value));
/** Repeats `code` while `condition` holds. @param {Code} condition @param {Code[]} code */
const loop = (condition, ...code) => [
  ...[0x03, 0x40, ...condition, 0x04, 0x40],
  ...code.flat(),
  ...[0x0c, 1, 0x0b, 0x0b],
];
const load = (/** @type {Code} */ at, /** @type {number} */ offset) => [...at, 0xfd, 0x00, 2, ...unsigned(offset)];
const splat = (/** @type {Code} */ at, /** @type {number} */ offset) => [...at, 0xfd, 0x09, 2, ...unsigned(offset)];
const store = (/** @type {Code} */ at, /** @type {number} */ offset, /** @type {Code} */ value) => [
  ...[...at, ...value, 0xfd, 0x0b, 2],
  ...unsigned(offset),
];
/** Adds x * y to a sum: on most processors in one instruction. @param {boolean} fused */
const accumulate = (fused, /** @type {number} */ sum, /** @type {Code} */ x, /** @type {Code} */ y) =>
  set(
    sum,
    fused ? [...x, ...y, ...get(sum), 0xfd, 0x85, 0x02] : [...x, ...y, 0xfd, 0xe6, 0x01, ...get(sum), 0xfd, 0xe4, 0x01],
  );

/**
 * Computes `rows` rows of `c` as long as there are so many. Their sums stay in registers.
 * @param {boolean} fused
 * @param {number} rows
 */
function rowsOf(fused, rows) {
  const each = [...Array(rows).keys()];
  /** Multiplies `count` rows of `b`. @param {number} count */
  const step = (count) => [
    ...[...Array(count).keys()].flatMap((u) => [
      ...[0, 1].flatMap((half) => set(LOADED + half, load(get(P), u * ROW + 16 * half))),
      ...each.flatMap((r) =>
        [0, 1].flatMap((half) =>
          accumulate(fused, SUMS + 2 * r + half, splat(get(POINTERS[r]), 4 * u), get(LOADED + half)),
        ),
      ),
    ]),
    ...each.flatMap((r) => add(POINTERS[r], number(4 * count))),
    ...add(P, number(ROW * count)),
  ];
  return loop(
    less(number(rows - 1), get(M)),
    each.flatMap((r) => set(POINTERS[r], plus(get(A), times(number(r), get(STRIDE))))),
    each.flatMap((r) => [0, 1].flatMap((half) => set(SUMS + 2 * r + half, load(get(B), 16 * half)))),
    set(P, plus(get(B), number(ROW))),
    set(END, plus(get(A), times(number(4), get(K)))),
    loop(less(plus(get(POINTERS[0]), number(12)), get(END)), step(4)),
    loop(less(get(POINTERS[0]), get(END)), step(1)),
    each.flatMap((r) => [
      ...set(TO, plus(get(C), times(number(r), get(WIDTH)))),
      ...[0, 1].flatMap((half) => store(get(TO), 16 * half, get(SUMS + 2 * r + half))),
    ]),
    add(A, times(number(rows), get(STRIDE))),
    add(C, times(number(rows), get(WIDTH))),
    add(M, number(-rows)),
  );
}

/** @param {boolean} fused whether a product and its sum are one instruction ("relaxed SIMD"), which not all browsers have */
function assembled(fused) {
  const [i32, v128] = [0x7f, 0x7b];
  const locals = [2, ...[SUMS - 7, i32], ...[10, v128]];
  const body = [...locals, ...rowsOf(fused, 4), ...rowsOf(fused, 1), 0x0b];
  const name = (/** @type {string} */ text) => [text.length, ...new TextEncoder().encode(text)];
  const section = (/** @type {number} */ id, /** @type {Code} */ content) => [
    id,
    ...unsigned(content.length),
    ...content,
  ];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 7, ...Array(7).fill(i32), 0]),
    ...section(2, [1, ...name("page"), ...name("memory"), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("panel"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

/** @typedef {(m: number, k: number, a: number, stride: number, b: number, c: number, width: number) => void} Panel */

/** @type {WebAssembly.Module|null|undefined} null: the browser cannot, or may not */
let compiled;

function compile() {
  for (const fused of [true, false]) {
    try {
      return new WebAssembly.Module(assembled(fused));
    } catch {
      // the next one
    }
  }
  return null;
}

/**
 * Returns a memory of `bytes`, and `panel` on it; null if the browser has no WebAssembly with SIMD.
 *
 * @param {number} bytes
 * @returns {{buffer: ArrayBuffer, panel: Panel}|null}
 */
export function allocate(bytes) {
  if (compiled === undefined) compiled = compile();
  if (!compiled) return null;
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / 65536)) });
  const { exports } = new WebAssembly.Instance(compiled, { page: { memory } });
  return { buffer: memory.buffer, panel: /** @type {Panel} */ (exports.panel) };
}
