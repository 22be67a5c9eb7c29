/** Selected points as ranges of their indices, e.g. "3-9.12": how the address holds them. */

export const MAX_RANGES = 2000; // characters; some programs cut a longer address

const LEFT_OUT = "left-out:";

/**
 * Returns the ranges of indices, e.g. "3-9" and "12"; of more characters than `most`, joined, only the first ranges.
 * @param {Iterable<number>} indices @param {number} [most]
 */
export function ranges(indices, most = Infinity) {
  const sorted = Uint32Array.from(indices).sort();
  const found = [];
  let length = -1; // no sign before the first one
  for (let i = 0, last; i < sorted.length && length <= most; i = last + 1) {
    for (last = i; sorted[last + 1] === sorted[last] + 1;) last++;
    const range = last > i ? `${sorted[i]}-${sorted[last]}` : String(sorted[i]);
    length += range.length + 1;
    found.push(range);
  }
  return found;
}

/**
 * Returns the indices as text; if that takes more than MAX_RANGES characters, how many indices it leaves out.
 * @param {Set<number>|number[]} indices
 */
export function written(indices) {
  const text = ranges(indices, MAX_RANGES).join(".");
  return text.length > MAX_RANGES ? LEFT_OUT + [...indices].length : text;
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
