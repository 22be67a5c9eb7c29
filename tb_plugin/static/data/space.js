/** The data of one latent space, loaded on demand; the latest answers are kept. */

import * as api from "./api.js";
import { FIRST, Frames } from "./frames.js";
import { Decoding } from "../decode/decoding.js";
import { asColumn, colored } from "../lib/coloring.js";
import { Kept } from "../lib/kept.js";
import { page } from "../lib/page.js";
import { columnOf } from "../lib/palette.js";
import { Pictures } from "../lib/picture.js";

/** @typedef {import("./api.js").SpaceInfo} SpaceInfo */
/** @typedef {import("../lib/planes.js").Frame} Frame */
/** @typedef {import("../lib/coloring.js").Coloring} Coloring */
/** @typedef {import("../lib/columns.js").Column} Column */
/** @typedef {import("../lib/query.js").Field} Field */
/** @typedef {import("../lib/state.js").SpaceId} SpaceId */

const ROWS = "index in the run"; // a column that server/page/contents.py adds
const KEPT = 100; // answers in memory; points and decoder of a step of the vandenburg port are 0.5 MB
const KEPT_POINTS = 8_000_000; // in these: of more points fewer steps are kept

export class LatentSpace {
  /**
   * @param {SpaceId} id
   * @param {SpaceInfo} info
   * @param {Promise<api.Points|null>} early points that were asked for before the list of spaces came
   */
  constructor(id, info, early) {
    this.id = id;
    this.info = info;
    this.kept = new Kept(Math.max(8, Math.min(KEPT, KEPT_POINTS / (info.points ?? 1))));
    this.frames = new Frames(this, early);
  }

  /** The name over its panel. */
  get name() {
    return this.id.run === "." ? this.info.display_name : `${this.id.run} · ${this.info.display_name}`;
  }

  /**
   * Returns the kept step to show for `step`: the last one up to it, else the first.
   * @param {number|null} step
   */
  nearest(step) {
    const steps = this.info.steps;
    if (step === null) return steps[steps.length - 1];
    return steps.findLast((s) => s <= step) ?? steps[0];
  }

