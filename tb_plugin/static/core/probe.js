/** The place that is decoded: its code, and the picture that the decoder of a panel makes of it. */

import { h } from "../lib/dom.js";
import { put, rgba } from "../lib/picture.js";
import { lift } from "../lib/planes.js";

/** @typedef {import("../lib/picture.js").Look} Look */

export class Probe {
  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {HTMLCanvasElement|null} the decoded picture */
    this.picture = null;
    /** @type {Float32Array|null} the numbers that it shows */
    this.numbers = null;
    this.canvas = h("canvas"); // of the picture
    /** Whether a slow decoder is at work. */
    this.busy = false;
  }

  /** The code that is decoded: that of the state, or of its place in the plane; without both the plane's origin. */
  get code() {
    const { frame, app } = this.panel;
    const { probe, code } = app.state.now;
    if (!frame) return null;
    if (code?.length === frame.plane.origin.length) return Float32Array.from(code);
    return probe ? lift(probe, frame.plane) : frame.plane.origin;
  }

  /** Decodes the place of the state: at once, or if the decoder is slow as soon as it can. */
  decode() {
    const { decoding, look, app } = this.panel;
    const { probe } = app.state.now;
    const { code } = this;
    if (probe && decoding === undefined) return;
    if (!probe || !code || !decoding || !look) this.picture = this.numbers = null;
    else if (decoding.quick) this.#show(decoding.decodeNow(code, 1), look);
    else this.#decodeSlowly(decoding, code, look);
  }

  /**
   * Decodes beside the page. The last picture stays until then. If the place moves meanwhile, only its last one is
   * decoded after that.
   *
   * @param {import("../decode/decoding.js").Decoding} decoding
   * @param {Float32Array} code
   * @param {Look} look
   */
  async #decodeSlowly(decoding, code, look) {
    if (this.busy) return;
    this.busy = true;
    const { frame, app, plot } = this.panel;
    const { probe, code: own } = app.state.now;
    const decoded = await decoding.decode(code, 1).catch(() => null); // null: it was closed
    this.busy = false;
    const { now } = app.state;
    if (decoding !== this.panel.decoding || frame !== this.panel.frame || !now.probe) return this.decode();
    if (decoded) this.#show(decoded, look);
    plot.redrawOver();
    app.tell("probed");
    if (now.probe !== probe || now.code !== own) this.decode();
  }

  /** @param {Float32Array} output @param {Look} look */
  #show(output, look) {
    const [height, width] = look.shape;
    this.picture = this.canvas;
    put(this.canvas, rgba(look.bytes(output), look.shape), width, height);
    this.numbers = output;
  }
}
