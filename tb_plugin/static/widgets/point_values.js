/** All that is known of each point: index, label, error, metadata, codes. */

import { valueOf } from "../lib/columns.js";

/**
 * Loads the columns of a panel's points. Returns their names and a function that returns the value of a point.
 * @param {import("../core/panel.js").Panel} panel
 * @param {import("../lib/planes.js").Frame} frame the one that it shows
 */
export async function pointValues({ space }, frame) {
  const fields = space.fields.map(({ name }) => name);
  const columns = await Promise.all(fields.map((name) => space.field(name, frame)));
  const codes = await space.codes(frame.step);
  const dims = frame.plane.origin.length;
  const names = [...fields, ...Array.from({ length: dims }, (_, d) => `code_${d}`)];
  /** @param {number} index @param {number} column */
  const value = (index, column) =>
    column < columns.length ? valueOf(columns[column], index) : codes[index * dims + column - columns.length];
  return { names, value };
}
