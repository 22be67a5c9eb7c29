/** The routes of http_api.md. */

/** @typedef {{run: string, tag: string}} SpaceId */

/**
 * What /runs says of a latent space.
 * @typedef {{display_name: string, description: string, steps: number[], wall_times: number[], kept: number,
 *   logged: number|null, points: number|null, dims: number|null, image_shape: number[]|null,
 *   class_names: string[]|null, parts: string[], error: string|null}} SpaceInfo
 */

/** @typedef {{origin: Float32Array, u: Float32Array, v: Float32Array, shares: (number|null)[]}} Plane */

/** @typedef {{center: number[], radius: number, frames?: number, u?: number[], v?: number[]}} LoggedWalk */

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
 */
async function get(route, params, signal) {
  const query = new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]));
  let response;
  try {
    response = await fetch(`./${route}?${query}`, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "TensorBoard does not answer. Is it still running?");
  }
  if (!response.ok) {
    const text = (await response.text()).slice(0, 300);
    const plain = response.headers.get("Content-Type")?.startsWith("text/plain");
    throw new ApiError(response.status, plain && text ? text : `TensorBoard answered ${response.status}.`);
  }
  return response;
}

/** @returns {Promise<Record<string, Record<string, SpaceInfo>>>} */
export async function runs() {
  return (await get("runs", {})).json();
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
 * An array of one of the binary routes, little-endian as every browser is.
 * @param {"codes"|"coordinates"|"labels"|"errors"|"images"|"reconstructions"} route
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data: any, shape: number[]}>}
 */
export async function array(route, params, signal) {
  const response = await get(route, params, signal);
  const shape = (response.headers.get("X-Latent-Shape") ?? "").split(",").map(Number);
  const kind = ARRAYS[response.headers.get("X-Latent-Dtype") ?? ""];
  return { data: new kind(await response.arrayBuffer()), shape };
}

/**
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 * @returns {Promise<Plane>}
 */
export async function projection(params, signal) {
  const plane = await (await get("projection", params, signal)).json();
  return {
    origin: Float32Array.from(plane.origin),
    u: Float32Array.from(plane.u),
    v: Float32Array.from(plane.v),
    shares: plane.explained_variance_ratio,
  };
}

/**
 * @param {Record<string, string|number>} params
 * @param {AbortSignal} [signal]
 */
export async function decoder(params, signal) {
  return (await get("decoder", params, signal)).arrayBuffer();
}