  /** Returns the kept steps, or `most` among them, evenly chosen. @param {number} most */
  someSteps(most) {
    const { steps } = this.info;
    const count = Math.min(most, steps.length);
    return Array.from({ length: count }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (count - 1 || 1))]);
  }

  /** Returns whether a part was logged. @param {string} part */
  has(part) {
    return this.info.parts.includes(part);
  }

  /** Returns the parameters that ask for a step. @param {number} step */
  where(step) {
    return { ...this.id, step };
  }

  /** Whether there are so many points that they come in parts. A page that is one file has them all. */
  get many() {
    return !page && (this.info.points ?? 0) > 2 * FIRST;
  }

  /** Returns the walk and the parts that were logged at a step. @param {number} step */
  at(step) {
    return this.kept.once(`step ${step}`, () => api.step(this.where(step)));
  }

  /**
   * Returns a part of a step, or null if it was not logged.
   * @template T
   * @param {string} part @param {number} step @param {() => Promise<T>} load
   * @returns {Promise<T|null>}
   */
  async #part(part, step, load) {
    return (await this.at(step)).parts.includes(part) ? this.kept.once(`${part} ${step}`, load) : null;
  }

  /** Returns the error of each point. @param {number} step @returns {Promise<Float32Array|null>} */
  errors(step) {
    return this.#part("errors", step, async () => (await api.array("errors", this.where(step))).data);
  }

  /** The names of the columns of metadata. */
  get columns() {
    return this.info.metadata.map(({ name }) => name);
  }

  /** The fields that can be searched: columns, and what there is besides. @returns {Field[]} */
  get fields() {
    /** @type {Field[]} */
    const own = [{ name: "index", type: "number" }];
    if (this.has("errors")) own.unshift({ name: "error", type: "number" });
    if (this.has("labels")) own.unshift({ name: "label", type: this.info.labels === "continuous" ? "number" : "text" });
    return [...this.info.metadata, ...own.filter(({ name }) => !this.columns.includes(name))];
  }

  /** Returns the column of a field for the points of a frame. @param {string} name @param {Frame} frame @returns {Promise<Column>} */
  async field(name, frame) {
    if (this.columns.includes(name)) return this.column(name);
    if (name === "label" && frame.labels) return asColumn(frame.labels);
    const values =
      name === "error" ? await this.errors(frame.step) : Array.from({ length: frame.xy.length / 2 }, (_, i) => i);
    return { type: "number", values: values ?? [], there: null };
  }

  /** Whether a page that is one file has some of the run's points. */
  get sampled() {
    return page !== null && this.columns.includes(ROWS);
  }

  /** Returns the points' indices in the run, if they are sampled. @returns {Promise<ArrayLike<number>>} */
  async rows() {
    return /** @type {import("../lib/columns.js").Numbers} */ (await this.column(ROWS)).values;
  }

  /** Returns a column of metadata. @param {string} name @returns {Promise<Column>} */
  column(name) {
    return this.kept.once(`column ${name}`, () => api.metadata({ ...this.id, column: name }));
  }

  /**
   * Returns what colors the points of a step; null: there is no such thing.
   * @param {string} color of the state
   * @param {number} step
   * @param {Promise<Frame>} frame of the step
   * @param {import("../lib/state.js").Since|null} since what the colors compare with, if they show what moved
   * @returns {Promise<Coloring|null>}
   */
  async coloring(color, step, frame, since) {
    const name = columnOf(color);
    let coloring = null;
    if (color === "error" && this.has("errors"))
      coloring = await this.kept.once(`colors of errors ${step}`, () => this.#ofErrors(step));
    if (name !== null && this.columns.includes(name))
      coloring = await this.kept.once(`colors of ${name}`, async () => colored(await this.column(name)));
    if (color === "moved") coloring = await this.#ofMoved(step, since);
    const { labels, xy } = await frame;
    if (color === "label") coloring = labels;
    return coloring?.of.length === xy.length / 2 ? coloring : null;
  }

  /** @param {number} step */
  async #ofErrors(step) {
    const values = await this.errors(step);
    return values && colored({ type: "number", values, there: null });
  }

  /**
   * Returns how many of its 15 nearest neighbors each point has kept; 255 if it was not compared.
   * @param {number} step @param {import("../lib/state.js").Since|null} since null: the kept step before, or the next one
   * @returns {Promise<Uint8Array>}
   */
  moved(step, since) {
    const { steps } = this.info;
    const at = steps.indexOf(step);
    const other = since ?? { ...this.id, step: steps[at > 0 ? at - 1 : Math.min(1, steps.length - 1)] };
    const what = { other_run: other.run, other_tag: other.tag, other_step: other.step };
    return this.kept.once(
      `moved ${step} ${JSON.stringify(other)}`,
      async () => (await api.array("moved", { ...this.where(step), ...what })).data,
    );
  }

  /** @param {number} step @param {import("../lib/state.js").Since|null} since */
  async #ofMoved(step, since) {
    const kept = await this.moved(step, since);
    return colored({ type: "number", values: kept, there: kept.map((count) => (count === 255 ? 0 : 1)) });
  }

  /** Returns the codes [n, D]. @param {number} step @returns {Promise<Float32Array>} */
  codes(step) {
    return this.kept.once(`codes ${step}`, async () => (await api.array("codes", this.where(step))).data);
  }

  /** Returns the code [D] of a point. @param {number} step @param {number} index @returns {Promise<Float32Array>} */
  async code(step, index) {
    if (this.many) return api.row("codes", this.where(step), index);
    const [codes, dims] = [await this.codes(step), this.info.dims ?? 1];
    return codes.subarray(index * dims, (index + 1) * dims);
  }

  /** Returns the error of a point, or null. @param {number} step @param {number} index @returns {Promise<number|null>} */
  async error(step, index) {
    if (!this.many) return (await this.errors(step))?.[index] ?? null;
    return (await this.at(step)).parts.includes("errors")
      ? (await api.row("errors", this.where(step), index))[0]
      : null;
  }

  /** The columns that a point is shown with: of many points only those that were asked for. */
  get shownColumns() {
    return this.many ? this.columns.filter((name) => this.kept.has(`column ${name}`)) : this.columns;
  }

  /**
   * Returns the points nearest to a point, or to a code.
   * @param {number} step @param {string} metric @param {number|Float32Array} of @param {AbortSignal} signal
   */
  neighbors(step, metric, of, signal) {
    /** @type {Record<string, string|number>} */
    const what = typeof of === "number" ? { index: of } : { code: [...of].map((x) => x.toPrecision(9)).join() };
    return api.neighbors({ ...this.where(step), metric, ...what }, signal);
  }

  /** Returns the images of the points. @returns {Promise<Pictures|null>} */
  async images() {
    return this.has("images")
      ? this.kept.once("images", async () => new Pictures(await api.array("images", this.id)))
      : null;
  }

  /** Returns the logged reconstructions; null: the decoder has to make them. @param {number} step */
  reconstructions(step) {
    return this.#part(
      "reconstructions",
      step,
      async () => new Pictures(await api.array("reconstructions", this.where(step))),
    );
  }

  /** Returns the decoder of a step. @param {number} step */
  decoding(step) {
    return this.#part("decoder", step, async () => new Decoding(await api.decoder(this.where(step))));
  }

  /** Returns the encoder of a step; its pictures are codes. @param {number} step */
  encoding(step) {
    return this.#part("encoder", step, async () => new Decoding(await api.encoder(this.where(step))));
  }

  close() {
    this.kept.close();
  }
}
