/** Asks the routes of http_api.md: the server, or in a page that is one file the page itself. */

import { answer } from "./answers.js";
import { unpack } from "../lib/codec.js";
import { scale } from "../lib/coloring.js";
import { column } from "../lib/columns.js";
import { page } from "../lib/page.js";

/** @typedef {import("../lib/coloring.js").Coloring} Coloring */

/**
 * A latent space as /runs describes it.
 * @typedef {{display_name: string, description: string, steps: number[], wall_times: number[], kept: number,
 *   logged: number|null, points: number|null, dims: number|null, image_shape: number[]|null,
 *   thumbnail_shape: number[]|null, class_names: string[]|null, labels: "classes"|"continuous"|null, parts: string[],
 *   metadata: {name: string, type: "text"|"number"}[], projections: string[], chart: import("../lib/chart.js").Chart|null,
 *   error: string|null, missing: string|null}} SpaceInfo
 */

/**
 * Points in a plane, along more principal components, or in a map, which has no directions: run, tag, step and plane they belong to (`about`), their places,
 * their box, and the labels if they were asked for.
 * @typedef {{about: Record<string, any>, components: import("../lib/tour.js").Components,
 *   box: import("../lib/view.js").Box, labels: Coloring|null}} Points
 */

/** @typedef {{center: number[], radius: number, frames?: number, u?: number[], v?: number[]}} LoggedWalk */

const TRIES = 3; // a busy server takes 20 seconds to say so
const LOOK_MS = 700; // between two looks at what the server computes
const LONGEST_WAIT = 30; // seconds between two tries

/** An answer other than 200. Its message is a sentence for the user. */
export class ApiError extends Error {
  /** @param {number} status 0: no answer @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks a route, again if the server is busy.
 * @param {string} route
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @param {number} [tries]
 * @returns {Promise<Response>}
 */
async function get(route, params, signal, tries = TRIES) {
  const query = new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]));
  let response;
  try {
    response = await (page ? answer(route, params) : fetch(`./${route}?${query}`, { signal }));
  } catch (error) {
    if (signal?.aborted || page) throw error;
    throw new ApiError(0, "TensorBoard does not answer. Is it still running?");
  }
  if (response.status === 429) {
    if (tries === 1) throw new ApiError(429, "TensorBoard is busy with other requests. Try again later.");
    const seconds = Math.min(LONGEST_WAIT, Number(response.headers.get("Retry-After")) || 1);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    return get(route, params, signal, tries - 1);
  }
  if (!response.ok) {
    const text = (await response.text()).slice(0, 300);
    const plain = response.headers.get("Content-Type")?.startsWith("text/plain");
    throw new ApiError(response.status, plain && text ? text : `TensorBoard answered ${response.status}.`);
  }
  return response;
}

/**
 * Returns the latent spaces by run and tag, and how many more are not listed.
 * @returns {Promise<{listing: Record<string, Record<string, SpaceInfo>>, omitted: number}>}
 */
export async function runs() {
  const response = await get("runs", {});
  return { listing: await response.json(), omitted: Number(response.headers.get("X-Latent-Omitted")) };
}

/**
 * Returns the walk and the parts that were logged at a step.
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<{walk: LoggedWalk|null, parts: string[]}>}
 */
export async function step(params, signal) {
  return (await get("step", params, signal)).json();
}

/** @type {Record<string, any>} */
const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/**
 * Returns as many rows of an array as one answer holds. They are little-endian, as every browser is.
 * @param {string} route
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data: any, shape: number[], total: number}>}
 */
async function rows(route, params, signal) {
  const response = await get(route, params, signal);
  const header = (/** @type {string} */ name) => response.headers.get(`X-Latent-${name}`) ?? "";
  const data = new ARRAYS[header("Dtype")](await response.arrayBuffer());
  return { data, shape: header("Shape").split(",").map(Number), total: Number(header("Total")) };
}

/**
 * Returns the whole array of a binary route.
 * @param {"codes"|"errors"|"images"|"reconstructions"|"moved"} route
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data: any, shape: number[]}>}
 */
