/** A line that says that a link names a run that is not there, or that data of a run may be missing. */

import { button, h, plural } from "../lib/dom.js";
import { leftOut } from "../lib/ranges.js";

/** Returns the line, which the user can dismiss. @param {import("../core/app.js").App} app */
export function missingNote(app) {
  const text = h("span");
  let shown = "";
  let dismissed = "";
  const element = h(
    "p",
    { className: "missing", role: "status", hidden: true },
    text,
    button("×", "Dismiss this note", () => {
      dismissed = shown;
      element.hidden = true;
    }),
  );
  app.on(["listing", "selected", "selection"], () => {
    /** @type {Map<string, string[]>} the runs that have a note */
    const notes = new Map();
    for (const [run, spaces] of Object.entries(app.listing)) {
      const note = Object.values(spaces).find(({ missing }) => missing)?.missing;
      if (note) notes.set(note, [...(notes.get(note) ?? []), run]);
    }
    const gone = app.gone.map(({ run, tag }) => `${run} · ${tag}`).join(", ");
    const lost = gone && `${gone}: not here. The run was deleted or renamed, or is in another --logdir.`;
    const points = app.session.now.selection ? null : leftOut(app.state.now.selected);
    const left =
      points && `This link leaves out a selection of ${plural(points, "point")}: there were too many to name.`;
    shown = [lost, left, ...[...notes].map(([note, runs]) => `${some(runs)}: ${note}`)].filter(Boolean).join(" ");
    if (text.textContent !== shown) text.textContent = text.title = shown;
    element.hidden = !shown || shown === dismissed;
  });
  return element;
}

/** Returns the first of many names, and how many more there are. @param {string[]} names */
function some(names) {
  return (names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more runs`] : names).join(", ");
}
