/** The state in the address: read at the start and when the user follows a link, written after each change. */

import { pageViews } from "../lib/page.js";
import { FIRST, fromAddress, toAddress } from "../lib/state.js";
import { onAddress, readAddress, writeAddress } from "../lib/tensorboard.js";
import { TOOLS } from "../plot/tools.js";

const EVERY_MS = 300; // browsers refuse an address that changes with each frame

/** Returns the state in the address. */
export function readState() {
  const data = readAddress();
  const tools = TOOLS.map(({ name }) => name);
  /** @type {Record<string, string>} */
  const own = pageViews ? { views: pageViews } : {};
  if (Object.keys(data).length) return fromAddress({ ...own, ...data }, tools);
  return { ...FIRST, views: fromAddress(own, tools).views };
}

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
