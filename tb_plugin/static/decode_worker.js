/** The worker that decodes; decoding.js talks to it. */

import { Decoder } from "./decode/decoder.js";

/** @type {Map<number, Decoder>} */
const decoders = new Map();

self.addEventListener("message", ({ data }) => {
  const { id, buffer, request, codes, n } = data;
  if (buffer) {
    decoders.set(id, Decoder.parse(buffer));
  } else if (codes) {
    const began = performance.now();
    const pictures = /** @type {Decoder} */ (decoders.get(id)).decode(codes, n);
    self.postMessage({ request, pictures, ms: performance.now() - began }, { transfer: [pictures.buffer] });
  } else {
    decoders.delete(id);
  }
});

self.postMessage({ ready: true });
