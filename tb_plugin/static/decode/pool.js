/** The workers, which all decoders of the page share. */

import { page, workerAddress } from "../lib/page.js";

/** @typedef {import("./decoding.js").Decoding} Decoding */
/** @typedef {{pictures: Float32Array, ms: number}} Answer */

const MOST = 8;
const LANES = 2; // for each worker, so that it need not wait for the page between slices

/** One worker, as the page sees it. */
class Hand {
  /** @param {() => void} answered is called once it is ready or broken */
  constructor(answered) {
    this.ready = false;
    this.broken = false;
    /** @type {Map<Decoding, number>} the decoders that it holds, and their numbers there */
    this.known = new Map();
    /** @type {Map<number, {resolve: (answer: Answer) => void, reject: () => void}>} */
    this.waiting = new Map();
    this.numbers = 0;
    const address = page ? workerAddress() : new URL("../decode_worker.js", import.meta.url);
    this.worker = new Worker(address, { type: "module" });
    this.worker.onmessage = ({ data }) => {
      this.ready = !this.broken; // its first message says that it is ready
      answered();
      this.waiting.get(data.request)?.resolve(data);
      this.waiting.delete(data.request);
    };
    this.worker.onerror = (event) => {
      event.preventDefault(); // no error of the page, which goes on without it
      this.worker.terminate();
      [this.ready, this.broken] = [false, true];
      answered();
      for (const { reject } of this.waiting.values()) reject();
      this.waiting.clear();
    };
  }

  /** @param {Decoding} decoding @param {Float32Array} codes @param {number} n @returns {Promise<Answer>} */
  ask(decoding, codes, n) {
    const id = this.known.get(decoding) ?? ++this.numbers;
    if (!this.known.has(decoding)) this.worker.postMessage({ id, buffer: decoding.buffer });
    this.known.set(decoding, id);
    const request = ++this.numbers;
    this.worker.postMessage({ id, request, codes, n });
    return new Promise((resolve, reject) => this.waiting.set(request, { resolve, reject }));
  }

  /** @param {Decoding} decoding */
  forget(decoding) {
    const id = this.known.get(decoding);
    if (id !== undefined) this.worker.postMessage({ id });
    this.known.delete(decoding);
  }
}

/** @type {Hand[]} */
const hands = [];
let answered = () => {};
let held = Promise.resolve();
let resume = () => {};

export const pool = {
  /** Is there when a worker is ready, or none will be. @type {Promise<void>} */
  answered: new Promise((resolve) => (answered = resolve)),

  /**
   * Is there when long work may go on: not while the user drags, because the page needs the processor then.
   * @returns {Promise<void>}
   */
  get free() {
    return held;
  },

  /** Holds long work, or lets it go on. @param {boolean} on */
  hold(on) {
    resume();
    held = on ? new Promise((resolve) => (resume = resolve)) : Promise.resolve();
  },

  /** How many slices may be on their way at a time. */
  get lanes() {
    return LANES * Math.max(1, hands.filter(({ broken }) => !broken).length);
  },

  /** Starts workers until there are so many. @param {number} [count] one less than the processors by default */
  start(count = Math.min(MOST, Math.max(1, navigator.hardwareConcurrency - 1))) {
    try {
      while (hands.length < count) hands.push(new Hand(answered));
    } catch {
      answered(); // the browser allows no workers
    }
  },

  /**
   * Asks the worker that has the least to do; null if none is ready.
   * @param {Decoding} decoding @param {Float32Array} codes @param {number} n @returns {Promise<Answer>|null}
   */
  ask(decoding, codes, n) {
    const ready = hands.filter((hand) => hand.ready).sort((a, b) => a.waiting.size - b.waiting.size);
    return ready.length ? ready[0].ask(decoding, codes, n) : null;
  },

  /** @param {Decoding} decoding */
  forget(decoding) {
    for (const hand of hands) hand.forget(decoding);
  },
};
