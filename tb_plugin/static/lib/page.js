/**
 * What a page that is one file holds, as tb_plugin/server/page writes it. In TensorBoard's frame there is nothing.
 *
 * The elements latent-page (JSON), latent-worker (a script) and latent-0, latent-1, … (arrays) hold it as text. The tab adds
 * latent-views (JSON) when it saves a page.
 */

import { product } from "./codec.js";

/** @typedef {{blob: number, arrays: {dtype: string, shape: number[]}[]}} Stored arrays in an element */

/** @param {string|number} name */
const text = (name) => globalThis.document?.getElementById(`latent-${name}`)?.textContent ?? null;

/** The latent spaces of the page; null in TensorBoard's frame. @type {{runs: any, data: any}|null} */
export const page = JSON.parse(text("page") ?? "null");

/** The saved views of the page, as the address holds them; null: it has none. @type {string|null} */
export const pageViews = text("views");

// By its name: where the page's scripts are text in the page, none of them may hold a tag.
const TAG = "script";

/** Returns the element that gives saved views to a page. @param {string} views as the address holds them */
export const viewsElement = (views) =>
  `<${TAG} type="application/json" id="latent-views">${views.replaceAll("<", "\\u003c")}</${TAG}>\n`;

/** Returns the address of a worker's script in the page. */
export function workerAddress() {
  return URL.createObjectURL(new Blob([text("worker") ?? ""], { type: "text/javascript" }));
}

/** @type {Record<string, any>} */
const TYPES = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i2": Int16Array,
  "|i1": Int8Array,
  "|u1": Uint8Array,
};

/**
 * Returns arrays that the page holds. Of each, the lowest bytes of all numbers come first, then the next ones.
 * @param {Stored} stored
 * @returns {Promise<any[]>}
 */
export async function arrays(stored) {
  const packed = Uint8Array.from(atob(text(stored.blob) ?? ""), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let at = 0;
  return stored.arrays.map(({ dtype, shape }) => {
    const [count, type] = [product(shape), TYPES[dtype]];
    const size = type.BYTES_PER_ELEMENT;
    const whole = new Uint8Array(count * size);
    for (let byte = 0; byte < size; byte++) {
      for (let i = 0, to = byte; i < count; i++, to += size) whole[to] = bytes[at++];
    }
    return new type(whole.buffer);
  });
}
