/** Writes SVG: the part of CanvasRenderingContext2D that the plots draw with. */

/** Returns a number as short as a picture needs it. @param {number} value */
const short = (value) => String(Number(value.toFixed(2)));

// What XML cannot hold, however it is written: half of a pair, most control characters.
const IMPOSSIBLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** @param {string} text */
const escaped = (text) =>
  text
    .replace(IMPOSSIBLE, "\ufffd")
    .replace(/[&<>"]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one] ?? "");

// Of the font's size: text on a line from its top, its middle or its bottom.
const BASELINES = { top: 0.8, middle: 0.35, bottom: -0.2, alphabetic: 0 };
const ANCHORS = { left: "start", center: "middle", right: "end" };

export class SVG {
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "10px sans-serif";
  /** @type {keyof typeof ANCHORS} */
  textAlign = "left";
  /** @type {keyof typeof BASELINES} */
  textBaseline = "alphabetic";
  imageSmoothingEnabled = true;
  #path = "";
  /** @type {number[]} */
  #dashes = [];
  /** @type {number[]} how many groups are open at each `save` */
  #saved = [];
  #open = 0;
  #clips = 0;

  /** @param {number} width @param {number} height */
  constructor(width, height) {
    const size = `width="${short(width)}" height="${short(height)}" viewBox="0 0 ${short(width)} ${short(height)}"`;
    this.parts = [`<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n`];
  }

  /** Returns the whole file. */
  get text() {
    return [...this.parts, "</g>".repeat(this.#open), "</svg>\n"].join("");
  }

  /** Adds an element. @param {string} name @param {string} attributes @param {string} [content] */
  #add(name, attributes, content) {
    const opacity = this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
    const end = content === undefined ? "/>" : `>${content}</${name}>`;
    this.parts.push(`<${name} ${attributes}${opacity}${end}\n`);
  }

  /** @param {string} attributes */
  #group(attributes) {
    this.parts.push(`<g ${attributes}>\n`);
    this.#open++;
  }

  save() {
    this.#saved.push(this.#open);
  }

  restore() {
    const before = this.#saved.pop() ?? 0;
    this.parts.push("</g>\n".repeat(this.#open - before));
    this.#open = before;
  }

  /** @param {number} x @param {number} y */
  translate(x, y) {
    this.#group(`transform="translate(${short(x)} ${short(y)})"`);
  }

  /** @param {number} angle */
  rotate(angle) {
    this.#group(`transform="rotate(${short((angle * 180) / Math.PI)})"`);
  }

  clip() {
    const id = `clip${++this.#clips}`;
    this.parts.push(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath>\n`);
    this.#group(`clip-path="url(#${id})"`);
  }

  beginPath() {
    this.#path = "";
  }

  closePath() {
    this.#path += "Z";
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.#path += `M${short(x)} ${short(y)}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.#path += `${this.#path ? "L" : "M"}${short(x)} ${short(y)}`;
  }

  /** Adds a rectangle. @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) {
    this.#path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  /**
   * Adds a whole circle, as the plots draw no others.
   * @param {number} x @param {number} y @param {number} r @param {number} _from @param {number} _to @param {boolean} [back]
   */
  arc(x, y, r, _from, _to, back = false) {
    const [size, across] = [short(r), short(2 * r)];
    const [sweep, left] = [back ? 0 : 1, short(-2 * r)];
    const half = `a${size} ${size} 0 1 ${sweep}`;
    this.#path += `M${short(x - r)} ${short(y)}${half} ${across} 0${half} ${left} 0Z`;
  }

  fill() {
    this.#add("path", `d="${this.#path}" fill="${escaped(this.fillStyle)}"`);
  }

  stroke() {
    const dashes = this.#dashes.length ? ` stroke-dasharray="${this.#dashes.join(" ")}"` : "";
    const line = `stroke="${escaped(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}"${dashes}`;
    this.#add("path", `d="${this.#path}" fill="none" ${line}`);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    this.beginPath();
    this.rect(x, y, width, height);
    this.fill();
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.beginPath();
    this.rect(x, y, width, height);
    this.stroke();
  }

  /** @param {number[]} dashes */
  setLineDash(dashes) {
    this.#dashes = dashes;
  }

  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    this.#text(text, x, y, `fill="${escaped(this.fillStyle)}"`);
  }

  /** @param {string} text @param {number} x @param {number} y */
  strokeText(text, x, y) {
    const line = `stroke="${escaped(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}" stroke-linejoin="round"`;
    this.#text(text, x, y, `fill="none" ${line}`);
  }

  /** @param {string} text @param {number} x @param {number} y @param {string} paint */
  #text(text, x, y, paint) {
    const size = parseFloat(/([\d.]+)px/.exec(this.font)?.[1] ?? "10");
    const weight = this.font.startsWith("bold") ? ' font-weight="bold"' : "";
    const place = `x="${short(x)}" y="${short(y + BASELINES[this.textBaseline] * size)}"`;
    const look = `font-family="Roboto, sans-serif" font-size="${size}"${weight} text-anchor="${ANCHORS[this.textAlign]}"`;
    this.#add("text", `${place} ${look} ${paint}`, escaped(text));
  }

  /** @param {HTMLCanvasElement} canvas @param {number} x @param {number} y @param {number} width @param {number} height */
  drawImage(canvas, x, y, width, height) {
    const place = `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
    const sharp = this.imageSmoothingEnabled ? "" : ' style="image-rendering: pixelated"';
    const [, data] = canvas.toDataURL().split(",");
    this.#add("image", `${place} preserveAspectRatio="none" href="data:image/png;base64,${data}"${sharp}`);
  }
}
