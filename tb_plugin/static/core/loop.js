/** Animation frames, only while there is something to draw and the tab is visible. */

export class Loop {
  /** @param {(now: number) => boolean} draw returns whether another frame is needed */
  constructor(draw) {
    this.draw = draw;
    this.seen = true;
    /** @type {number|null} */
    this.asked = null;
  }

  request() {
    if (this.asked !== null || !this.seen) return;
    this.asked = requestAnimationFrame((now) => {
      this.asked = null;
      if (this.draw(now)) this.request();
    });
  }

  /** @param {boolean} seen */
  setSeen(seen) {
    this.seen = seen;
    if (seen) this.request();
    else if (this.asked !== null) {
      cancelAnimationFrame(this.asked);
      this.asked = null;
    }
  }
}
