/** Videos, recorded by the browser while they are drawn, in the time that they take. */

import { toCanvas } from "./picture.js";

const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const BITS_PER_PIXEL = 2; // of each frame: sharp edges
const LAST_MS = 20;

/** The format that the browser records; undefined: it records none. */
export const format =
  "MediaRecorder" in globalThis && "captureStream" in HTMLCanvasElement.prototype
    ? TYPES.find((type) => MediaRecorder.isTypeSupported(type))
    : undefined;

/** A video of what is drawn on a canvas. */
export class Video {
  /** @param {HTMLCanvasElement} canvas @param {number} bits of a second */
  constructor(canvas, bits) {
    const stream = canvas.captureStream(0); // a frame when it is asked for
    const [track] = /** @type {CanvasCaptureMediaStreamTrack[]} */ (stream.getVideoTracks());
    this.track = track;
    const recorder = new MediaRecorder(stream, { mimeType: format, videoBitsPerSecond: Math.round(bits) });
    this.recorder = recorder;
    /** @type {Blob[]} */
    this.parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => this.parts.push(data));
    this.stopped = new Promise((resolve, reject) => {
      recorder.addEventListener("stop", resolve);
      recorder.addEventListener("error", () => reject(new Error("The browser could not record the video.")));
    });
    this.late = 0; // ms that the pictures have been shown too long
  }

  /** Records what the canvas shows for some ms. Until the next call no time goes by in the video. @param {number} ms */
  async show(ms) {
    const { recorder, track } = this;
    if (recorder.state === "inactive") {
      const started = new Promise((resolve) => recorder.addEventListener("start", resolve));
      recorder.start();
      track.requestFrame(); // with it the recorder starts
      await started;
    } else recorder.resume();
    track.requestFrame();
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, ms - this.late));
    recorder.pause();
    this.late += performance.now() - start - ms;
  }

  /** Returns the file. */
  async end() {
    if (this.recorder.state !== "inactive") {
      await this.show(LAST_MS); // once more: a picture lasts until the next one
      this.recorder.stop();
      await this.stopped;
    }
    this.track.stop();
    return new Blob(this.parts, { type: "video/webm" });
  }
}

/**
 * Returns a WebM of small pictures.
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
  const made = new Video(canvas, (BITS_PER_PIXEL * canvas.width * canvas.height * 1000) / ms);
  for (const frame of frames) {
    c.drawImage(toCanvas(frame, width, height), 0, 0, canvas.width, canvas.height);
    await made.show(ms);
  }
  return made.end();
}
