/** Handles the mouse, fingers and keys on a plot, for all tools. */

import { dragHandle } from "./handles.js";
import { handleAt } from "./overlay.js";
import { toolOf, TOOLS } from "./tools.js";
import { pan as panTool } from "./tools/pan.js";
import { pan, toPlane, toScreen, zoom } from "../lib/view.js";

/** @typedef {import("./plot.js").Plot} Plot */
/** @typedef {import("./plot.js").Shared} Shared */

const STEP = 12; // pixels that an arrow key moves the cross
const ZOOM = 1.25;

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {Plot} plot @param {Shared} shared */
export function listen(plot, shared) {
  const { element } = plot;
  const { state, camera, course, look } = shared;
  /** @type {Map<number, [number, number]>} the pointers that are down */
  const down = new Map();
  /** @type {import("./tools.js").Drag|null} */
  let drag = null;

  /** @param {{clientX: number, clientY: number}} event @returns {[number, number]} */
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  /** @param {number} px @param {number} py */
  const handle = (px, py) => course.shown && handleAt(course.shown, camera.view, plot.size, px, py);

  element.addEventListener("pointerdown", (event) => {
    const [px, py] = at(event);
    down.set(event.pointerId, [px, py]);
    shared.session.set({ pressed: true });
    element.setPointerCapture(event.pointerId);
    drag?.end?.();
    drag = null;
    if (down.size > 1) return; // two fingers zoom
    const tool = toolOf(state.now);
    const taken = tool.overWalk ? null : handle(px, py);
    if (event.button === 1 || event.shiftKey) drag = panTool.press(plot, shared, px, py);
    else if (event.button !== 0) return;
    else if (course.shown && taken !== null) drag = dragHandle(plot, shared, course.shown, taken, px, py);
    else drag = tool.press(plot, shared, px, py);
    // While the mouse drags, the card of a point would be in the way.
    if (drag && event.pointerType === "mouse") hover(plot, shared, -1, px, py);
    if (event.pointerType !== "mouse") hover(plot, shared, plot.pick(px, py), px, py);
  });

  element.addEventListener("pointermove", (event) => {
    const [px, py] = at(event);
    const old = down.get(event.pointerId);
    if (old && down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, position]) => position);
      const factor =
        Math.hypot(px - other[0], py - other[1]) / Math.max(1, Math.hypot(old[0] - other[0], old[1] - other[1]));
      const middle = [(px + other[0]) / 2, (py + other[1]) / 2];
      const moved = pan(camera.view, plot.size, (px - old[0]) / 2, (py - old[1]) / 2);
      look(zoom(moved, plot.size, middle[0], middle[1], factor));
    } else if (drag) drag.move(px, py);
    else if (!old) {
      hover(plot, shared, plot.pick(px, py), px, py);
      const over = toolOf(state.now).overWalk ? null : handle(px, py);
      element.dataset.handle = over === null ? "" : over === "rim" ? "rim" : "move";
    }
    if (old) down.set(event.pointerId, [px, py]);
  });

  /** @param {PointerEvent} event */
  const up = (event) => {
    down.delete(event.pointerId);
    drag?.end?.();
    drag = null;
    shared.session.set({ pressed: down.size > 0 });
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !drag) hover(plot, shared, -1, 0, 0);
  });

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
      look(zoom(camera.view, plot.size, ...at(event), factor));
    },
    { passive: false },
  );

  element.addEventListener("dblclick", (event) => toolOf(state.now).doubleClick?.(plot, shared, ...at(event)));

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key(event.key, event.shiftKey, plot, shared)) event.preventDefault();
  });
}

/**
 * Notes the point at a place of the plot.
 * @param {Plot} plot @param {Shared} shared @param {number} index -1: none @param {number} px @param {number} py
 */
function hover({ element }, { session }, index, px, py) {
  session.set({ pointed: { plot: element, px, py }, hovered: index });
}

/**
 * Handles a key. The help of the plot lists the keys. Returns whether the key has an effect.
 * @param {string} name @param {boolean} shift @param {Plot} plot @param {Shared} shared
 */
function key(name, shift, plot, shared) {
  const { state, session, camera, player, look } = shared;
  const { size } = plot;
  const arrow = ARROWS[name];
  const tool = TOOLS.find((one) => one.key === name);
  const probe = state.now.probe ?? [camera.view.x, camera.view.y];
  const [x, y] = toScreen(camera.view, size, ...probe);
  if (arrow && shift) look(pan(camera.view, size, -4 * STEP * arrow[0], -4 * STEP * arrow[1]));
  else if (arrow && toolOf(state.now).arrow) toolOf(state.now).arrow?.(plot, shared, arrow);
  else if (arrow) {
    const [px, py] = [
      Math.min(Math.max(x + STEP * arrow[0], 0), size.width),
      Math.min(Math.max(y + STEP * arrow[1], 0), size.height),
    ];
    session.set({ anchor: -1 });
    state.set({ probe: toPlane(camera.view, size, px, py) });
    hover(plot, shared, plot.pick(px, py), px, py);
  } else if (tool) state.set({ tool: tool.name });
  else if (name === "+" || name === "=") look(zoom(camera.view, size, x, y, ZOOM));
  else if (name === "-") look(zoom(camera.view, size, x, y, 1 / ZOOM));
  else if (name === "0") state.set({ view: null });
  else if (name === "," || name === "[") player.goOn(-1);
  else if (name === "." || name === "]") player.goOn(1);
  else if (name === "s") session.set({ pointed: { plot: plot.element, px: x, py: y }, told: session.now.told + 1 });
  else if (name === "e") session.set({ padded: session.now.padded + 1 });
  else if (name === " ") player.toggle("walk");
  else if (name === "Enter") toolOf(state.now).enter?.(plot, shared, probe);
  else if (name === "Escape") {
    session.set({ outline: null, selection: null });
    state.set({ probe: null });
  } else return false;
  return true;
}
