/** What the mouse, a finger and the keys do on a plot. */

import { handleAt } from "./overlay.js";
import { MAX_CORNERS } from "../lib/state.js";
import { pan, toPlane, toScreen, zoom } from "../lib/view.js";

/** @typedef {import("../core/app.js").App} App */
/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("../lib/state.js").Walk} Walk */

/** What a drag does with each move, and at its end. @typedef {{move: (x: number, y: number) => void, end?: () => void}} Drag */

const STEP = 12; // pixels that an arrow key moves
const ZOOM = 1.25;

/** @param {Panel} panel @param {App} app */
export function listen(panel, app) {
  const { plot } = panel;
  const { store } = app;
  /** @type {Map<number, [number, number]>} the pointers that are down */
  const down = new Map();
  /** @type {Drag|null} */
  let drag = null;

  /** @param {{clientX: number, clientY: number}} event @returns {[number, number]} */
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  /** @param {number} px @param {number} py @returns {[number, number]} */
  const place = (px, py) => toPlane(app.camera.view, panel.size, px, py);

  /** @param {number} px @param {number} py @returns {Drag} */
  const panning = (px, py) => {
    let [x, y] = [px, py];
    app.setDragging(true);
    return {
      move: (nx, ny) => {
        app.look(pan(app.camera.view, panel.size, nx - x, ny - y));
        [x, y] = [nx, ny];
      },
      end: () => app.setDragging(false),
    };
  };

  /** @param {Walk} walk @param {"center"|"rim"|number} handle @param {number} px @param {number} py @returns {Drag} */
  const walking = (walk, handle, px, py) => {
    const start = place(px, py);
    let moved = false;
    return {
      move: (nx, ny) => {
        moved ||= Math.hypot(nx - px, ny - py) > 3;
        if (!moved) return;
        const [x, y] = place(nx, ny);
        if (walk.kind === "path") {
          store.set({ walk: { kind: "path", points: walk.points.map((p, i) => (i === handle ? [x, y] : p)) } });
        } else if (handle === "center") {
          store.set({ walk: { ...walk, x: walk.x + x - start[0], y: walk.y + y - start[1] } });
        } else {
          store.set({ walk: { ...walk, r: Math.hypot(x - walk.x, y - walk.y) } });
        }
      },
      end: () => {
        if (!moved && store.state.tool === "decode") store.set({ probe: start }); // a click, not a drag
      },
    };
  };

  /** @param {number} px @param {number} py @returns {Drag} */
  const decoding = (px, py) => {
    /** @param {number} x @param {number} y */
    const move = (x, y) => store.set({ probe: place(x, y) });
    move(px, py);
    return { move };
  };

  /** @param {"box"|"lasso"} tool @param {number} px @param {number} py @returns {Drag} */
  const selecting = (tool, px, py) => {
    const first = place(px, py);
    let moved = false;
    app.outline = { corners: [first], closed: true };
    return {
      move: (nx, ny) => {
        moved ||= Math.hypot(nx - px, ny - py) > 3;
        const corner = place(nx, ny);
        app.outline = {
          closed: true,
          corners: tool === "lasso" ? [...(app.outline?.corners ?? []), corner] : box(first, corner),
        };
        panel.redrawOver();
      },
      end: () => {
        const corners = app.outline?.corners ?? [];
        app.outline = null;
        app.select(moved ? inside(panel, corners) : null);
      },
    };
  };

  plot.addEventListener("pointerdown", (event) => {
    const [px, py] = at(event);
    down.set(event.pointerId, [px, py]);
    plot.setPointerCapture(event.pointerId);
    drag?.end?.();
    drag = null;
    if (down.size > 1) return; // two fingers zoom
    const { tool } = store.state;
    const handle = app.walk && handleAt(app.walk, app.camera.view, panel.size, px, py);
    if (event.button === 1 || event.shiftKey) drag = panning(px, py);
    else if (event.button !== 0) return;
    else if (tool === "path") addCorner(app, place(px, py));
    else if (app.walk && handle !== null) drag = walking(app.walk, handle, px, py);
    else if (tool === "pan") drag = panning(px, py);
    else if (tool === "decode") drag = decoding(px, py);
    else drag = selecting(tool, px, py);
    if (drag && event.pointerType === "mouse") app.hover(-1, panel, px, py); // its card would be in the way
    if (event.pointerType !== "mouse") app.hover(panel.pick(px, py), panel, px, py);
  });

  plot.addEventListener("pointermove", (event) => {
    const [px, py] = at(event);
    const old = down.get(event.pointerId);
    if (old && down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, position]) => position);
      const factor =
        Math.hypot(px - other[0], py - other[1]) / Math.max(1, Math.hypot(old[0] - other[0], old[1] - other[1]));
      const middle = [(px + other[0]) / 2, (py + other[1]) / 2];
      const moved = pan(app.camera.view, panel.size, (px - old[0]) / 2, (py - old[1]) / 2);
      app.look(zoom(moved, panel.size, middle[0], middle[1], factor));
    } else if (drag) drag.move(px, py);
    else if (!old) {
      app.hover(panel.pick(px, py), panel, px, py);
      const handle = app.walk && handleAt(app.walk, app.camera.view, panel.size, px, py);
      plot.dataset.handle = handle === null || store.state.tool === "path" ? "" : handle === "rim" ? "rim" : "move";
    }
    if (old) down.set(event.pointerId, [px, py]);
  });

  /** @param {PointerEvent} event */
  const up = (event) => {
    down.delete(event.pointerId);
    drag?.end?.();
    drag = null;
  };
  plot.addEventListener("pointerup", up);
  plot.addEventListener("pointercancel", up);
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !drag) app.hover(-1, panel, 0, 0);
  });

  plot.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      app.look(
        zoom(
          app.camera.view,
          panel.size,
          ...at(event),
          Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)),
        ),
      );
    },
    { passive: false },
  );

  plot.addEventListener("dblclick", (event) => {
    if (store.state.tool === "path") app.finishPath();
    else if (store.state.tool !== "decode") app.look(zoom(app.camera.view, panel.size, ...at(event), 2));
  });

  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key(event.key, event.shiftKey, panel, app)) event.preventDefault();
  });
}

