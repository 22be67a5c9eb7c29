/**
 * The stored format: the blob of a decoder or of points, as codec.py describes it.
 *
 *   "LTNT", uint32 length of the header, uint32 CRC-32 of all that follows, the header in JSON, the arrays
 *
 * The server has checked the blob. Only errors that would give wrong numbers are checked here.
 */

/** @typedef {{shape: number[], values: Float32Array}} Weights */

const PREFIX_BYTES = 12;

/** @type {Record<string, any>} the dtypes that the plugin serves */
const TYPES = { "<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array, "<u2": Uint16Array, "|u1": Uint8Array };

/**
 * Returns the header of a blob and its arrays.
 *
 * @param {ArrayBuffer} buffer
 * @returns {{header: Record<string, any>, arrays: {shape: number[], values: any}[]}}
 * @throws {Error} if the blob is damaged. The message is a sentence.
 */
export function unpack(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  check(bytes.length >= PREFIX_BYTES && magic === "LTNT", "The answer is not a blob of this plugin.");
  const start = PREFIX_BYTES + view.getUint32(4, true);
  check(start <= bytes.length, "The answer is cut short.");
  const header = parse(bytes.subarray(PREFIX_BYTES, start));
  check(header.gzip === false && Array.isArray(header.arrays), "The answer's header lists no plain arrays.");

  const arrays = [];
  let offset = start;
  for (const { dtype, shape } of header.arrays) {
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
    check(Object.hasOwn(TYPES, dtype) && isShape, "The answer's header describes arrays of no known type.");
    const [length, type] = [product(shape), TYPES[dtype]];
    const end = offset + type.BYTES_PER_ELEMENT * length;
    check(end <= buffer.byteLength, "The answer's arrays are shorter than its header says.");
    // Without a copy where the numbers are aligned, as those of decoders are.
    const values =
      offset % type.BYTES_PER_ELEMENT ? new type(buffer.slice(offset, end)) : new type(buffer, offset, length);
    arrays.push({ shape, values });
    offset = end;
  }
  check(offset === buffer.byteLength, "The answer's arrays are longer than its header says.");
  return { header, arrays };
}

/**
 * Returns the blob of a header and arrays, as `unpack` reads it. It has no checksum, because it does not leave the page.
 *
 * @param {Record<string, any>} header
 * @param {{shape: number[], values: any}[]} arrays
 * @returns {ArrayBuffer}
 */
export function pack(header, arrays) {
  const dtypeOf = (/** @type {any} */ values) => Object.entries(TYPES).find(([, type]) => values instanceof type)?.[0];
  const specs = arrays.map(({ shape, values }) => ({ dtype: dtypeOf(values), shape }));
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: specs, gzip: false }));
  const start = PREFIX_BYTES + Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(arrays.reduce((sum, { values }) => sum + values.byteLength, start)).fill(32, 0, start);
  bytes.set(new TextEncoder().encode("LTNT"));
  new DataView(bytes.buffer).setUint32(4, start - PREFIX_BYTES, true);
  bytes.set(text, PREFIX_BYTES);
  let at = start;
  for (const { values } of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes.buffer;
}

/** Returns the product of sizes, 1 of none. @param {number[]} sizes */
export function product(sizes) {
  return sizes.reduce((all, size) => all * size, 1);
}

/**
 * Throws an Error with `message` unless a condition holds.
 * @param {unknown} condition
 * @param {string} message
 */
export function check(condition, message) {
  if (!condition) throw new Error(message);
}

/**
 * @param {Uint8Array} text
 * @returns {Record<string, any>}
 */
function parse(text) {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
    if (header !== null && typeof header === "object") return header;
  } catch {
    // the error below says so
  }
  throw new Error("The answer's header is not JSON.");
}
