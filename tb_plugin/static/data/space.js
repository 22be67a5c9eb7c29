/** The data of one latent space, loaded on demand; the latest answers are kept. */

import * as api from "./api.js";
import { Decoding } from "../decode/decoding.js";
import { Grid } from "../lib/grid.js";
import { Pictures } from "../lib/picture.js";

/** @typedef {import("./api.js").SpaceInfo} SpaceInfo */
/** @typedef {import("../lib/planes.js").Frame} Frame */
/** @typedef {import("../lib/planes.js").Labels} Labels */
/** @typedef {import("../lib/state.js").PlaneChoice} PlaneChoice */
/** @typedef {import("../lib/state.js").SpaceId} SpaceId */

const KEPT = 100; // answers in memory; points and decoder of a step of the vandenburg port are 0.5 MB

export class LatentSpace {
  /**
   * @param {SpaceId} id
   * @param {SpaceInfo} info
   * @param {Promise<api.Points|null>} early points that were asked for before the list of spaces came
   */
  constructor(id, info, early) {
    this.id = id;
    this.info = info;
    this.early = early.then((points) => (points && agrees(points, id) ? points : null));
    /** @type {Labels|null} the same at all steps; they come with the first points */
    this.labels = null;
    /** @type {Map<string, Promise<any>>} */
    this.answers = new Map();
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

  /** Returns whether a part was logged. @param {string} part */
  has(part) {
    return this.info.parts.includes(part);
  }

  /**
   * Returns a kept answer, or loads it.
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} load
   * @returns {Promise<T>}
   */
  #once(key, load) {
    let answer = this.answers.get(key);
    if (!answer) {
      answer = load();
      answer.catch(() => this.answers.delete(key)); // so that it is asked again
      if (this.answers.size >= KEPT) {
        const oldest = /** @type {string} */ (this.answers.keys().next().value);
        this.answers.get(oldest)?.then(
          (old) => old?.close?.(),
          () => {},
        );
        this.answers.delete(oldest);
      }
    } else {
      this.answers.delete(key); // it moves to the end, as the latest
    }
    this.answers.set(key, answer);
    return answer;
  }

  /** @param {number} step */
  #at(step) {
    return { ...this.id, step };
  }

  /**
   * Returns the points of a kept step in a plane.
   * @param {number} step
   * @param {PlaneChoice} choice
   * @returns {Promise<Frame>}
   */
  frame(step, choice) {
    const last = this.info.steps[this.info.steps.length - 1];
    const axis = (/** @type {number} */ n) => Math.min(n, (this.info.dims ?? 1) - 1);
    // One PCA for all steps: the points move, the plane stays.
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

  /** Returns the walk and the parts that were logged at a step. @param {number} step */
  at(step) {
    return this.#once(`step ${step}`, () => api.step(this.#at(step)));
  }

  /**
   * Returns a part of a step, or null if it was not logged.
   * @template T
   * @param {string} part @param {number} step @param {() => Promise<T>} load
   * @returns {Promise<T|null>}
   */
  async #part(part, step, load) {
    return (await this.at(step)).parts.includes(part) ? this.#once(`${part} ${step}`, load) : null;
  }

  /** Returns the error of each point. @param {number} step @returns {Promise<Float32Array|null>} */
  errors(step) {
    return this.#part("errors", step, async () => (await api.array("errors", this.#at(step))).data);
  }

  /** Returns the codes [n, D]. @param {number} step @returns {Promise<Float32Array>} */
  codes(step) {
    return this.#once(`codes ${step}`, async () => (await api.array("codes", this.#at(step))).data);
  }

  /** Returns the images of the points. @returns {Promise<Pictures|null>} */
  async images() {
    return this.has("images")
      ? this.#once("images", async () => new Pictures(await api.array("images", this.id)))
      : null;
  }

  /** Returns the logged reconstructions; null: the decoder has to make them. @param {number} step */
  reconstructions(step) {
    return this.#part(
      "reconstructions",
      step,
      async () => new Pictures(await api.array("reconstructions", this.#at(step))),
    );
  }

  /** Returns the decoder of a step. @param {number} step */
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

/** Returns whether points are the answer to a request. @param {api.Points} points @param {Record<string, any>} params */
function agrees({ about }, params) {
  return Object.entries(params).every(([key, value]) => about[key] === value);
}
