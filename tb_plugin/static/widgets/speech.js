/** What a screen reader says of the plot: the place under the cross when it is asked for, and the classes along a walk. */

import { h } from "../lib/dom.js";
import { classAround, nearestPoints, told } from "../lib/surroundings.js";

/** Returns the element that is spoken. @param {import("../core/app.js").App} app */
export function speech(app) {
  const element = h("p", { className: "spoken", role: "status", "aria-live": "polite" });
  // The same text is said again: it ends in a space, or not.
  const say = (/** @type {string} */ text) => (element.textContent = element.textContent === text ? `${text} ` : text);
  app.on(["told"], () => {
    const { pointed } = app.session.now;
    const panel = app.panels.find(({ plot }) => plot.element === pointed?.plot) ?? app.panels[0];
    if (!panel?.frame) return;
    const { x, y } = app.camera.view;
    say(told(panel.frame, panel.plot.marks, panel.classes ?? panel.frame.labels, app.state.now.probe ?? [x, y]));
  });

  let last = "";
  app.on(["frame", "playing"], (topics) => {
    const panel = app.panels.find(({ frame }) => frame);
    const { places } = app.course;
    const { frame: at } = app.state.now;
    if (topics.has("playing") && app.session.now.playing.walk) last = ""; // its first class is said
    if (!panel?.frame || 2 * at >= places.length) return;
    const points = nearestPoints(panel.frame.xy, panel.plot.marks, places[2 * at], places[2 * at + 1]);
    const name = classAround(panel.classes, points)?.name ?? "";
    if (name && name !== last) say(`Walk, frame ${at + 1}: class ${name}.`);
    last = name;
  });
  return element;
}
