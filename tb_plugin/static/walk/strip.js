/** The decoded walk of one latent space. */

import { Film } from "./film.js";
import { chartFrame } from "../lib/chart_frame.js";
import { rgba } from "../lib/picture.js";
import { lift } from "../lib/planes.js";

export class Strip extends Film {
  /** @param {import("../core/panel.js").Panel} panel @param {import("../core/app.js").App} app */
  constructor(panel, app) {
    super(app);
    this.panel = panel;
    /** @type {number|undefined} the step whose decoder made the frames */
    this.step = undefined;
    /** @type {AbortController|null} */
    this.work = null;
    this.draw();
  }

  get name() {
    const { run, tag } = this.panel.space.id;
    return `${run}_${tag}_step_${this.step}_walk`;
  }

  get about() {
    return `of the walk, decoded by ${this.panel.space.name}`;
  }

  get coming() {
    return this.panel.decoding === undefined && this.panel.space.has("decoder");
  }

  /** Decodes the walk. The old frames stay until it is done. */
  async decode() {
    this.work?.abort();
    const work = (this.work = new AbortController());
    const { frame, decoding, look } = this.panel;
    if (decoding === undefined) return this.draw();
    if (!frame || !decoding || !look || !this.app.course.places.length) {
      this.frames = [];
      this.codes = null;
      return this.draw();
    }
    const codes = lift(this.app.course.places, frame.plane);
    const n = codes.length / decoding.decoder.dims;
    try {
      const decoded = await decoding.decode(codes, n, work.signal);
      const values = decoded.length / n;
      const frames = Array.from({ length: n }, (_, i) =>
        rgba(look.bytes(decoded.subarray(i * values, (i + 1) * values)), look.shape),
      );
      [this.codes, this.step] = [codes, frame.step];
      this.figure.replaceChildren(
        look.chart ? chartFrame(this.preview, look.chart, values) : this.preview,
        this.caption,
      );
      this.show(frames, look.shape[1], look.shape[0]);
    } catch (error) {
      if (!work.signal.aborted) throw error;
    }
  }

  close() {
    this.work?.abort();
    super.close();
  }
}
