/**
 * Decodes without blocking the page: much work goes in slices to a worker, which all decoders of the page share.
 *
 * Until the worker is ready, or if the browser refuses one, the page does the slices itself, with pauses between them.
 */

import { product } from "../lib/codec.js";
import { Decoder } from "./decoder.js";

// Multiplications: 1,000,000 take about a millisecond.
const AT_ONCE = 3e6;
const SLICE = 8e6;

const VALUE_COST = 10; // of writing a value, in multiplications

/** A decoder that works in the page or in the worker. */
export class Decoding {
  /**
   * @param {ArrayBuffer} buffer the blob of `/data/plugin/latent/decoder`
   * @throws {Error} as Decoder.parse.
   */
  constructor(buffer) {
    this.decoder = Decoder.parse(buffer);
    this.buffer = buffer;
    this.closed = false;
    link.start();
  }

  /**
   * Returns the pictures of `n` codes at once. For little work, as in a drag.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   */
  decodeNow(codes, n) {
    return this.decoder.decode(codes, n);
  }

  /**
   * Returns the pictures of `n` codes.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   * @param {AbortSignal} [signal] stops the rest of the work
   * @returns {Promise<Float32Array>} rejects with the signal's reason, or with an AbortError if this was closed.
   */
  async decode(codes, n, signal) {
    this.#check(signal);
    const { dims, macs, outputShape } = this.decoder;
    const size = product(outputShape);
    const cost = macs + VALUE_COST * size;
    if (cost * n <= AT_ONCE) return this.decodeNow(codes, n);
    const pictures = new Float32Array(n * size);
    const slice = Math.max(1, Math.floor(SLICE / cost));
    let next = 0;
    const lane = async () => {
      while (next < n) {
        const start = next;
        next = Math.min(n, start + slice);
        const part = await this.#part(codes.slice(start * dims, next * dims), Math.min(slice, n - start));
        this.#check(signal);
        pictures.set(part, start * size);
      }
    };
    await Promise.all([lane(), lane()]); // two, so that the worker need not wait for the page between slices
    return pictures;
  }

  /**
   * @param {Float32Array} codes
   * @param {number} n
   * @returns {Promise<Float32Array>}
   */
  async #part(codes, n) {
    try {
      if (link.worker) return await link.ask(this, codes, n);
    } catch {
      // the worker broke: the page does it
    }
    await new Promise((resolve) => setTimeout(resolve));
    return this.decodeNow(codes, n);
  }

  /** @param {AbortSignal} [signal] */
  #check(signal) {
    signal?.throwIfAborted();
    if (this.closed) throw new DOMException("The decoder was closed.", "AbortError");
  }

  /** Makes the worker forget this decoder. */
  close() {
    this.closed = true;
    link.forget(this);
  }
}

/** The worker, as the page sees it. */
const link = {
  started: false,
  /** @type {Worker | null} null: it is not ready, or it broke */
  worker: null,
  /** @type {Map<Decoding, number>} the decoders that the worker holds, and their numbers there */
  known: new Map(),
  /** @type {Map<number, {resolve: (pictures: Float32Array) => void, reject: () => void}>} */
  waiting: new Map(),
  numbers: 0,

  start() {
    if (this.started) return;
    this.started = true;
    try {
      const worker = new Worker(new URL("../decode_worker.js", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => {
        this.worker = worker; // its first message says that it is ready
        this.waiting.get(data.request)?.resolve(data.pictures);
        this.waiting.delete(data.request);
      };
      worker.onerror = (event) => {
        event.preventDefault(); // no error of the page, which goes on without a worker
        worker.terminate();
        this.worker = null;
        for (const { reject } of this.waiting.values()) reject();
        this.waiting.clear();
      };
    } catch {
      // the browser allows no workers
    }
  },

  /**
   * @param {Decoding} decoding
   * @param {Float32Array} codes
   * @param {number} n
   * @returns {Promise<Float32Array>}
   */
  ask(decoding, codes, n) {
    const id = this.known.get(decoding) ?? ++this.numbers;
    if (!this.known.has(decoding)) this.worker?.postMessage({ id, buffer: decoding.buffer });
    this.known.set(decoding, id);
    const request = ++this.numbers;
    this.worker?.postMessage({ id, request, codes, n });
    return new Promise((resolve, reject) => this.waiting.set(request, { resolve, reject }));
  },

  /** @param {Decoding} decoding */
  forget(decoding) {
    const id = this.known.get(decoding);
    if (id !== undefined) this.worker?.postMessage({ id });
    this.known.delete(decoding);
  },
};
