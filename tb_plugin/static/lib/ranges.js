/** Selected points as ranges of their indices, e.g. "3-9.12": how the address holds them. */

export const MAX_RANGES = 2000; // characters; some programs cut a longer address

const LEFT_OUT = "left-out:";

/**
 * Returns the indices as ranges; if those take more than MAX_RANGES characters, how many indices they leave out.
 * @param {Iterable<number>} indices
 */
export function written(indices) {
  const sorted = Uint32Array.from(indices).sort();
  let text = "";
  for (let i = 0, last; i < sorted.length; i = last + 1) {
    for (last = i; sorted[last + 1] === sorted[last] + 1;) last++;
    text += `${text && "."}${sorted[i]}${last > i ? `-${sorted[last]}` : ""}`;
    if (text.length > MAX_RANGES) return LEFT_OUT + sorted.length;
  }
  return text;
}

/** Returns whether a text is one that `written` may return. @param {string} text */
export const valid = (text) =>
  text.length <= MAX_RANGES && /^(\d{1,9}(-\d{1,9})?(\.\d{1,9}(-\d{1,9})?)*|left-out:\d{1,9})$/.test(text);

/** Returns how many indices a text leaves out; null: none. @param {string|null} text */
export const leftOut = (text) => (text?.startsWith(LEFT_OUT) ? Number(text.slice(LEFT_OUT.length)) : null);

/**
 * Returns the indices below `n`; null: there are none.
 * @param {string} text valid @param {number} n
 */
export function indices(text, n) {
  /** @type {Set<number>} */
  const found = new Set();
  if (leftOut(text) !== null) return null;
  for (const range of text.split(".")) {
    const [first, last = first] = range.split("-").map(Number);
    for (let i = first; i <= last && i < n; i++) found.add(i);
  }
  return found.size ? found : null;
}
