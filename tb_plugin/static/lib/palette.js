/** Colors of classes and of numbers. Each is a table of 256, so that both renderers look a color up by a byte. */

/** The color modes, by their names in the address, with the words for them in the page. Columns are others. */
export const COLOR_MODES = /** @type {const} */ ({
  label: "label",
  error: "error",
  moved: "neighbors kept",
  none: "nothing",
});

const COLUMN = "column:";

/** Returns the color mode that shows a column. @param {string} name */
export const byColumn = (name) => COLUMN + name;

/** Returns the column that a color mode shows, or null. @param {string} color */
export const columnOf = (color) => (color.startsWith(COLUMN) ? color.slice(COLUMN.length) : null);

/** Ten colors that color-blind people can tell apart: M. Petroff, arXiv:2107.02270. */
const CLASSES = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#92dadd",
];

/** Ten for dark paper, found by search: as far apart in all kinds of color blindness, with a contrast of 3 or more. */
const CLASSES_DARK = [
  "#85a7e6",
  "#eca346",
  "#df3e0d",
  "#b5aca9",
  "#9c49fd",
  "#987466",
  "#fff306",
  "#d8fed8",
  "#6c7a94",
  "#5ceff8",
];

/**
 * Stops of viridis (N. Smith, S. van der Walt, CC0), whose colors are equally far apart for the eye. The part of it that is
 * seen on white, and the part that is seen on dark paper.
 */
const SCALE = [
  "#440154",
  "#482173",
  "#433e85",
  "#38588c",
  "#2d708e",
  "#25858e",
  "#1e9b8a",
  "#2cb17e",
  "#52c569",
  "#86d549",
];
const SCALE_DARK = [
  "#355f8d",
  "#2c728e",
  "#25858e",
  "#1f988b",
  "#25ab82",
  "#3fbc73",
  "#67cc5c",
  "#98d83e",
  "#cde11d",
  "#fde725",
];

/** How many shapes the renderers draw; class i has shape i % SHAPES. */
export const SHAPES = 10;

/** The index of a point without a class or a number. */
export const NO_CLASS = 255;

/** @param {string} hex */
function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/**
 * Returns the color of a class.
 * @param {number} index of the class, or NO_CLASS
 * @param {boolean} dark
 */
export function classColor(index, dark) {
  if (index === NO_CLASS) return dark ? "#9e9e9e" : "#616161";
  const colors = dark ? CLASSES_DARK : CLASSES;
  return colors[index % colors.length];
}

/** Returns the colors of numbers, the lowest first, as a CSS gradient. @param {boolean} dark */
export const gradient = (dark) => `linear-gradient(to right, ${(dark ? SCALE_DARK : SCALE).join(", ")})`;

/**
 * Returns the table of the colors, uint8 [256, 4]. Its last one is for points without a class or a number.
 * @param {"classes"|"scale"|"none"} of
 * @param {boolean} dark
 */
export function table(of, dark) {
  const colors = new Uint8Array(256 * 4);
  const stops = dark ? SCALE_DARK : SCALE;
  for (let i = 0; i < 256; i++) {
    let color = rgb(of === "none" && i !== NO_CLASS ? (dark ? "#5aa9f2" : "#1f6fb8") : classColor(i, dark));
    if (of === "scale" && i !== NO_CLASS) {
      const at = (i / (NO_CLASS - 1)) * (stops.length - 1);
      const [low, high] = [rgb(stops[Math.floor(at)]), rgb(stops[Math.ceil(at)])];
      color = low.map((value, c) => value + (high[c] - value) * (at % 1));
    }
    colors.set([...color.map(Math.round), 255], i * 4);
  }
  return colors;
}
