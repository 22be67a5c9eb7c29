/** Pictures that are drawn, and how they become like MNIST's: scaled into a box, and centered by their mass. */

/** @typedef {[height: number, width: number, channels: number]} Shape */

const BOX = 20 / 28; // of the shorter side: MNIST's digits fit into 20 of 28 pixels
const GRAIN = 4; // times what 90 % of the border keep within
const FAINT = 0.15; // of the darkest ink, on paper with grain

/** A picture to draw on. Places and the width of the pen are shares of its sides. */
export class Ink {
  /** @param {Shape} shape */
  constructor(shape) {
    this.shape = shape;
    this.values = new Float32Array(shape[0] * shape[1] * shape[2]);
  }

  get empty() {
    return !this.values.some(Boolean);
  }

  /**
   * Draws a line with round ends, white.
   * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 @param {number} radius
   */
  line(x0, y0, x1, y1, radius) {
    const [height, width, channels] = this.shape;
    const [ax, ay, bx, by] = [x0 * width, y0 * height, x1 * width, y1 * height];
    const r = radius * Math.min(height, width);
    const square = (bx - ax) ** 2 + (by - ay) ** 2;
    const [top, bottom] = [Math.max(0, Math.floor(Math.min(ay, by) - r - 1)), Math.max(ay, by) + r + 1];
    const [left, right] = [Math.max(0, Math.floor(Math.min(ax, bx) - r - 1)), Math.max(ax, bx) + r + 1];
    for (let y = top; y < Math.min(height, bottom); y++) {
      for (let x = left; x < Math.min(width, right); x++) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
        const t = square ? Math.min(1, Math.max(0, (px * (bx - ax) + py * (by - ay)) / square)) : 0;
        const distance = Math.hypot(px - t * (bx - ax), py - t * (by - ay));
        const ink = Math.min(1, Math.max(0, r + 0.5 - distance));
        const at = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) this.values[at + c] = Math.max(this.values[at + c], ink);
      }
    }
  }
}

/**
 * Returns a picture in another size: each pixel is the mean of the area that it covers.
 * @param {Float32Array} values @param {Shape} shape @param {number} newHeight @param {number} newWidth
 */
export function resized(values, [height, width, channels], newHeight, newWidth) {
  const rows = areas(height, newHeight);
  const columns = areas(width, newWidth);
  const made = new Float32Array(newHeight * newWidth * channels);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      for (const [i, down] of row) {
        for (const [j, across] of column) {
          for (let c = 0; c < channels; c++) {
            made[(y * newWidth + x) * channels + c] += down * across * values[(i * width + j) * channels + c];
          }
        }
      }
    }
  }
  return made;
}

/** Returns for each new pixel the old ones that it covers, and their shares. @param {number} old @param {number} now */
function areas(old, now) {
  return Array.from({ length: now }, (_, k) => {
    const [from, to] = [(k * old) / now, ((k + 1) * old) / now];
    /** @type {[number, number][]} */
    const shares = [];
    for (let i = Math.floor(from + 1e-9); i < Math.min(old, to - 1e-9); i++) {
      shares.push([i, ((Math.min(to, i + 1) - Math.max(from, i)) * now) / old]);
    }
    return shares;
  });
}

/**
 * Returns a picture as MNIST's were made: its ink in a box of 20 / 28 of the shorter side, the center of its mass at pixel
 * 14 of 28, counted from 0, its brightest pixel white.
 * @param {Float32Array} values @param {Shape} shape @param {number} newHeight @param {number} newWidth
 */
export function centered(values, [height, width, channels], newHeight, newWidth) {
  const made = new Float32Array(newHeight * newWidth * channels);
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let i = 0; i < values.length; i++) {
    if (!values[i]) continue;
    const pixel = Math.floor(i / channels);
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    [top, bottom, left, right] = [Math.min(top, y), Math.max(bottom, y), Math.min(left, x), Math.max(right, x)];
  }
  if (bottom < 0) return made;
  const [h, w] = [bottom - top + 1, right - left + 1];
  const cut = new Float32Array(h * w * channels);
  for (let y = 0; y < h; y++) {
    const at = ((top + y) * width + left) * channels;
    cut.set(values.subarray(at, at + w * channels), y * w * channels);
  }
  const scale = (BOX * Math.min(newHeight, newWidth)) / Math.max(h, w);
  const [th, tw] = [Math.max(1, Math.round(scale * h)), Math.max(1, Math.round(scale * w))];
  const small = resized(cut, [h, w, channels], th, tw);
  let [mass, cy, cx, most] = [0, 0, 0, 0];
  for (let i = 0; i < small.length; i++) {
    const pixel = Math.floor(i / channels);
    mass += small[i];
    cy += small[i] * Math.floor(pixel / tw);
    cx += small[i] * (pixel % tw);
    most = Math.max(most, small[i]);
  }
  const place = (/** @type {number} */ sum, /** @type {number} */ side, /** @type {number} */ room) =>
    Math.min(room - side, Math.max(0, Math.round(room / 2 - sum / mass)));
  const [down, across] = [place(cy, th, newHeight), place(cx, tw, newWidth)];
  for (let y = 0; y < th; y++) {
    for (let i = 0; i < tw * channels; i++) {
      made[((down + y) * newWidth + across) * channels + i] = small[y * tw * channels + i] / most;
    }
  }
  return made;
}

/**
 * Returns the ink of a picture, 0..1 [height, width]. Its border is the paper: dark ink on light paper becomes light on
 * dark, and what differs no more than the paper in itself is no ink.
 * @param {ArrayLike<number>} pixels RGBA bytes; what is transparent is paper @param {number} height @param {number} width
 */
export function inkOf(pixels, height, width) {
  const gray = new Float32Array(height * width);
  let opaque = true;
  for (let i = 0; i < gray.length; i++) {
    const [r, g, b, a] = [pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]];
    gray[i] = (0.299 * r + 0.587 * g + 0.114 * b) / 255;
    opaque &&= a > 127;
  }
  if (!opaque) return Float32Array.from(gray, (_, i) => pixels[4 * i + 3] / 255);
  const border = Array.from(gray.keys())
    .filter((i) => i < width || i >= gray.length - width || i % width === 0 || i % width === width - 1)
    .map((i) => gray[i])
    .sort((a, b) => a - b);
  const paper = border[Math.floor(border.length / 2)];
  const low = border[Math.floor(0.05 * border.length)]; // ink may touch the border
  const high = border[Math.ceil(0.95 * border.length) - 1];
  const grain = Math.max(paper - low, high - paper);
  const sign = paper > 0.5 ? -1 : 1;
  const ink = gray.map((value) => sign * (value - paper));
  const most = ink.reduce((a, b) => Math.max(a, b), 0);
  const floor = grain ? Math.min(0.5, Math.max(FAINT, (GRAIN * grain) / (most || 1))) * most : 0;
  return ink.map((value) => (value > floor ? (value - floor) / (most - floor || 1) : 0));
}
