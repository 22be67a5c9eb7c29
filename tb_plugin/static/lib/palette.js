/** Colors of classes and of errors. Each is a table of 256, so that both renderers look a color up by a byte. */

/** The color modes, by their names in the address, with the words for them in the page. */
export const COLOR_MODES = /** @type {const} */ ({ label: "label", error: "error", none: "nothing" });

/** @typedef {keyof typeof COLOR_MODES} ColorMode */

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

/** Stops of cividis: J. Nuñez, C. Anderton, R. Renslow, PLOS ONE 13(7), 2018. The color-blind see the same order. */
const ERRORS = [
  "#00224e",
  "#123570",
  "#3b496c",
  "#575d6d",
  "#707173",
  "#8a8678",
  "#a59c74",
  "#c3b369",
  "#e1cc55",
  "#fee838",
];

/** How many shapes the renderers draw; class i has shape i % SHAPES. */
export const SHAPES = 10;

/** The index of a point without a class. */
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

/** The colors of errors, the lowest first, as a CSS gradient. */
export const errorGradient = `linear-gradient(to right, ${ERRORS.join(", ")})`;

/**
 * Returns the table of the colors, uint8 [256, 4].
 * @param {ColorMode} by
 * @param {boolean} dark
 */
export function table(by, dark) {
  const colors = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    let color;
    if (by === "error") {
      const at = (i / 255) * (ERRORS.length - 1);
      const [low, high] = [rgb(ERRORS[Math.floor(at)]), rgb(ERRORS[Math.ceil(at)])];
      color = low.map((value, c) => value + (high[c] - value) * (at % 1));
    } else {
      color = rgb(by === "label" ? classColor(i, dark) : dark ? "#5aa9f2" : "#1f6fb8");
    }
    colors.set([...color.map(Math.round), 255], i * 4);
  }
  return colors;
}
