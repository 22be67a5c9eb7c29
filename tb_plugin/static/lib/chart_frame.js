/** The axes around the picture of a chart: titles, limits, names. */

import { EDGE, outputs, WIDTH } from "./chart.js";
import { h, short } from "./dom.js";

const FEW = 6; // names that all have a place

/**
 * Returns a chart's picture within its axes. If its numbers are given, its tooltip says the one under the pointer.
 * @param {HTMLCanvasElement} canvas
 * @param {import("./chart.js").Chart} chart
 * @param {number} n how many outputs it shows
 * @param {() => ArrayLike<number>|null} [numbers] returns those that it shows now
 */
export function chartFrame(canvas, chart, n, numbers) {
  const [low, high] = chart.range;
  const at = outputs(chart, n);
  /** @param {number} i */
  const name = (i) => (at ? (typeof at[i] === "number" ? short(at[i]) : String(at[i])) : String(i));
  const named = n <= FEW && typeof at?.[0] === "string" ? Array.from({ length: n }, (_, i) => i) : [0, n - 1];
  if (numbers) {
    canvas.addEventListener("pointermove", ({ offsetX }) => {
      const share = Math.min(1, Math.max(0, ((offsetX / canvas.clientWidth) * WIDTH - EDGE) / (WIDTH - 2 * EDGE)));
      const i = nearest(at, n, share);
      canvas.title = `${name(i)}: ${short(numbers()?.[i] ?? NaN)}`;
    });
  }
  return h(
    "div",
    { className: "chart" },
    h("span", { className: "up" }, chart.y ?? ""),
    h("div", { className: "limits" }, h("span", {}, short(high)), h("span", {}, short(low))),
    canvas,
    h(
      "div",
      { className: named.length > 2 ? "names each" : "names" },
      ...named.map((i) => h("span", { title: name(i) }, name(i))),
    ),
    h("span", { className: "across" }, chart.x ?? ""),
  );
}

/** Returns the output at a share of the width. @param {string[]|number[]|null} at @param {number} n @param {number} share */
function nearest(at, n, share) {
  if (!at || typeof at[0] === "string") return Math.min(n - 1, Math.floor(share * n));
  const numbers = /** @type {number[]} */ (at);
  const wanted = numbers[0] + share * (numbers[n - 1] - numbers[0]);
  let best = 0;
  for (let i = 1; i < n; i++) if (Math.abs(numbers[i] - wanted) < Math.abs(numbers[best] - wanted)) best = i;
  return best;
}
