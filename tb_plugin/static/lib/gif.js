/** Animations: GIF89a, as CompuServe specified it in 1990, without end. */

const CODE_BITS = 8; // of a pixel
const CLEAR = 1 << CODE_BITS;
const END = CLEAR + 1;
const MAX_CODES = 4096;

// Where there are more than 256 colours: so many levels of red, green and blue, 252 in all.
const LEVELS = [6, 7, 6];

/**
 * A GIF of frames, one after the other and again from the first. Up to 256 colours stay as they are; of more, each
 * pixel gets the nearest of 252. Opacity is left out.
 *
 * @param {Uint8ClampedArray[]} frames RGBA, width * height pixels each
 * @param {number} width
 * @param {number} height
 * @param {number} delayMs for each frame, in steps of 10 and at least 20, below which browsers go slow
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeGIF(frames, width, height, delayMs) {
  const pictures = frames.map((frame) => new Uint32Array(frame.slice().buffer));
  const { palette, index } = colours(pictures);
  const delay = Math.min(0xffff, Math.max(2, Math.round(delayMs / 10)));
  const size = [...short(width), ...short(height)];
  const parts = [
    letters("GIF89a"),
    size,
    [0xf7, 0, 0],
    palette, // a palette of 256 for all frames
    [0x21, 0xff, 11],
    letters("NETSCAPE2.0"),
    [3, 1, 0, 0, 0], // again and again
  ];
  for (const picture of pictures) {
    parts.push([0x21, 0xf9, 4, 0, ...short(delay), 0, 0], [0x2c, 0, 0, 0, 0], size, [0]);
    parts.push([CODE_BITS], ...blocks(compress(picture.map(index))), [0]);
  }
  return joined([...parts, [0x3b]]);
}

/** @param {number} number */
const short = (number) => [number & 255, number >> 8];

/** @param {string} text */
const letters = (text) => Array.from(text, (letter) => letter.charCodeAt(0));

/**
 * The colours as the file has them, and which of them a pixel gets.
 *
 * @param {Uint32Array[]} pictures
 * @returns {{palette: Uint8Array, index: (pixel: number) => number}}
 */
function colours(pictures) {
  /** @type {Map<number, number>} */
  const known = new Map();
  for (const picture of pictures) {
    let last = -1;
    for (const pixel of picture) {
      const colour = pixel & 0xffffff;
      if (colour !== last && !known.has(colour)) known.set(colour, known.size);
      last = colour;
      if (known.size > 256) return fixed();
    }
  }
  const palette = new Uint8Array(3 * 256);
  for (const [colour, i] of known) palette.set([colour, colour >> 8, colour >> 16], 3 * i);
  return { palette, index: (pixel) => known.get(pixel & 0xffffff) ?? 0 };
}

/** @returns {ReturnType<typeof colours>} */
function fixed() {
  const palette = new Uint8Array(3 * 256);
  const [reds, greens, blues] = LEVELS;
  for (let i = 0; i < reds * greens * blues; i++) {
    const level = [Math.floor(i / blues / greens), Math.floor(i / blues) % greens, i % blues];
    palette.set(
      level.map((value, channel) => Math.round((value * 255) / (LEVELS[channel] - 1))),
      3 * i,
    );
  }
  /** @param {number} value @param {number} levels */
  const nearest = (value, levels) => Math.round(((value & 255) * (levels - 1)) / 255);
  return {
    palette,
    index: (pixel) =>
      (nearest(pixel, reds) * greens + nearest(pixel >> 8, greens)) * blues + nearest(pixel >> 16, blues),
  };
}

/**
 * LZW: the longest run of pixels that was met before becomes one code, of as many bits as the newest code needs.
 *
 * @param {Uint32Array} pixels 0 ... 255
 * @returns {Uint8Array}
 */
function compress(pixels) {
  const out = new Uint8Array(16 + 2 * pixels.length); // at most 12 bits a pixel
  let length = 0;
  let pending = 0; // bits that are no whole byte yet
  let pendingBits = 0;
  let bits = CODE_BITS + 1;
  /** @param {number} code */
  const write = (code) => {
    pending |= code << pendingBits;
    for (pendingBits += bits; pendingBits >= 8; pendingBits -= 8, pending >>= 8) out[length++] = pending & 255;
  };

  const longer = new Uint16Array(MAX_CODES << CODE_BITS); // by a run's code and the next pixel: the longer run's, or 0
  let next = END + 1;
  write(CLEAR);
  let run = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const pixel = pixels[i];
    const slot = (run << CODE_BITS) | pixel;
    if (longer[slot]) {
      run = longer[slot];
      continue;
    }
    write(run);
    run = pixel;
    if (next === MAX_CODES) {
      write(CLEAR);
      longer.fill(0);
      next = END + 1;
      bits = CODE_BITS + 1;
    } else {
      if (next === 1 << bits) bits++;
      longer[slot] = next++;
    }
  }
  write(run);
  if (next === 1 << bits && next < MAX_CODES) bits++; // a reader is one code further by now
  write(END);
  if (pendingBits) out[length++] = pending;
  return out.subarray(0, length);
}

/**
 * Data in blocks of up to 255 bytes, the length before each.
 *
 * @param {Uint8Array} data
 */
function* blocks(data) {
  for (let start = 0; start < data.length; start += 255) {
    const block = data.subarray(start, start + 255);
    yield [block.length];
    yield block;
  }
}

/** @param {ArrayLike<number>[]} parts */
function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
