/** Columns: a number or a text about each point, or nothing. */

/**
 * `texts[of[i]]` is the text of point i. It has none if there is no such text.
 * @typedef {{type: "text", of: ArrayLike<number>, texts: string[]}} Texts
 */

/**
 * `values[i]` is the number of point i. It has none if `there[i]` is 0; null: all have one.
 * @typedef {{type: "number", values: ArrayLike<number>, there: Uint8Array|null}} Numbers
 */

/** @typedef {Texts|Numbers} Column */

/**
 * Returns the column of a blob of `/data/plugin/latent/metadata`.
 * @param {{header: Record<string, any>, arrays: {values: any}[]}} blob
 * @returns {Column}
 */
export function column({ header, arrays }) {
  const [first, second, third] = arrays.map(({ values }) => values);
  if (header.type === "number") return { type: "number", values: first, there: second ?? null };
  const decoder = new TextDecoder();
  let at = 0;
  const texts = Array.from(second, (/** @type {number} */ length) =>
    decoder.decode(third.subarray(at, (at += length))),
  );
  return { type: "text", of: first, texts };
}

/** Returns the number of a point, or null. @param {Numbers} numbers @param {number} index */
export function numberOf({ values, there }, index) {
  return index < values.length && there?.[index] !== 0 ? values[index] : null;
}

/** Returns the number or text of a point, or null. @param {Column} column @param {number} index */
export function valueOf(column, index) {
  return column.type === "number" ? numberOf(column, index) : (column.texts[column.of[index]] ?? null);
}

const TEXTS = new Intl.Collator("en", { numeric: true });

/**
 * Returns points in the order of their values. Those without a value come last; equal ones keep their order.
 * @param {Iterable<number>} points indices
 * @param {(index: number) => string|number|null} value
 * @param {1|-1} direction -1: from the highest to the lowest
 */
export function ordered(points, value, direction) {
  const rows = Array.from(points, (index) => ({ index, value: value(index) }));
  const missing = (/** @type {string|number|null} */ one) => Number(one === null || Number.isNaN(one));
  rows.sort(({ value: a }, { value: b }) => {
    if (a === null || b === null || missing(a) || missing(b)) return missing(a) - missing(b);
    return direction * (typeof a === "number" && typeof b === "number" ? a - b : TEXTS.compare(`${a}`, `${b}`));
  });
  return rows.map(({ index }) => index);
}
