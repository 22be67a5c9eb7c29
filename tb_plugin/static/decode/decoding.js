/**
 * Decoding beside the page: much work goes in slices to a worker, which all decoders of the page share.
 *
 * Until the worker is there, or where the browser lets none start, the slices are done here, the page in between.
 */

import { product } from "../lib/codec.js";
import { Decoder } from "./decoder.js";

// Multiplications: 1,000,000 take about a millisecond.
const AT_ONCE = 3e6;
const SLICE = 8e6;

const VALUE_COST = 10; // of a value that is written, against a multiplication

/** A decoder, its work done where it disturbs least. */
export class Decoding {
  /**
   * @param {ArrayBuffer} buffer what `/data/plugin/latent/decoder` answers with
   * @throws {Error} as Decoder.parse does.
   */
  constructor(buffer) {
    this.decoder = Decoder.parse(buffer);
    this.buffer = buffer;
    this.closed = false;
    link.start();
  }

  /**
   * Pictures of `n` codes at once; for little work, a drag say.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   */
  decodeNow(codes, n) {
    return this.decoder.decode(codes, n);
  }

  /**
   * Pictures of `n` codes.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   * @param {AbortSignal} [signal] gives the rest of the work up
   * @returns {Promise<Float32Array>} rejected with the signal's reason, or an AbortError when this was closed.
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
    await Promise.all([lane(), lane()]); // two: the worker need not wait for the page between slices
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
      // the worker broke: it is done here
    }
    await new Promise((resolve) => setTimeout(resolve));
    return this.decodeNow(codes, n);
  }

  /** @param {AbortSignal} [signal] */
  #check(signal) {
    signal?.throwIfAborted();
    if (this.closed) throw new DOMException("The decoder was closed.", "AbortError");
  }

  /** Frees what the worker keeps of it. */
  close() {
    this.closed = true;
    link.forget(this);
  }
}

/** The page's end of its worker. */
const link = {
  started: false,
  /** @type {Worker | null} null until it is ready, and once it broke. */
  worker: null,
  /** @type {Map<Decoding, number>} the decoders that the worker has, and their numbers there */
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
        event.preventDefault(); // no error of the page: it goes on without
        worker.terminate();
        this.worker = null;
        for (const { reject } of this.waiting.values()) reject();
        this.waiting.clear();
      };
    } catch {
      // workers are forbidden here
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
