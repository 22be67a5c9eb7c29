/** The slider over the logged steps: it moves points, decoder and walk together. */

import { button, h, numberField } from "../lib/dom.js";

/** @param {import("../core/app.js").App} app */
export function timeBar(app) {
  const { store } = app;
  const play = button("▶", "Play the steps", () => app.player.play("time", !app.player.playing.time), {
    className: "icon",
  });
  const back = button("‹", "Step before (key ,)", () => app.player.goOn(-1), { className: "icon" });
  const on = button("›", "Step after (key .)", () => app.player.goOn(1), { className: "icon" });
  const slider = h("input", {
    type: "range",
    min: "0",
    step: "1",
    "aria-label": "Step",
    oninput: () => {
      app.player.play("time", false);
      store.set({ step: app.steps[slider.valueAsNumber] });
    },
  });
  const field = numberField("Step; the last kept one until then is shown", { step: 1, width: "6.5em" }, (step) =>
    store.set({ step: Math.round(step) }),
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
  );

  app.on(["step", "spaces", "runs", "playing", "data"], () => {
    const { steps, panels } = app;
    const { step } = store.state;
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
    play.textContent = app.player.playing.time ? "❚❚" : "▶";
    play.setAttribute("aria-label", app.player.playing.time ? "Pause" : "Play the steps");
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
