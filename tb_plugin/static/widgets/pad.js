/** A pad to draw on, or to drop a picture on: where the encoder puts it at each step, and what the decoder makes of that. */

import { button, checkbox, h, short } from "../lib/dom.js";
import { centered, Ink, inkOf, resized } from "../lib/ink.js";
import { copy, put, rgba, toBytes } from "../lib/picture.js";
import { classAround } from "../lib/surroundings.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/panel.js").Panel} Panel */

const FINE = 4; // pixels of the pad for each of an image
const MOST_PIXELS = 512; // of a side of the pad
const PEN = 1.25 / 28; // its radius
const STEP = 1 / 28; // that an arrow key moves the pen
const NEAR = 12; // points that tell the class
const WAIT_MS = 150; // while the drawing changes, the points nearest to it are not asked for

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Returns the section of the pad, for latent spaces with an encoder. @param {App} app */
export function pad(app) {
  const { state, session } = app;
  const canvas = h("canvas", {
    tabIndex: 0,
    role: "application",
    "aria-label": "Pad to draw on",
    "aria-describedby": "pad-help",
  });
  const pen = h("span", { className: "pen" });
  const help = h(
    "p",
    { id: "pad-help", className: "spoken" },
    "Arrow keys move the pen, with shift further. Space puts it down and lifts it. Escape clears the pad.",
  );
  const seen = h("canvas", { className: "preview", role: "img", "aria-label": "The drawing as the encoder gets it" });
  const figures = h("div");
  const text = h("p", { className: "hint", role: "status" });
  const file = h("input", { type: "file", accept: "image/*", hidden: true, onchange: () => take(file.files?.[0]) });
  const choose = button("picture …", "Choose a picture, or drop one on the pad", () => file.click());
  const clear = button("clear", "Clear the pad (Escape)", () => wipe());
  const go = button("take its code", "Decode this code; neighbors and all dimensions are then those of it", () => {
    const panel = first();
    const { code, place } = panel?.drawn ?? {};
    if (!code || !place) return;
    session.set({ anchor: -1 });
    state.set({ code: [...code], probe: place });
    app.look({ ...app.camera.view, x: place[0], y: place[1] });
  });
  const fit = checkbox("center and scale", true, () => changed());
  fit.element.title = "As MNIST's digits were: in a box of 20 of 28 pixels, the center of mass in the middle";
  const way = checkbox("its way through the steps", false, (on) => session.set({ way: on }));
  const surface = h("div", { className: "pad" }, canvas, pen);
  const element = h(
    "details",
    { "aria-label": "Draw", open: true, hidden: true },
    h("summary", {}, "Draw"),
    h(
      "div",
      { className: "now" },
      surface,
      h("div", {}, h("figure", {}, seen, h("figcaption", {}, "as encoded")), figures),
    ),
    h("div", { className: "row" }, clear, choose, go),
    h("div", { className: "checks" }, fit.element, way.element),
    text,
    help,
    file,
  );

  /** @type {import("../lib/ink.js").Shape|null} of the images */
  let shape = null;
  /** @type {Ink|null} */
  let ink = null;
  const at = { x: 0.5, y: 0.5, down: false };
  let said = ""; // of the pen

  const first = () => app.panels.find(({ space, frame }) => frame && space.has("encoder"));

  const wipe = () => {
    if (!shape) return;
    const [height, width, channels] = shape;
    const fine = Math.max(1, Math.min(FINE, Math.floor(MOST_PIXELS / Math.max(height, width))));
    ink = new Ink([fine * height, fine * width, channels]);
    at.down = false;
    changed();
  };
  /** The picture on the pad is another one. */
  const changed = () => {
    if (!shape || !ink) return;
    const [height, width] = shape;
    const [fineHeight, fineWidth] = ink.shape;
    put(canvas, rgba(toBytes(ink.values), ink.shape), fineWidth, fineHeight);
    surface.classList.toggle("empty", ink.empty);
    const values = (fit.input.checked ? centered : resized)(ink.values, ink.shape, height, width);
    put(seen, rgba(toBytes(values), shape), width, height);
    session.set({ drawing: ink.empty ? null : { values, shape } });
  };
  /** Moves the pen, and draws if it is down. @param {number} x @param {number} y */
  const move = (x, y) => {
    const [fromX, fromY] = [at.x, at.y];
    [at.x, at.y] = [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
    [pen.style.left, pen.style.top] = [`${100 * at.x}%`, `${100 * at.y}%`];
    if (!at.down) return;
    ink?.line(fromX, fromY, at.x, at.y, PEN);
    changed();
  };
  /** @param {boolean} down */
  const press = (down) => {
    at.down = down;
    pen.classList.toggle("down", down);
    if (down) move(at.x, at.y);
  };

  /** @param {PointerEvent} event */
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return /** @type {const} */ ([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  };
  /** @type {number|null} the finger or the mouse that draws */
  let drawing = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return;
    drawing = event.pointerId;
    canvas.setPointerCapture(drawing);
    at.down = false;
    move(...placeOf(event));
    press(true);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    // Between two frames a pointer moves several times.
    for (const one of event.getCoalescedEvents?.() ?? []) move(...placeOf(one));
    move(...placeOf(event));
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== drawing) return;
      drawing = null;
      press(false);
    });
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const far = event.shiftKey ? 4 : 1;
    if (arrow) move(at.x + far * STEP * arrow[0], at.y + far * STEP * arrow[1]);
    else if (event.key === " ") press(!at.down);
    else if (event.key === "Escape") wipe();
    else return;
    event.preventDefault();
    const place = (/** @type {number} */ share) => Math.round(share / STEP);
    said = `pen ${at.down ? "down" : "up"}, ${place(at.x)} across, ${place(at.y)} down`;
    show();
  });

  /** Takes a picture in place of the drawing. @param {Blob|undefined} blob */
  const take = async (blob) => {
    file.value = "";
    if (!blob || !shape) return;
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob);
    } catch {
      text.textContent = "This file is no picture that the browser can read.";
      return;
    }
    const scale = Math.min(1, MOST_PIXELS / Math.max(bitmap.width, bitmap.height));
    const [height, width] = [bitmap.height, bitmap.width].map((side) => Math.max(1, Math.round(scale * side)));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
      new OffscreenCanvas(width, height).getContext("2d")
    );
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const [, , channels] = shape;
    ink = squared(
      channels === 1 ? inkOf(data, height, width) : Float32Array.from(data, (byte) => byte / 255),
      [height, width, channels === 1 ? 1 : 4],
      shape,
    );
    at.down = false;
    changed();
  };
  for (const over of /** @type {const} */ (["dragenter", "dragover"]))
    element.addEventListener(over, (event) => {
      event.preventDefault();
      surface.classList.add("over");
    });
  element.addEventListener("dragleave", () => surface.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    surface.classList.remove("over");
    take(event.dataTransfer?.files[0]);
  });

  /** @type {{code: Float32Array|null, name: string}} the class around the code */
  let around = { code: null, name: "" };
  let asking = new AbortController();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let due;
  /** Asks which class the nearest points have, once the code rests. */
  const ask = () => {
    clearTimeout(due);
    asking.abort();
    const panel = first();
    const { code } = panel?.drawn ?? {};
    if (!panel?.frame?.labels || !code || code === around.code) return;
    const { signal } = (asking = new AbortController());
    due = setTimeout(async () => {
      try {
        const { indices } = await panel.space.neighbors(panel.drawn.step, "euclidean", code, signal);
        const found = classAround(panel.frame?.labels ?? null, indices.slice(0, NEAR));
        if (signal.aborted || !found) return;
        around = { code, name: `class ${found.name}, of ${found.count} of the ${indices.length} nearest points` };
        show();
      } catch {
        // the next code asks again
      }
    }, WAIT_MS);
  };
  const show = () => {
    const panel = first();
    const shown = app.panels.filter(({ drawn }) => drawn.picture);
    figures.replaceChildren(...shown.map((one) => reconstruction(one, app.panels.length > 1)));
    const { code, place, note } = panel?.drawn ?? {};
    go.disabled = !code;
    const where = place ? `at ${short(place[0])}, ${short(place[1])}` : "";
    const what = [where, note, code && code === around.code ? around.name : ""].filter(Boolean).join("; ");
    text.textContent = [
      what || (ink && !ink.empty ? "" : "Draw with the mouse, a finger or keys, or drop a picture."),
      said,
    ]
      .filter(Boolean)
      .join("; ");
  };
  app.on(["drawn", "drawing"], () => {
    show();
    ask();
  });
  app.on(["listing", "spaces", "data"], () => {
    const panel = app.panels.find(({ space }) => space.has("encoder"));
    const given = panel?.space.info.image_shape;
    element.hidden = !given;
    if (!given || String(given) === String(shape)) return;
    shape = [given[0], given[1], given[2]];
    fit.input.checked = given[2] === 1;
    canvas.style.aspectRatio = `${given[1]} / ${given[0]}`;
    wipe();
    show();
  });
  app.on(["padded"], () => {
    if (element.hidden) return;
    element.open = true;
    canvas.focus();
    canvas.scrollIntoView({ block: "nearest" });
  });
  app.on(["way"], () => (way.input.checked = session.now.way));
  return element;
}

/** Returns the figure of what a panel's decoder makes of the drawing. @param {Panel} panel @param {boolean} named */
function reconstruction({ drawn, space }, named) {
  const label = `Reconstruction by ${space.name}`;
  const canvas = h("canvas", { className: "preview", role: "img", "aria-label": label });
  copy(canvas, /** @type {HTMLCanvasElement} */ (drawn.picture));
  return h("figure", {}, canvas, h("figcaption", {}, named ? space.name : "reconstruction"));
}

/**
 * Returns a picture on a pad with the proportions of the images: room is added around it.
 * @param {Float32Array} values @param {import("../lib/ink.js").Shape} shape @param {import("../lib/ink.js").Shape} like
 */
function squared(values, [height, width, given], [likeHeight, likeWidth, channels]) {
  const unit = Math.max(height / likeHeight, width / likeWidth);
  const made = new Ink([Math.round(unit * likeHeight), Math.round(unit * likeWidth), channels]);
  const [down, across] = [(made.shape[0] - height) >> 1, (made.shape[1] - width) >> 1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        made.values[((down + y) * made.shape[1] + across + x) * channels + c] = values[(y * width + x) * given + c];
      }
    }
  }
  return made;
}
