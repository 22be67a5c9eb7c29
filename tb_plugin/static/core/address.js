/** The state in the address: read at the start and when the user follows a link, written after each change. */

import { fromAddress, toAddress } from "../lib/state.js";
import { onAddress, readAddress, writeAddress } from "../lib/tensorboard.js";
import { TOOLS } from "../plot/tools.js";

const EVERY_MS = 300; // browsers refuse an address that changes with each frame

/** Returns the state in the address. */
export const readState = () =>
  fromAddress(
    readAddress(),
    TOOLS.map(({ name }) => name),
  );

export class Address {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    onAddress(() => {
      if (Object.keys(readAddress()).length) app.state.set(readState());
      else this.write(); // TensorBoard wrote an address of its own
    });
  }

  write() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const { state, session } = this.app;
      writeAddress(toAddress({ ...state.now, ...(session.now.playing.walk ? { frame: 0 } : {}) }));
    }, EVERY_MS);
  }
}
