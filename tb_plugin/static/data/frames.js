/** The points of a latent space at its steps, in planes. Of very many points some come first, and all of them rounded. */

import * as api from "./api.js";
import { mapFrame, planeOf, tourFrame, turned, withGrid } from "../lib/planes.js";

/** @typedef {import("../lib/planes.js").Frame} Frame */
/** @typedef {import("../lib/coloring.js").Coloring} Coloring */
/** @typedef {import("../lib/state.js").PlaneChoice} PlaneChoice */

/** Of more than twice as many points these come first, and all of them rounded to 16 bits until exact ones are needed. */
export const FIRST = 50_000;

export class Frames {
  /**
   * @param {import("./space.js").LatentSpace} space
   * @param {Promise<api.Points|null>} early points that were asked for before the list of spaces came
   */
  constructor(space, early) {
    this.space = space;
    this.early = early.then((points) => (points && agrees(points, space.id) ? points : null));
    /** @type {Coloring|null} the same at all steps; they come with the first points */
    this.labels = null;
  }

  /**
   * Returns the parameters that ask for the points of a plane.
   * @param {PlaneChoice} choice
   * @returns {Record<string, string|number>}
   */
  #which(choice) {
    const dims = this.space.info.dims ?? 1;
    const axis = (/** @type {number} */ n) => Math.min(n, dims - 1);
    if (choice.kind === "axes") return { plane: "axes", i: axis(choice.i), j: axis(choice.j) };
    if (choice.kind === "map") return { plane: "map", map: choice.name };
    // One PCA for all steps: the points move, the plane stays.
    const pca = { plane: "pca", fit: this.space.info.steps[this.space.info.steps.length - 1] };
    return choice.kind === "tour" ? { ...pca, components: Math.max(2, Math.min(choice.across.length, dims)) } : pca;
  }

  /** Whether the points of a plane come in parts. @param {PlaneChoice} choice */
  #inParts({ kind }) {
    return this.space.many && (kind === "axes" || kind === "pca");
  }

  /** Asks ahead for what a panel shows first. @param {number} step @param {PlaneChoice|null} chosen */
  async ahead(step, chosen) {
    await ((await this.first(step, chosen)) ?? this.at(step, chosen));
  }

  /**
   * Returns the first points of a kept step in a plane, for a picture until all are there; null: all come at once.
   * @param {number} step
   * @param {PlaneChoice|null} chosen
   * @returns {Promise<Frame|null>}
   */
  async first(step, chosen) {
    const choice = planeOf(chosen, this.space.info.dims ?? 1);
    if (!this.#inParts(choice)) return null;
    const params = { ...this.space.where(step), ...this.#which(choice) };
    return this.space.kept.once(`beginning ${JSON.stringify(params)}`, async () => {
      const early = await this.early;
      const more = { first: FIRST, labels: Number(this.space.has("labels")) };
      const points = early && agrees(early, params) ? early : await api.points({ ...params, ...more });
      const { about, labels } = /** @type {api.Points} */ (points);
      const exact = () => new Promise(() => {}); // nothing is found among some of the points
      return frameOf(/** @type {api.Points} */ (points), { step, choice, labels, total: about.points, exact });
    });
  }

  /**
   * Returns the points of a kept step in a plane.
   * @param {number} step
   * @param {PlaneChoice|null} chosen
   * @param {(text: string) => void} [said] called while they are computed; it throws if they are no longer wanted
   * @returns {Promise<Frame>}
   */
  at(step, chosen, said) {
    const choice = planeOf(chosen, this.space.info.dims ?? 1);
    const which = this.#which(choice);
    const rounded = this.#inParts(choice);
    const asked = this.space.kept.once(`frame ${step} ${JSON.stringify(which)}`, async () => {
      const params = { ...this.space.where(step), ...which };
      const early = await this.early;
      const whole = early && (early.about.points ?? 0) <= 2 * FIRST ? early : null;
      this.labels ??= whole?.labels ?? null;
      /** @type {Record<string, string|number>} */
      const wanted = rounded ? { ...params, bits: 16 } : { ...params };
      if (!this.labels && this.space.has("labels")) wanted.labels = 1;
      const points = whole && agrees(whole, params) ? whole : await api.points(wanted, said);
      const { about, components, box, labels } = /** @type {api.Points} */ (points);
      this.labels ??= labels;
      const { places, directions } = components;
      const n = places.length / (directions.length || 2);
      const common = { step, labels: this.labels?.of.length === n ? this.labels : null, sample: about.sample ?? null };
      if (choice.kind === "tour") return tourFrame({ ...common, components }, choice);
      if (choice.kind === "map") return mapFrame({ ...common, choice, xy: places, box }, await this.space.codes(step));
      const exact = async () => /** @type {api.Points} */ (await api.points(params)).components.places;
      return frameOf(/** @type {api.Points} */ (points), { ...common, choice, ...(rounded && { exact }) });
    });
    // One answer serves all sides from which a tour sees the points.
    return asked.then((frame) => turned(frame, choice) ?? frame);
  }

  /** Asks ahead for the steps beside one, where it takes a while. @param {number} step @param {PlaneChoice|null} chosen */
  async around(step, chosen) {
    const { steps } = this.space.info;
    const at = steps.indexOf(step);
    if (!this.#inParts(planeOf(chosen, this.space.info.dims ?? 1))) return;
    for (const beside of [steps[at + 1], steps[at - 1]])
      if (beside !== undefined) await this.at(beside, chosen).catch(() => {});
  }
}

/** @param {api.Points} points @param {Pick<Frame, "step"|"choice"|"labels"|"total"|"exact">} more @returns {Frame} */
function frameOf({ about, components, box }, more) {
  const { places, origin, directions, shares } = components;
  const [u, v] = directions;
  return withGrid({ sample: about.sample ?? null, ...more, xy: places, box, plane: { origin, u, v, shares } });
}

/** Returns whether points are the answer to a request. @param {api.Points} points @param {Record<string, any>} params */
function agrees({ about }, params) {
  return Object.entries(params).every(([key, value]) => about[key] === value);
}
