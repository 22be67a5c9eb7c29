/** The data of one latent space: loaded when asked for, kept while it is likely to be asked for again. */

import * as api from "./api.js";
import { Decoding } from "../decode/decoding.js";
import { Grid } from "../lib/grid.js";

/** @typedef {import("./api.js").SpaceId} SpaceId */
/** @typedef {import("./api.js").SpaceInfo} SpaceInfo */
/** @typedef {import("../lib/state.js").PlaneChoice} PlaneChoice */

/** @typedef {import("./api.js").Labels} Labels */

/**
 * The points of a step in a plane.
 * @typedef {{step: number, choice: PlaneChoice, xy: Float32Array, box: import("../lib/view.js").Box, grid: Grid,
 *   plane: api.Plane, labels: Labels|null}} Frame
 */

const KEPT = 100; // answers in memory; points and decoder of a step are 0.5 MB in a run of the vandenburg port

export class LatentSpace {
  /**
   * @param {SpaceId} id
   * @param {SpaceInfo} info
   * @param {Promise<api.Points|null>} early points that were asked for before it was known what there is
   */
  constructor(id, info, early) {
    this.id = id;
    this.info = info;
    this.early = early.then((points) => (points && agrees(points, id) ? points : null));
    /** @type {Labels|null} those of all steps; they come with the first points */
    this.labels = null;
    /** @type {Map<string, Promise<any>>} */
    this.answers = new Map();
  }

  /** What the run is called, e.g. over its panel. */
  get name() {
    return this.id.run === "." ? this.info.display_name : `${this.id.run} · ${this.info.display_name}`;
  }

  /**
   * The kept step to show for `step`: the last until then, else the first.
   * @param {number|null} step
   */
  nearest(step) {
    const steps = this.info.steps;
    if (step === null) return steps[steps.length - 1];
    return steps.findLast((s) => s <= step) ?? steps[0];
  }

  /** @param {string} part */
  has(part) {
    return this.info.parts.includes(part);
  }

  /**
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} load
   * @returns {Promise<T>}
   */
  #once(key, load) {
    let answer = this.answers.get(key);
    if (!answer) {
      answer = load();
      answer.catch(() => this.answers.delete(key)); // to be asked again
      if (this.answers.size >= KEPT) {
        const oldest = /** @type {string} */ (this.answers.keys().next().value);
        this.answers.get(oldest)?.then(
          (old) => old?.close?.(),
          () => {},
        );
        this.answers.delete(oldest);
      }
    } else {
      this.answers.delete(key); // to the end: the youngest
    }
    this.answers.set(key, answer);
    return answer;
  }

  /** @param {number} step */
  #at(step) {
    return { ...this.id, step };
  }

  /**
   * @param {number} step a kept one
   * @param {PlaneChoice} choice
   * @returns {Promise<Frame>}
   */
  frame(step, choice) {
    const last = this.info.steps[this.info.steps.length - 1];
    const axis = (/** @type {number} */ n) => Math.min(n, (this.info.dims ?? 1) - 1);
    // One PCA for all steps: points move, the plane does not.
    /** @type {Record<string, string|number>} */
    const which =
      choice.kind === "pca" ? { plane: "pca", fit: last } : { plane: "axes", i: axis(choice.i), j: axis(choice.j) };
    return this.#once(`frame ${step} ${JSON.stringify(which)}`, async () => {
      const params = { ...this.#at(step), ...which };
      const early = await this.early;
      this.labels ??= early?.labels ?? null;
      const asked = this.labels || !this.has("labels") ? params : { ...params, labels: 1 };
      const points = early && agrees(early, params) ? early : await api.points(asked);
      const { xy, plane, box, labels } = /** @type {api.Points} */ (points);
      this.labels ??= labels;
      /** @type {Grid|undefined} */
      let grid;
      return {
        step,
        choice,
        xy,
        box,
        get grid() {
          return (grid ??= new Grid(xy, box)); // not before the first picture
        },
        plane,
        labels: this.labels?.of.length === xy.length / 2 ? this.labels : null,
      };
    });
  }

  /** What was logged at a step. @param {number} step */
  at(step) {
    return this.#once(`step ${step}`, () => api.step(this.#at(step)));
  }

  /**
   * A part of a step, null where it was not logged.
   * @template T
   * @param {string} part @param {number} step @param {() => Promise<T>} load
   * @returns {Promise<T|null>}
   */
  async #part(part, step, load) {
    return (await this.at(step)).parts.includes(part) ? this.#once(`${part} ${step}`, load) : null;
  }

  /** @param {number} step @returns {Promise<Float32Array|null>} */
  errors(step) {
    return this.#part("errors", step, async () => (await api.array("errors", this.#at(step))).data);
  }

  /** @param {number} step @returns {Promise<Float32Array>} */
  codes(step) {
    return this.#once(`codes ${step}`, async () => (await api.array("codes", this.#at(step))).data);
  }

  /** @returns {Promise<Pictures|null>} */
  async images() {
    return this.has("images")
      ? this.#once("images", async () => new Pictures(await api.array("images", this.id)))
      : null;
  }

  /** Those that were logged; where none were, the decoder has to give them. @param {number} step */
  reconstructions(step) {
    return this.#part(
      "reconstructions",
      step,
      async () => new Pictures(await api.array("reconstructions", this.#at(step))),
    );
  }

  /** @param {number} step */
  decoding(step) {
    return this.#part("decoder", step, async () => new Decoding(await api.decoder(this.#at(step))));
  }

  close() {
    for (const answer of this.answers.values())
      answer.then(
        (value) => value?.close?.(),
        () => {},
      );
    this.answers.clear();
  }
}

/** Whether points are those that a request would ask for. @param {api.Points} points @param {Record<string, any>} params */
function agrees({ about }, params) {
  return Object.entries(params).every(([key, value]) => about[key] === value);
}

/** Pictures of one shape, uint8 [n, height, width, channels] with 1, 3 or 4 channels. */
export class Pictures {
  /** @param {{data: Uint8Array, shape: number[]}} array */
  constructor({ data, shape: [count, height, width, channels] }) {
    this.data = data;
    this.count = count;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.values = height * width * channels;
  }

  /** @param {number} index */
  at(index) {
    return this.data.subarray(index * this.values, (index + 1) * this.values);
  }
}