/**
 * What a key does; the help over the plot lists them.
 * @param {string} name @param {boolean} shift @param {Panel} panel @param {App} app
 * @returns {boolean} whether it does anything
 */
function key(name, shift, panel, app) {
  const { store, camera } = app;
  const { size } = panel;
  const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[name];
  const probe = store.state.probe ?? [camera.view.x, camera.view.y];
  const [x, y] = toScreen(camera.view, size, ...probe);
  if (arrow && shift) app.look(pan(camera.view, size, -4 * STEP * arrow[0], -4 * STEP * arrow[1]));
  else if (arrow) {
    const [px, py] = [
      Math.min(Math.max(x + STEP * arrow[0], 0), size.width),
      Math.min(Math.max(y + STEP * arrow[1], 0), size.height),
    ];
    store.set({ probe: toPlane(camera.view, size, px, py) });
    app.hover(panel.pick(px, py), panel, px, py);
  } else if (name === "+" || name === "=") app.look(zoom(camera.view, size, x, y, ZOOM));
  else if (name === "-") app.look(zoom(camera.view, size, x, y, 1 / ZOOM));
  else if (name === "0") store.set({ view: null });
  else if (name === "," || name === "[") app.player.goOn(-1);
  else if (name === "." || name === "]") app.player.goOn(1);
  else if (name === " ") app.player.play("walk", !app.player.playing.walk);
  else if (name === "Enter") corner(panel, app, probe);
  else if (name === "Escape") {
    app.outline = null;
    app.select(null);
    store.set({ probe: null });
  } else return false;
  return true;
}

/**
 * Enter puts a corner where the probe is: of a path; of a box, which two complete; of a lasso, which a corner put
 * twice closes.
 * @param {Panel} panel @param {App} app @param {[number, number]} at
 */
function corner(panel, app, at) {
  const { tool } = app.store.state;
  if (tool === "path") addCorner(app, at);
  if (tool !== "box" && tool !== "lasso") return;
  const corners = app.outline?.corners ?? [];
  const last = corners[corners.length - 1];
  const twice = last && last[0] === at[0] && last[1] === at[1];
  if (tool === "box" ? corners.length && !twice : twice && corners.length > 2) {
    app.outline = null;
    app.select(inside(panel, tool === "box" ? box(corners[0], at) : corners));
  } else if (!twice) app.outline = { corners: [...corners, at], closed: true };
  panel.redrawOver();
}

/** @param {App} app @param {[number, number]} at */
function addCorner(app, at) {
  const corners = app.outline?.corners ?? [];
  const last = corners[corners.length - 1];
  if (corners.length === MAX_CORNERS || (last && last[0] === at[0] && last[1] === at[1])) return app.finishPath();
  app.outline = { corners: [...corners, at], closed: false };
  for (const panel of app.panels) panel.redrawOver();
  app.tell("walk");
}

/** @param {[number, number]} a @param {[number, number]} b @returns {[number, number][]} */
function box(a, b) {
  return [a, [b[0], a[1]], b, [a[0], b[1]]];
}

/** The points within an outline that the legend does not hide. @param {Panel} panel @param {[number, number][]} corners */
function inside(panel, corners) {
  return new Set(panel.frame?.grid.inside(corners).filter((index) => panel.marks[index] > 0));
}
