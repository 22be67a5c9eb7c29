/**
 * The stored format, read: the blob of a decoder, as codec.py describes it.
 *
 *   "LTNT", uint32 length of the header, uint32 CRC-32 of all that follows, the header in JSON, the arrays
 */

/** @typedef {{shape: number[], values: Float32Array}} Weights */

const PREFIX_BYTES = 12;

/**
 * The header of a decoder's blob and its arrays, all of them float32 as the plugin serves them.
 *
 * @param {ArrayBuffer} buffer
 * @returns {{header: Record<string, any>, arrays: Weights[]}}
 * @throws {Error} the blob is damaged; the message is a sentence.
 */
export function unpack(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  check(bytes.length >= PREFIX_BYTES && magic === "LTNT", "The decoder is not a blob of this plugin.");
  const start = PREFIX_BYTES + view.getUint32(4, true);
  check(start <= bytes.length, "The decoder is cut short.");
  check(crc32(bytes.subarray(PREFIX_BYTES)) === view.getUint32(8, true), "The decoder's checksum is wrong.");
  const header = parse(bytes.subarray(PREFIX_BYTES, start));
  check(header.gzip === false && Array.isArray(header.arrays), "The decoder's header lists no plain arrays.");

  const payload = buffer.slice(start); // a copy: its floats are aligned
  const arrays = [];
  let offset = 0;
  for (const { dtype, shape } of header.arrays) {
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
    check(dtype === "<f4" && isShape, "The decoder's header does not describe arrays of float32.");
    const length = product(shape);
    check(offset + 4 * length <= payload.byteLength, "The decoder's arrays are shorter than its header says.");
    const values = new Float32Array(payload, offset, length);
    check(values.every(Number.isFinite), "The decoder holds numbers that are not finite.");
    arrays.push({ shape, values });
    offset += values.byteLength;
  }
  check(offset === payload.byteLength, "The decoder's arrays are longer than its header says.");
  return { header, arrays };
}

/** @param {number[]} sizes */
export function product(sizes) {
  return sizes.reduce((all, size) => all * size, 1);
}

/**
 * @param {unknown} condition
 * @param {string} message
 * @throws {Error} of `message`, where the condition does not hold.
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
    // said below
  }
  throw new Error("The decoder's header is not JSON.");
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
