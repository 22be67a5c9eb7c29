/** A sheet of decoded pictures: along each dimension from the place under the cross, or of random codes. */

import { product } from "../lib/codec.js";
import { button, h, plural, select } from "../lib/dom.js";
import { download } from "../lib/download.js";
import { rgba, toCanvas } from "../lib/picture.js";
import { fitted, limits, standard, traversals } from "../lib/traversals.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

const COLUMNS = 9; // pictures along a dimension
const ROWS = 128; // dimensions at most
const SIDE = 8; // random pictures across and down
const FITTED = 5000; // codes that the normal distribution is fitted to, at most
const WIDEST = 8192; // pixels of a canvas, for all browsers
const WAIT_MS = 150; // while the place moves, nothing is decoded
const SHOWN = 232; // CSS pixels, about as wide as the sheet is on the screen
const GAP = 1;

const KINDS = /** @type {const} */ ({
  none: "none",
  traversals: "along each dimension",
  fitted: "drawn from a fitted normal",
  standard: "drawn from N(0, 1)",
});

/**
 * Returns the choice of the sheet with the sheet. `draw` draws it if it is out of date.
 * @param {App} app @param {() => Panel|undefined} shown returns whose codes they are; none while nobody sees the sheet
 */
export function dimensionSheet(app, shown) {
  const kind = select("Pictures of many codes", Object.entries(KINDS), "none", () => draw());
  const canvas = h("canvas", { className: "sheet", role: "img", hidden: true });
  const text = h("p", { className: "hint", role: "status" });
  const again = button("again", "Draw other random codes", () => draw());
  const save = button("PNG", "Save these pictures", () => {
    const panel = shown();
    if (!panel?.frame) return;
    const { run, tag } = panel.space.id;
    const name = `${run}_${tag}_step_${panel.frame.step}_${kind.value}`;
    canvas.toBlob((blob) => blob && download(blob, name, "png"), "image/png");
  });
  let work = new AbortController();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let due;

  const draw = async () => {
    clearTimeout(due);
    work.abort();
    const mine = (work = new AbortController());
    const panel = shown();
    const random = kind.value === "fitted" || kind.value === "standard";
    again.hidden = !random;
    save.hidden = canvas.hidden = text.hidden = kind.value === "none";
    if (kind.value === "none" || !panel?.decoding || !panel.look) return;
    save.disabled = true;
    try {
      const made = await codesOf(panel, kind.value);
      mine.signal.throwIfAborted();
      text.textContent = made.text;
      canvas.setAttribute("aria-label", made.text);
      const sheet = new Sheet(canvas, panel, made, app.theme.style);
      await panel.decoding.decode(made.codes, made.rows * made.columns, mine.signal, sheet.add);
      save.disabled = false;
    } catch (error) {
      if (!mine.signal.aborted) text.textContent = /** @type {Error} */ (error).message;
    }
  };
  const later = () => {
    clearTimeout(due);
    if (kind.value !== "none") due = setTimeout(draw, WAIT_MS);
  };
  app.on(["code", "probe", "plane"], () => kind.value === "traversals" && later());
  app.on(["decoder", "dark"], later);
  again.hidden = save.hidden = true;
  const element = h(
    "div",
    {},
    h("div", { className: "row" }, h("label", {}, "pictures ", kind), again, save),
    text,
    h("div", { className: "scroll" }, canvas),
  );
  return { element, draw };
}

/** Returns the codes of a sheet [rows * columns, dims], row by row. @param {Panel} panel @param {string} kind */
async function codesOf(panel, kind) {
  const code = /** @type {Float32Array} */ (panel.probe.code);
  const [dims, { step }] = [code.length, /** @type {import("../lib/planes.js").Frame} */ (panel.frame)];
  const codes = await panel.space.codes(step);
  const n = codes.length / dims;
  if (kind === "traversals") {
    const rows = Math.min(dims, ROWS);
    const first = rows < dims ? `the first ${rows} of ${dims} codes` : "each code";
    const text = `${first}, from its lowest to its highest number`;
    return { codes: traversals(code, limits(codes, dims), rows, COLUMNS), rows, columns: COLUMNS, names: true, text };
  }
  const sheet = { rows: SIDE, columns: SIDE, names: false };
  if (kind === "standard") {
    const text = "random codes of independent normal numbers, of mean 0 and variance 1";
    return { ...sheet, codes: standard(dims, SIDE * SIDE), text };
  }
  const every = Math.ceil(n / FITTED);
  const count = Math.ceil(n / every);
  const some = new Float32Array(count * dims);
  for (let i = 0; i < count; i++) some.set(codes.subarray(i * every * dims, (i * every + 1) * dims), i * dims);
  const text = `random codes of the normal distribution with the mean and covariance of ${plural(count, "code")}`;
  return { ...sheet, codes: fitted(some, dims, SIDE * SIDE), text };
}

/** Pictures on a canvas, in rows that may have names. */
class Sheet {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Panel} panel
   * @param {{rows: number, columns: number, names: boolean}} size
   * @param {CSSStyleDeclaration} style that has the colors
   */
  constructor(canvas, panel, { rows, columns, names }, style) {
    this.look = /** @type {import("../lib/picture.js").Look} */ (panel.look);
    this.values = product(panel.decoding?.decoder.outputShape ?? []);
    const [height, width] = this.look.shape;
    const k = Math.min(1, WIDEST / (rows * (height + GAP)), WIDEST / (columns * (width + GAP)) / 1.2);
    this.cell = { width: Math.max(1, Math.floor(width * k)), height: Math.max(1, Math.floor(height * k)) };
    this.columns = columns;
    const across = columns * (this.cell.width + GAP);
    const font = Math.round(Math.max(9, Math.min((11 * across) / SHOWN, this.cell.height)));
    this.left = names ? Math.ceil(font * 0.62 * String(rows - 1).length) + 4 : 0;
    [canvas.width, canvas.height] = [this.left + across, rows * (this.cell.height + GAP)];
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const c = this.context;
    c.fillStyle = style.getPropertyValue("--paper");
    c.fillRect(0, 0, canvas.width, canvas.height);
    if (!names) return;
    c.fillStyle = style.getPropertyValue("--text");
    c.font = `${font}px Roboto, sans-serif`;
    [c.textAlign, c.textBaseline] = ["right", "middle"];
    for (let row = 0; row < rows; row++)
      c.fillText(String(row), this.left - 3, (row + 0.5) * (this.cell.height + GAP), this.left - 3);
  }

  /** Draws the pictures from `start` on. @param {number} start @param {Float32Array} decoded */
  add = (start, decoded) => {
    const { look, cell, columns, left, values } = this;
    const [height, width] = look.shape;
    for (let i = 0; i * values < decoded.length; i++) {
      const bytes = look.bytes(decoded.subarray(i * values, (i + 1) * values));
      const [row, column] = [Math.floor((start + i) / columns), (start + i) % columns];
      const [x, y] = [left + column * (cell.width + GAP), row * (cell.height + GAP)];
      this.context.drawImage(toCanvas(rgba(bytes, look.shape), width, height), x, y, cell.width, cell.height);
    }
  };
}
