/** The drawing on the pad, in one latent space: its code at the step that is shown, the code's place and picture. */

import { NEAREST, placeBetween } from "../lib/maps.js";
import { put, rgba } from "../lib/picture.js";
import { into, offPlane } from "../lib/planes.js";

const MOST_STEPS = 40; // of the way through the steps

export class Drawn {
  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {Float32Array|null} */
    this.code = null;
    /** @type {[number, number]|null} in the plane that is shown */
    this.place = null;
    /** @type {[number, number][]} the places at each step */
    this.way = [];
    /** @type {HTMLCanvasElement|null} what the decoder makes of the code */
    this.picture = null;
    this.canvas = document.createElement("canvas"); // of it
    /** What is to be said of the place. */
    this.note = "";
    this.step = 0;
    this.asked = 0;
  }

  /** Finds the code of the drawing with the encoder of the step that is shown, and decodes it. */
  async update() {
    const { panel } = this;
    const { drawing } = panel.app.session.now;
    const ticket = ++this.asked;
    if (!drawing || !panel.space.has("encoder")) return this.#clear("");
    const { frame } = panel;
    if (!frame) return;
    try {
      const encoding = await panel.space.encoding(frame.step);
      if (ticket !== this.asked) return;
      if (!encoding) return this.#clear("No encoder was logged at this step.");
      const { dims } = encoding.decoder;
      if (dims !== drawing.values.length) return this.#clear("Its encoder takes images of another size.");
      const code = await encoding.decodeOne(drawing.values);
      if (ticket !== this.asked) return;
      if (code.length !== frame.plane.origin.length) return this.#clear("Its encoder returns codes of another length.");
      this.#show(frame, code);
      await this.#decode(code, ticket);
      if (ticket === this.asked) await this.#follow(frame, drawing.values, ticket);
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      if (ticket === this.asked && name !== "AbortError") this.#clear(message);
    }
  }

  /** @param {string} note */
  #clear(note) {
    if (!this.code && this.note === note) return;
    this.code = this.place = this.picture = null;
    this.way = [];
    this.note = note;
    this.#told();
  }

  /** @param {import("../lib/planes.js").Frame} frame @param {Float32Array} code */
  #show(frame, code) {
    const { plane } = frame;
    this.code = code;
    this.step = frame.step;
    this.place = plane.given ? placeBetween(code, plane.given) : into(code, plane);
    const away = plane.given ? 0 : offPlane(code, plane);
    this.note = plane.given
      ? `placed between the ${NEAREST} points whose codes are nearest`
      : code.length > 2
        ? `${Number(away.toPrecision(3))} off the plane`
        : "";
    this.#told();
  }

  /** @param {Float32Array} code @param {number} ticket */
  async #decode(code, ticket) {
    const { decoding, look } = this.panel;
    if (decoding === undefined) return; // it comes, and asks again; the last picture stays until then
    if (!decoding || !look) this.picture = null;
    else {
      const output = await decoding.decodeOne(code);
      if (ticket !== this.asked) return;
      const [height, width] = look.shape;
      put(this.canvas, rgba(look.bytes(output), look.shape), width, height);
      this.picture = this.canvas;
    }
    this.#told();
  }

  /**
   * Finds the places at all steps, or at MOST_STEPS among them. A map is another one at each step, and has no way.
   * @param {import("../lib/planes.js").Frame} frame @param {Float32Array} values @param {number} ticket
   */
  async #follow({ plane }, values, ticket) {
    const { space, app } = this.panel;
    const before = this.way;
    /** @type {[number, number][]} */
    const way = [];
    for (const step of app.session.now.way && !plane.given ? space.someSteps(MOST_STEPS) : []) {
      const encoding = await space.encoding(step);
      if (encoding?.decoder.dims === values.length) way.push(into(await encoding.decode(values, 1), plane));
      if (ticket !== this.asked) return;
    }
    this.way = way;
    if (way.length || before.length) this.#told();
  }

  #told() {
    this.panel.plot.redrawOver();
    this.panel.app.tell("drawn");
  }
}
