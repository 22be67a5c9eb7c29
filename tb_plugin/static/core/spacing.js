/** Spaces the frames of a walk evenly in the pictures of a decoder. */

import { changesOf, evenly } from "../lib/even.js";
import { lift } from "../lib/planes.js";
import { along } from "../lib/walk.js";

const MOST_MS = 5000; // with a slow decoder

/**
 * Returns the shares of the way at which the frames lie, and the changes from frame to frame: with even steps in the plane,
 * and with these shares. Null: it was aborted, or the decoder was closed.
 * @param {import("../lib/state.js").Walk} walk
 * @param {import("../lib/state.js").State} state its frames and their direction
 * @param {import("../lib/planes.js").Frame} frame
 * @param {import("../decode/decoding.js").Decoding} decoding
 * @param {boolean} clamped whether the pictures show numbers of 0..1
 * @param {number[]|null} first shares to begin with
 * @param {AbortSignal} signal
 */
export async function spaced(walk, { frames, direction }, frame, decoding, clamped, first, signal) {
  const end = performance.now() + MOST_MS;
  /** @param {number[]|null} shares */
  const measure = async (shares) => {
    const codes = lift(along(walk, frames, direction, shares), frame.plane);
    return changesOf(await decoding.decode(codes, frames, signal), frames, walk.kind === "circle", clamped);
  };
  try {
    const straight = await measure(null);
    const n = straight.length;
    const start = first ?? Array.from({ length: n + 1 }, (_, k) => k / n);
    const { shares, changes } = await evenly(start, measure, () => performance.now() < end);
    return { shares, changes: { straight, even: changes } };
  } catch (error) {
    if (!signal.aborted && !decoding.closed) throw error;
    return null;
  }
}
