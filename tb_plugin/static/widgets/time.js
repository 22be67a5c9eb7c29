/** The slider over the kept steps. It moves points, decoder and walk together. */

import { button, h, numberField } from "../lib/dom.js";
import { trainingFilm } from "./training_film.js";

/** Returns the bar with the slider. @param {import("../core/app.js").App} app */
export function timeBar(app) {
  const { state } = app;
  const play = button("▶", "Play the steps", () => app.player.toggle("time"), {
    className: "icon",
  });
  const back = button("‹", "Previous step (key ,)", () => app.player.goOn(-1), { className: "icon" });
  const on = button("›", "Next step (key .)", () => app.player.goOn(1), { className: "icon" });
  const slider = h("input", {
    type: "range",
    min: "0",
    step: "1",
    "aria-label": "Step",
    oninput: () => {
      app.player.play("time", false);
      state.set({ step: app.steps[slider.valueAsNumber] });
    },
  });
  const field = numberField("Step; the last kept step up to it is shown", { step: 1, width: "6.5em" }, (step) =>
    state.set({ step: Math.round(step) }),
  );
  const kept = h("span", { className: "note" });
  const element = h(
    "div",
    { className: "time", role: "group", "aria-label": "Time" },
    play,
    back,
    slider,
    on,
    h("label", {}, "step ", field.element),
    kept,
    trainingFilm(app),
  );

  app.on(["step", "spaces", "listing", "playing", "data"], () => {
    const { steps, panels } = app;
    const { step } = state.now;
    const at =
      step === null
        ? steps.length - 1
        : Math.max(
            0,
            steps.findLastIndex((s) => s <= step),
          );
    slider.max = String(Math.max(0, steps.length - 1));
    slider.value = String(at);
    slider.disabled = play.disabled = back.disabled = on.disabled = steps.length < 2;
    slider.setAttribute("aria-valuetext", steps.length ? `step ${steps[at]}` : "no step");
    if (steps.length) field.show(steps[at]);
    const playing = app.session.now.playing.time;
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Pause" : "Play the steps");
    kept.textContent = panels.length
      ? panels
          .map((panel) => {
            const { kept: k, logged } = panel.space.info;
            return logged === null ? `${k} steps kept` : `${k} of ${logged} steps kept`;
          })
          .filter((text, i, all) => all.indexOf(text) === i)
          .join(" · ")
      : "";
  });
  return element;
}
