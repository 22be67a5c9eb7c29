/** Points as a table for a spreadsheet: index, label, error, metadata, codes. */

import { table } from "../lib/csv.js";
import { button } from "../lib/dom.js";
import { download } from "../lib/download.js";
import { pointValues } from "./point_values.js";

/**
 * Returns the button that saves points of the first panel.
 * @param {import("../core/app.js").App} app
 * @param {string} text
 * @param {string} label
 * @param {() => Iterable<number>|null} chosen the indices of the points; null: all
 */
export function pointsCSV(app, text, label, chosen) {
  const save = button(text, label, async () => {
    const panel = app.panels.find(({ frame }) => frame);
    if (!panel?.frame) return;
    const { space, frame } = panel;
    save.disabled = true;
    try {
      const { names, value } = await pointValues(panel, frame);
      const rows = Array.from(chosen() ?? { length: frame.xy.length / 2 }, (point, i) => {
        const index = typeof point === "number" ? point : i;
        return names.map((_, column) => value(index, column));
      });
      const { run, tag } = space.id;
      download(new Blob([table(names, rows)], { type: "text/csv" }), `${run}_${tag}_step_${frame.step}_points`, "csv");
    } catch (error) {
      panel.say(/** @type {Error} */ (error).message, true);
    }
    save.disabled = false;
  });
  return save;
}
