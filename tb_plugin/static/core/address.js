/** The state in the address: read at the start and when somebody follows a link, written after each change. */

import { fromAddress, toAddress } from "../lib/state.js";
import { onAddress, readAddress, writeAddress } from "../lib/tensorboard.js";

const EVERY_MS = 300; // browsers refuse an address that changes with each frame

export class Address {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    onAddress(() => {
      const data = readAddress();
      if (Object.keys(data).length) app.store.set(fromAddress(data));
      else this.write(); // TensorBoard wrote its own
    });
  }

  write() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const { store, player } = this.app;
      writeAddress(toAddress({ ...store.state, ...(player.playing.walk ? { frame: 0 } : {}) }));
    }, EVERY_MS);
  }
}
