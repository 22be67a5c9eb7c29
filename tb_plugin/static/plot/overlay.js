/** Draws over the points: the walk with its handles, the probe, a ring around the hovered point, an outline. */

import { toScreen } from "../lib/view.js";
import { corners } from "../lib/walk.js";

/** @typedef {import("../lib/state.js").Walk} Walk */
/** @typedef {import("../lib/view.js").View} View */
/** @typedef {import("../lib/view.js").Size} Size */

/** The distance at which the pointer takes a handle, in pixels. */
const REACH = 12;

/**
 * Returns the handle of a walk under the pointer: its center, its rim, a corner, or null.
 * @param {Walk} walk @param {View} view @param {Size} size @param {number} px @param {number} py
 * @returns {"center"|"rim"|number|null} a number is the index of a corner
 */
export function handleAt(walk, view, size, px, py) {
  if (walk.kind === "circle") {
    const [cx, cy] = toScreen(view, size, walk.x, walk.y);
    const away = Math.hypot(px - cx, py - cy);
    if (away <= REACH) return "center";
    const rim = toScreen(view, size, walk.x + walk.r, walk.y)[0] - cx;
    return Math.abs(away - rim) <= REACH / 2 ? "rim" : null;
  }
  const corner = walk.points.findIndex(([x, y]) => {
    const [cx, cy] = toScreen(view, size, x, y);
    return Math.hypot(px - cx, py - cy) <= REACH;
  });
  return corner < 0 ? null : corner;
}

/**
 * Draws the walk, its handles and the place of a frame.
 * @param {CanvasRenderingContext2D} c @param {Walk} walk @param {ArrayLike<number>} places [frames, 2] @param {number} frame
 * @param {View} view @param {Size} size @param {{accent: string, paper: string}} colors
 */
export function drawWalk(c, walk, places, frame, view, size, { accent, paper }) {
  c.beginPath();
  if (walk.kind === "circle") {
    const [x, y] = toScreen(view, size, walk.x, walk.y);
    c.arc(x, y, toScreen(view, size, walk.x + walk.r, walk.y)[0] - x, 0, 7);
  } else {
    for (const [x, y] of corners(walk)) c.lineTo(...toScreen(view, size, x, y));
  }
  c.lineWidth = 4;
  c.strokeStyle = paper;
  c.stroke();
  c.lineWidth = 2;
  c.strokeStyle = accent;
  c.stroke();
  const handles =
    walk.kind === "circle"
      ? [
          [walk.x, walk.y],
          [walk.x + walk.r, walk.y],
        ]
      : walk.points;
  for (const [x, y] of handles) dot(c, ...toScreen(view, size, x, y), 5, paper, accent);
  dot(c, ...toScreen(view, size, places[2 * frame], places[2 * frame + 1]), 7, accent, paper);
}

/**
 * Draws the trails of points: from faint at the first step to full at the last.
 * @param {CanvasRenderingContext2D} c @param {[number, number][][]} trails @param {View} view @param {Size} size
 * @param {{text: string}} colors
 */
export function drawTrails(c, trails, view, size, { text }) {
  c.lineWidth = 1.5;
  c.strokeStyle = text;
  for (const places of trails) {
    for (let i = 1; i < places.length; i++) {
      c.globalAlpha = 0.15 + (0.6 * i) / (places.length - 1);
      c.beginPath();
      c.moveTo(...toScreen(view, size, ...places[i - 1]));
      c.lineTo(...toScreen(view, size, ...places[i]));
      c.stroke();
    }
  }
  c.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} radius
 * @param {string} fill @param {string} line
 */
function dot(c, x, y, radius, fill, line) {
  c.beginPath();
  c.arc(x, y, radius, 0, 7);
  c.fillStyle = fill;
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = line;
  c.stroke();
}

/**
 * Draws a cross at the probe and the decoded picture beside it.
 * @param {CanvasRenderingContext2D} c @param {number} x @param {number} y in pixels
 * @param {HTMLCanvasElement|null} picture @param {Size} size @param {{accent: string, paper: string}} colors
 */
export function drawProbe(c, x, y, picture, size, { accent, paper }) {
  for (const [width, color] of /** @type {[number, string][]} */ ([
    [5, paper],
    [2, accent],
  ])) {
    c.lineWidth = width;
    c.strokeStyle = color;
    c.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      c.moveTo(x + 4 * dx, y + 4 * dy);
      c.lineTo(x + 12 * dx, y + 12 * dy);
    }
    c.stroke();
  }
  if (!picture || x < 0 || y < 0 || x > size.width || y > size.height) return;
  const k = 72 / Math.max(picture.width, picture.height);
  const [w, h] = [picture.width * k, picture.height * k];
  const left = x + 20 + w > size.width ? x - 20 - w : x + 20;
  const top = Math.min(Math.max(y - h / 2, 3), size.height - h - 3);
  c.imageSmoothingEnabled = false;
  c.drawImage(picture, left, top, w, h);
  c.imageSmoothingEnabled = true;
  c.lineWidth = 2;
  c.strokeStyle = accent;
  c.strokeRect(left - 1, top - 1, w + 2, h + 2);
}

/**
 * Draws the cross of the drawing's code, which leans: the probe's stands. Its way through the steps ends there, or passes it.
 * @param {CanvasRenderingContext2D} c @param {[number, number]} place @param {[number, number][]} way
 * @param {View} view @param {Size} size @param {{text: string, paper: string}} colors
 */
export function drawDrawn(c, place, way, view, size, { text, paper }) {
  const dots = way.map((one) => toScreen(view, size, ...one));
  const [x, y] = toScreen(view, size, ...place);
  for (const [wider, color] of /** @type {[number, string][]} */ ([
    [3.5, paper],
    [0, text],
  ])) {
    c.strokeStyle = color;
    c.lineWidth = 1.5 + wider;
    c.beginPath();
    for (const dot of dots) c.lineTo(...dot);
    for (const [px, py] of dots) {
      c.moveTo(px + 2, py);
      c.arc(px, py, 2, 0, 7);
    }
    c.stroke();
    c.lineWidth = 3.5 + wider;
    c.beginPath();
    for (const side of [1, -1]) {
      c.moveTo(x - 9, y - 9 * side);
      c.lineTo(x + 9, y + 9 * side);
    }
    c.stroke();
  }
}

/**
 * Draws a ring around the hovered point.
 * @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} radius
 * @param {{text: string, paper: string}} colors
 */
export function drawHovered(c, x, y, radius, { text, paper }) {
  for (const [width, color] of /** @type {[number, string][]} */ ([
    [5, paper],
    [2, text],
  ])) {
    c.beginPath();
    c.arc(x, y, radius, 0, 7);
    c.lineWidth = width;
    c.strokeStyle = color;
    c.stroke();
  }
}

/**
 * Draws the outline of a selection or of a path that the user is drawing.
 * @param {CanvasRenderingContext2D} c @param {[number, number][]} corners in the plane @param {boolean} closed
 * @param {View} view @param {Size} size @param {{accent: string}} colors
 */
export function drawOutline(c, corners, closed, view, size, { accent }) {
  c.beginPath();
  for (const [x, y] of corners) c.lineTo(...toScreen(view, size, x, y));
  if (closed) {
    c.closePath();
    c.globalAlpha = 0.12;
    c.fillStyle = accent;
    c.fill();
    c.globalAlpha = 1;
  }
  c.setLineDash([5, 4]);
  c.lineWidth = 1.5;
  c.strokeStyle = accent;
  c.stroke();
  c.setLineDash([]);
}
