/** The tools, in the order of their buttons. A new tool is a file in tools/ and its place in this list. */

import { box } from "./tools/box.js";
import { decode } from "./tools/decode.js";
import { lasso } from "./tools/lasso.js";
import { pan } from "./tools/pan.js";
import { path } from "./tools/path.js";
import { turn } from "./tools/turn.js";

/** @typedef {import("./plot.js").Plot} Plot */
/** @typedef {import("./plot.js").Shared} Shared */

/**
 * A drag: its effect at each move and at its end. Places are in CSS pixels of the plot.
 * @typedef {{move: (px: number, py: number) => void, end?: () => void}} Drag
 */

/**
 * @typedef {object} Tool
 * @property {string} name on its button and in the address
 * @property {string} title the tooltip of its button
 * @property {string} key that chooses it
 * @property {string} cursor a CSS cursor
 * @property {number} [dims] how many numbers codes have at least where the tool has an effect
 * @property {boolean} [overWalk] whether a press on a handle of the walk is the tool's, too
 * @property {(plot: Plot, shared: Shared, px: number, py: number) => Drag|null} press
 * @property {(shared: Shared, at: [number, number]) => void} [click] what a click on a handle of the walk does
 * @property {(plot: Plot, shared: Shared, px: number, py: number) => void} [doubleClick]
 * @property {(plot: Plot, shared: Shared, at: [number, number]) => void} [enter] what the Enter key does at a place
 * @property {(plot: Plot, shared: Shared, direction: [number, number]) => void} [arrow] what an arrow key does, to the right and
 *   down; by default it moves the cross
 */

/** @type {Tool[]} */
export const TOOLS = [decode, pan, turn, box, lasso, path];

/** Returns the tool of a state. @param {{tool: string}} state @returns {Tool} */
export function toolOf({ tool }) {
  return TOOLS.find(({ name }) => name === tool) ?? decode;
}
