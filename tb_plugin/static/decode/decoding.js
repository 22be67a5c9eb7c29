/**
 * Decodes without blocking the page: much work goes in slices to the workers. While the user drags, it waits.
 *
 * Until a worker is ready, or if the browser refuses them, the page does the slices itself, with pauses between them.
 */

import { product } from "../lib/codec.js";
import { Decoder } from "./decoder.js";
import { pool } from "./pool.js";

// Milliseconds.
const AT_ONCE = 3;
const SLICE = 8;
const QUICK = 8;
const START = 2000; // that a slow decoder waits for a worker

// How long a picture takes is measured. This is assumed before.
const MACS_PER_MS = 4e6;
const VALUES_PER_MS = 1e5;

/** A decoder that works in the page or in the workers. */
export class Decoding {
  /**
   * @param {ArrayBuffer} buffer the blob of `/data/plugin/latent/decoder`
   * @throws {Error} as Decoder.parse.
   */
  constructor(buffer) {
    this.decoder = Decoder.parse(buffer);
    this.buffer = buffer;
    this.closed = false;
    /** How long a picture takes. */
    this.ms = this.decoder.macs / MACS_PER_MS + this.decoder.values / VALUES_PER_MS;
    pool.start(1);
  }

  /** Whether a picture may be decoded in the page, between two frames of an animation. */
  get quick() {
    return this.ms <= QUICK;
  }

  /**
   * Returns the pictures of `n` codes at once. For little work, as in a drag with a quick decoder.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   */
  decodeNow(codes, n) {
    const began = performance.now();
    const pictures = this.decoder.decode(codes, n);
    this.#measured(performance.now() - began, n);
    return pictures;
  }

  /** Returns the picture of a code, of a quick decoder from the page itself. @param {Float32Array} code */
  async decodeOne(code) {
    return this.quick ? this.decodeNow(code, 1) : this.decode(code, 1);
  }

  /**
   * Returns the pictures of `n` codes.
   *
   * @param {Float32Array} codes n * dims numbers
   * @param {number} n
   * @param {AbortSignal} [signal] stops the rest of the work
   * @param {(start: number, pictures: Float32Array) => void} [onPart] is called with the pictures of the codes from
   *   `start` on, as soon as they are there
   * @returns {Promise<Float32Array>} rejects with the signal's reason, or with an AbortError if this was closed.
   */
  async decode(codes, n, signal, onPart) {
    this.#check(signal);
    const { dims, outputShape } = this.decoder;
    const size = product(outputShape);
    const pictures = new Float32Array(n * size);
    if (this.ms * n > SLICE * SLICE) pool.start(); // all of them
    let next = 0;
    const lane = async () => {
      while (next < n) {
        if (n > 1) await pool.free; // a single picture is one that the user points at
        this.#check(signal);
        if (next >= n) return;
        const start = next;
        const count = Math.min(n - start, Math.max(1, Math.floor(SLICE / this.ms)));
        next += count;
        const part = await this.#part(codes.slice(start * dims, next * dims), count);
        this.#check(signal);
        pictures.set(part, start * size);
        onPart?.(start, part);
      }
    };
    if (this.ms * n <= AT_ONCE) {
      pictures.set(this.decodeNow(codes, n));
      onPart?.(0, pictures);
    } else await Promise.all(Array.from({ length: pool.lanes }, lane));
    return pictures;
  }

  /**
   * @param {Float32Array} codes
   * @param {number} n
   * @returns {Promise<Float32Array>}
   */
  async #part(codes, n) {
    if (!this.quick) await Promise.race([pool.answered, new Promise((resolve) => setTimeout(resolve, START))]);
    try {
      const answer = pool.ask(this, codes, n);
      if (answer) {
        const { pictures, ms } = await answer;
        this.#measured(ms, n);
        return pictures;
      }
    } catch {
      // the worker broke: the page does it
    }
    await new Promise((resolve) => setTimeout(resolve));
    return this.decodeNow(codes, n);
  }

  /** @param {number} ms @param {number} n */
  #measured(ms, n) {
    if (n) this.ms = 0.7 * this.ms + (0.3 * ms) / n;
  }

  /** @param {AbortSignal} [signal] */
  #check(signal) {
    signal?.throwIfAborted();
    if (this.closed) throw new DOMException("The decoder was closed.", "AbortError");
  }

  /** Makes the workers forget this decoder. */
  close() {
    this.closed = true;
    pool.forget(this);
  }
}
