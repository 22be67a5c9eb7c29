/** Texts that are drawn: cut or broken to the room that there is. */

/** @type {CanvasRenderingContext2D|undefined} */
let ruler;

/** Returns the width of a text in CSS pixels. @param {string} text @param {string} font */
export function widthOf(text, font) {
  ruler ??= /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  if (ruler.font !== font) ruler.font = font;
  return ruler.measureText(text).width;
}

/**
 * Returns a text and its end, of which the text is cut to the room that there is.
 * @param {string} text @param {string} end @param {string} font @param {number} room CSS pixels
 */
export function cut(text, end, font, room) {
  let length = text.length;
  const made = () => (length < text.length ? `${text.slice(0, length)}…${end}` : text + end);
  while (length > 1 && widthOf(made(), font) > room) length--;
  return made();
}

/**
 * Returns a text in lines that fit, broken between words where that is possible. The last line is cut.
 * @param {string} text @param {string} font @param {number} room CSS pixels @param {number} most lines
 */
export function broken(text, font, room, most) {
  const lines = [];
  let rest = text;
  while (rest && lines.length < most) {
    let length = rest.length;
    while (length > 1 && widthOf(rest.slice(0, length), font) > room) length--;
    if (length < rest.length) length = rest.lastIndexOf(" ", length) + 1 || length;
    lines.push(rest.slice(0, length).trimEnd());
    rest = rest.slice(length);
  }
  return rest ? lines.with(-1, cut(`${lines[most - 1]} ${rest}`, "", font, room)) : lines;
}
