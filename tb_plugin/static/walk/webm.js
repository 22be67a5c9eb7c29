/** Videos of small pictures, recorded by the browser while they are drawn, in the time that they take. */

import { toCanvas } from "../lib/picture.js";

const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const BITS_PER_PIXEL = 2; // of each frame: sharp edges

/** The format that the browser records; undefined: it records none. */
export const format =
  "MediaRecorder" in globalThis && "captureStream" in HTMLCanvasElement.prototype
    ? TYPES.find((type) => MediaRecorder.isTypeSupported(type))
    : undefined;

/**
 * Returns a WebM of frames. It takes as long as it lasts.
 * @param {Uint8ClampedArray[]} frames RGBA, width * height pixels each
 * @param {number} width @param {number} height @param {number} enlarged how many times as wide and high the video is
 * @param {number} ms of each frame
 * @returns {Promise<Blob>}
 */
export async function video(frames, width, height, enlarged, ms) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * enlarged, height * enlarged];
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  c.imageSmoothingEnabled = false;
  const stream = canvas.captureStream(0); // a frame when it is asked for
  const [track] = /** @type {CanvasCaptureMediaStreamTrack[]} */ (stream.getVideoTracks());
  const videoBitsPerSecond = Math.round((BITS_PER_PIXEL * canvas.width * canvas.height * 1000) / ms);
  const recorder = new MediaRecorder(stream, { mimeType: format, videoBitsPerSecond });
  /** @type {Blob[]} */
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const stopped = new Promise((resolve, reject) => {
    recorder.addEventListener("stop", resolve);
    recorder.addEventListener("error", () => reject(new Error("The browser could not record the video.")));
  });
  /** @param {Uint8ClampedArray} frame */
  const show = (frame) => {
    c.drawImage(toCanvas(frame, width, height), 0, 0, canvas.width, canvas.height);
    track.requestFrame();
  };
  const started = new Promise((resolve) => recorder.addEventListener("start", resolve));
  recorder.start();
  show(frames[0]); // with it the recorder starts
  await started;
  const start = performance.now();
  // The last frame is there twice, because it lasts until the next one.
  for (const [i, frame] of [...frames, frames[frames.length - 1]].entries()) {
    show(frame);
    await new Promise((resolve) => setTimeout(resolve, start + (i + 1) * ms - performance.now()));
  }
  recorder.stop();
  await stopped;
  track.stop();
  return new Blob(parts, { type: "video/webm" });
}