export async function array(route, params, signal) {
  const first = await rows(route, params, signal);
  const { total, shape } = first;
  let [count] = shape;
  if (count === total) return first;
  const row = first.data.length / count;
  const data = new first.data.constructor(total * row);
  data.set(first.data);
  while (count < total) {
    const part = await rows(route, { ...params, start: count }, signal);
    data.set(part.data, count * row);
    count += part.shape[0];
  }
  return { data, shape: shape.with(0, total) };
}

/**
 * Returns one row of a binary route.
 * @param {"codes"|"errors"} route @param {Record<string, string|number>} params @param {number} index
 * @returns {Promise<Float32Array>}
 */
export async function row(route, params, index) {
  return (await rows(route, { ...params, start: index, count: 1 })).data;
}

/**
 * Returns a column of metadata.
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 */
export async function metadata(params, signal) {
  return column(unpack(await (await get("metadata", params, signal)).arrayBuffer()));
}

/**
 * Returns the points of a step in a plane. Without `run` and `tag` they are of the first latent space; null: there is none.
 * @param {Record<string, string|number>} params
 * @param {(text: string) => void} [said] called while the server computes them; it throws if they are no longer wanted
 * @returns {Promise<Points|null>}
 */
export async function points(params, said) {
  let response = await get("points", params);
  while (response.status === 202) {
    const { map, step, started, done } = await response.json();
    const of = `${map} of step ${step.toLocaleString("en")}`;
    if (!said) throw new ApiError(202, `${of} is being computed.`);
    said(`Computing ${of} …${started ? (done ? ` ${Math.round(100 * done)} %` : "") : " after others"}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    response = await get("points", params);
  }
  if (response.status === 204) return null;
  const { header, arrays } = unpack(await response.arrayBuffer());
  // The small arrays are copied: they outlive the answer, which may have megabytes.
  const [places, ...more] = arrays.map(({ values }, i) => (i ? values.slice() : values));
  const [origin, ...directions] = header.plane === "map" ? [] : more.splice(0, 1 + arrays[0].shape[1]);
  const [of] = more;
  const [left, right, bottom, top] = header.box;
  const { names, counts, rest, others } = header.labels ?? {};
  const box = { left, right, bottom, top };
  return {
    about: header,
    components: {
      places: places instanceof Uint16Array ? placesOf(places, box) : places,
      origin,
      directions,
      shares: header.explained_variance_ratio,
    },
    box,
    labels: header.continuous
      ? scale({ type: "number", values: of, there: null })
      : names
        ? {
            classes: names.map((/** @type {string} */ name, /** @type {number} */ i) => ({ name, count: counts[i] })),
            of,
            rest: { name: others ? "another label" : "no label", count: rest },
          }
        : null,
  };
}

/** Returns places that were rounded to 16 bits of their box. @param {Uint16Array} rounded @param {import("../lib/view.js").Box} box */
function placesOf(rounded, { left, right, bottom, top }) {
  const [places, across, up] = [new Float32Array(rounded.length), (right - left) / 65535, (top - bottom) / 65535];
  for (let i = 0; i < places.length; i += 2) {
    places[i] = left + across * rounded[i];
    places[i + 1] = bottom + up * rounded[i + 1];
  }
  return places;
}

/**
 * Returns the blob of a step's decoder.
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 */
export async function decoder(params, signal) {
  return (await get("decoder", params, signal)).arrayBuffer();
}

/**
 * Returns the blob of a step's encoder.
 * @param {Record<string, string|number>} params
 */
export async function encoder(params) {
  return (await get("encoder", params)).arrayBuffer();
}

/**
 * Returns latent spaces as a page that is one file.
 * @param {import("../lib/state.js").SpaceId[]} spaces
 */
export async function savedPage(spaces) {
  return (await get("page", { spaces: JSON.stringify(spaces.map(({ run, tag }) => [run, tag])) })).blob();
}

/**
 * Returns the points nearest to a point or a code, and their distances.
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<{indices: number[], distances: number[]}>}
 */
export async function neighbors(params, signal) {
  return (await get("neighbors", params, signal)).json();
}
