/** Animation frames, only while there is something to draw and the tab is visible. */

export class Loop {
  /** @param {(now: number) => boolean} draw returns whether another frame is needed */
  constructor(draw) {
    this.draw = draw;
    this.seen = true;
    this.held = false;
    /** @type {number|null} */
    this.asked = null;
  }

  request() {
    if (this.asked !== null || !this.seen || this.held) return;
    this.asked = requestAnimationFrame((now) => {
      this.asked = null;
      if (this.draw(now)) this.request();
    });
  }

  /** @param {boolean} seen */
  setSeen(seen) {
    this.seen = seen;
    if (seen) this.request();
    else this.#cancel();
  }

  /** Leaves the frames to a caller of `draw`, which has a clock of its own. @param {boolean} held */
  hold(held) {
    this.held = held;
    if (held) this.#cancel();
    else this.request();
  }

  #cancel() {
    if (this.asked !== null) cancelAnimationFrame(this.asked);
    this.asked = null;
  }
}
