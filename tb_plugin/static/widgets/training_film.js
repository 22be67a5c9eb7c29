/** Saves the training as a film of the plots: GIF or WebM. */

import { filmed } from "../core/filming.js";
import { button, h } from "../lib/dom.js";
import { download } from "../lib/download.js";
import { GrowingGIF } from "../lib/gif.js";
import { format, Video } from "../lib/webm.js";
import { copyPoints } from "../plot/paint.js";
import { picture, pictureSize } from "./plot_picture.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("../core/filming.js").Shot} Shot */

/** A file that grows by what is on a canvas. @typedef {{add: (shot: Shot) => Promise<void>, end: () => Promise<Blob>}} Film */

const MOST = 1_000_000; // pixels of a picture: a larger one is made smaller
const BITS = 8_000_000; // of a second of video

/** Returns the buttons, in whose place the progress is while a film is made. @param {App} app */
export function trainingFilm(app) {
  const progress = h("progress", { "aria-label": "Steps that are filmed" });
  let cancelled = new AbortController();
  const cancel = button("cancel", "End the film without a file", () => cancelled.abort());
  const making = h("span", { hidden: true }, progress, cancel);
  /** @param {string} kind @param {string} what @param {(canvas: HTMLCanvasElement) => Film} begin */
  const save = (kind, what, begin) => {
    const made = button(kind, `Save the training as ${what}`, async () => {
      cancelled = new AbortController();
      [progress.max, progress.value] = [app.steps.length, 0];
      show(true);
      cancel.focus();
      try {
        const { canvas, paint } = sheet(app);
        const film = begin(canvas);
        for await (const shot of filmed(app, cancelled.signal)) {
          paint();
          await film.add(shot);
          if (shot.still) progress.value = shot.number + 1;
        }
        const file = await film.end();
        const name = app.panels.map(({ space }) => `${space.id.run}_${space.id.tag}`).join("_");
        if (progress.value === progress.max) download(file, `${name}_training`, kind.toLowerCase());
      } catch (error) {
        app.panels[0].say(/** @type {Error} */ (error).message, true);
      }
      const focused = document.activeElement === cancel;
      show(false);
      if (focused) made.focus();
    });
    return made;
  };
  const saves = [save("GIF", "an animation", animation)];
  if (format) saves.push(save("WebM", "a video, which takes longer than it plays", recording));
  /** @param {boolean} on */
  const show = (on) => {
    making.hidden = !on;
    for (const one of saves) one.hidden = on;
  };
  app.on(["listing", "spaces", "data"], () => {
    for (const one of saves) one.disabled = app.steps.length < 2;
  });
  return h("span", { className: "film" }, ...saves, making);
}

/** Returns a canvas, and a function that paints the plots on it as they are drawn now. @param {App} app */
function sheet(app) {
  const { width, height } = pictureSize(app);
  const scale = Math.min(1, Math.sqrt(MOST / (width * height)));
  const canvas = h("canvas", { width: Math.floor(scale * width), height: Math.floor(scale * height) });
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  c.scale(scale, scale);
  return { canvas, paint: () => picture(c, app, copyPoints) };
}

/** @param {HTMLCanvasElement} canvas @returns {Film} */
function animation(canvas) {
  const { width, height } = canvas;
  const gif = new GrowingGIF(width, height);
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  return {
    add: ({ ms, still }) => gif.add(c.getImageData(0, 0, width, height).data, ms, still),
    end: async () => gif.end(),
  };
}

/** @param {HTMLCanvasElement} canvas @returns {Film} */
function recording(canvas) {
  const video = new Video(canvas, BITS);
  return {
    add: ({ ms }) => video.show(ms),
    end: () => video.end(),
  };
}
