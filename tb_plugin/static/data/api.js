/** The routes of http_api.md. */

import { unpack } from "../lib/codec.js";

/** @typedef {{run: string, tag: string}} SpaceId */

/**
 * What /runs says of a latent space.
 * @typedef {{display_name: string, description: string, steps: number[], wall_times: number[], kept: number,
 *   logged: number|null, points: number|null, dims: number|null, image_shape: number[]|null,
 *   class_names: string[]|null, parts: string[], error: string|null}} SpaceInfo
 */

/** @typedef {{origin: Float32Array, u: Float32Array, v: Float32Array, shares: (number|null)[]}} Plane */

/** @typedef {{name: string, count: number}} Class */

/** Which class each point has, as an index into `classes`, or NO_CLASS: it is one of the rest.
 * @typedef {{classes: Class[], of: Uint8Array, rest: Class}} Labels
 */

/** Points in a plane: what they are about (run, tag, step, plane), their places [n, 2], their box, and the labels that
 * were asked for.
 * @typedef {{about: Record<string, any>, xy: Float32Array, box: import("../lib/view.js").Box, plane: Plane,
 *   labels: Labels|null}} Points
 */

/** @typedef {{center: number[], radius: number, frames?: number, u?: number[], v?: number[]}} LoggedWalk */

const TRIES = 3; // where the server is busy, which takes it 20 seconds to say
const LONGEST_WAIT = 30; // seconds between them

/** An answer other than 200; its message is a sentence for people. */
export class ApiError extends Error {
  /** @param {number} status 0 where there was no answer @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
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
    response = await fetch(`./${route}?${query}`, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
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
 * What there is, by run and tag, and how many latent spaces more are not listed.
 * @returns {Promise<{listing: Record<string, Record<string, SpaceInfo>>, omitted: number}>}
 */
export async function runs() {
  const response = await get("runs", {});
  return { listing: await response.json(), omitted: Number(response.headers.get("X-Latent-Omitted")) };
}

/**
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
 * As many rows of an array as one answer holds, little-endian as every browser is.
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
 * An array of one of the binary routes, all of it.
 * @param {"codes"|"errors"|"images"|"reconstructions"} route
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
 * The points of a step in a plane. Without `run` and `tag`: those of the first latent space, null where there is none.
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<Points|null>}
 */
export async function points(params, signal) {
  const response = await get("points", params, signal);
  if (response.status === 204) return null;
  const { header, arrays } = unpack(await response.arrayBuffer());
  const [xy, origin, u, v, of] = arrays.map(({ values }) => values);
  const [left, right, bottom, top] = header.box;
  const { names, counts, rest, others } = header.labels ?? {};
  return {
    about: header,
    xy,
    box: { left, right, bottom, top },
    plane: { origin, u, v, shares: header.explained_variance_ratio },
    labels: names
      ? {
          classes: names.map((/** @type {string} */ name, /** @type {number} */ i) => ({ name, count: counts[i] })),
          of,
          rest: { name: others ? "another label" : "no label", count: rest },
        }
      : null,
  };
}

/**
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 */
export async function decoder(params, signal) {
  return (await get("decoder", params, signal)).arrayBuffer();
}
