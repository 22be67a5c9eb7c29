/** Spaces the frames of a walk so that each picture differs from the next by the same amount. */

const ENOUGH = 0.04; // of the mean change, between the largest and the smallest
const MOST = 60; // attempts
const CALMER = 0.8; // each ten attempts, by how much less the frames move, because large moves overshoot

/**
 * Returns how much changes vary: the largest less the smallest, in parts of their mean.
 * @param {ArrayLike<number>} changes
 */
export function variation(changes) {
  let [low, high, sum] = [Infinity, 0, 0];
  for (let i = 0; i < changes.length; i++) {
    low = Math.min(low, changes[i]);
    high = Math.max(high, changes[i]);
    sum += changes[i];
  }
  return sum > 0 ? ((high - low) * changes.length) / sum : 0;
}

/**
 * Returns the shares of the way at which the frames lie so that all changes are the same, and these changes.
 * @param {number[]} start shares to begin with, from 0 to 1: of a closed walk, 1 is again the first frame
 * @param {(shares: number[]) => Promise<Float32Array>} measure returns the change from each share to the next
 * @param {() => boolean} [goOn] whether there is time for another attempt
 */
export async function evenly(start, measure, goOn = () => true) {
  let shares = start;
  let changes = await measure(shares);
  let best = { shares, changes };
  for (let i = 1; i < MOST && variation(best.changes) > ENOUGH && goOn(); i++) {
    const next = moved(shares, changes);
    const far = CALMER ** Math.floor(i / 10);
    shares = shares.map((share, k) => share + far * (next[k] - share));
    changes = await measure(shares);
    if (variation(changes) < variation(best.changes)) best = { shares, changes };
  }
  return best;
}

/**
 * Returns shares that would have equal changes if each change were spread evenly over its part of the way.
 * @param {number[]} shares @param {Float32Array} changes
 */
function moved(shares, changes) {
  const n = changes.length;
  const whole = changes.reduce((sum, one) => sum + one, 0);
  if (!(whole > 0)) return shares;
  let [i, before] = [0, 0]; // the change up to share i
  return shares.map((_, k) => {
    if (k === 0 || k === n) return shares[k];
    const wanted = (whole * k) / n;
    while (i < n - 1 && before + changes[i] < wanted) before += changes[i++];
    const part = changes[i] > 0 ? Math.min(1, (wanted - before) / changes[i]) : 0;
    return shares[i] + part * (shares[i + 1] - shares[i]);
  });
}

/**
 * Returns the root mean square of the change from each picture to the next.
 * @param {Float32Array} pictures [n, values] @param {number} n
 * @param {boolean} closed whether the first one follows the last @param {boolean} clamped to 0..1, as it is seen
 */
export function changesOf(pictures, n, closed, clamped) {
  const values = pictures.length / n;
  const seen = (/** @type {number} */ value) => (clamped ? Math.min(1, Math.max(0, value)) : value);
  return Float32Array.from({ length: closed ? n : n - 1 }, (_, k) => {
    const [one, other] = [k * values, ((k + 1) % n) * values];
    let sum = 0;
    for (let i = 0; i < values; i++) sum += (seen(pictures[one + i]) - seen(pictures[other + i])) ** 2;
    return Math.sqrt(sum / values);
  });
}
