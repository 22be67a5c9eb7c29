/** Builds elements. Nothing here parses HTML: text stays text. */

/**
 * Returns a new element with properties and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props] properties; names with a dash, `role`, `for` and `list` become attributes,
 *   `on*` listeners
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.includes("-") || key === "role" || key === "for" || key === "list") element.setAttribute(key, value);
    else /** @type {any} */ (element)[key] = value;
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * Returns a push button. `label` is its name for screen readers and its tooltip.
 * @param {string} text
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {Record<string, any>} [props]
 */
export function button(text, label, onclick, props = {}) {
  return h("button", { type: "button", title: label, "aria-label": label, onclick, ...props }, text);
}

/**
 * Returns a check box with its text.
 * @param {string} text
 * @param {boolean} checked
 * @param {(checked: boolean) => void} onchange
 */
export function checkbox(text, checked, onchange) {
  const input = h("input", { type: "checkbox", checked, onchange: () => onchange(input.checked) });
  return { element: h("label", { className: "check" }, input, text), input };
}

/**
 * Returns a drop-down list.
 * @param {string} label
 * @param {[value: string, text: string][]} choices
 * @param {string} value
 * @param {(value: string) => void} onchange
 */
export function select(label, choices, value, onchange) {
  const element = h("select", { "aria-label": label, title: label, onchange: () => onchange(element.value) });
  element.append(...choices.map(([v, text]) => h("option", { value: v }, text)));
  element.value = value;
  return element;
}

/**
 * Returns a field for a number. It calls back with finite numbers within the bounds; else it shows the old value again.
 * @param {string} label
 * @param {{min?: number, max?: number, step?: number|"any", width?: string}} bounds
 * @param {(value: number) => void} onchange
 */
export function numberField(label, bounds, onchange) {
  let shown = "";
  const input = h("input", {
    type: "number",
    title: label,
    "aria-label": label,
    min: bounds.min ?? "",
    max: bounds.max ?? "",
    step: bounds.step ?? "any",
    onchange: () => {
      const value = input.valueAsNumber;
      const fits = Number.isFinite(value) && value >= (bounds.min ?? -Infinity) && value <= (bounds.max ?? Infinity);
      if (fits) onchange(value);
      else input.value = shown;
    },
  });
  if (bounds.width) input.style.width = bounds.width;
  /** @param {number} value */
  const show = (value) => {
    shown = short(value);
    if (document.activeElement !== input || input.value === "") input.value = shown;
  };
  return { element: input, show };
}

/**
 * Returns a number with at most five digits, and without more than three zeros before them.
 * @param {number} value
 */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  const rounded = Number(value.toPrecision(5));
  return rounded && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}

/** Returns a count and its noun, e.g. "2 points". @param {number} count @param {string} noun @param {string} [many] its plural */
export function plural(count, noun, many = `${noun}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : many}`;
}

/**
 * Gives a canvas the resolution of the screen and clears it. Returns its context, scaled to CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width in CSS pixels
 * @param {number} height
 */
export function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, hgt] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== hgt) [canvas.width, canvas.height] = [w, hgt];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
