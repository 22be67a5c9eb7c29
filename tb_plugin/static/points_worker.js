/** The worker that draws very many points where there is no GPU; plot/points_density.js talks to it. */

import { raster } from "./lib/raster.js";

/** @type {import("./lib/raster.js").Points} */
const points = { from: new Float32Array(), to: new Float32Array(), values: new Uint8Array(), marks: new Uint8Array() };

self.addEventListener("message", ({ data }) => {
  if (data.points) {
    const { from, to } = data.points;
    if (to && !from) points.from = to; // not on their way
    Object.assign(points, data.points);
  } else {
    const { request, area, time, colors, opacity, wide } = data;
    const pixels = raster(points, area, time, colors, opacity, wide ? 2 : 1);
    self.postMessage({ request, area, pixels }, { transfer: [pixels.buffer] });
  }
});

self.postMessage({ ready: true });
