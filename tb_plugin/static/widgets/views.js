/** Saved views: what the tab showed, under names. The address keeps them, and so does a page that is one file. */

import { button, h } from "../lib/dom.js";
import { fromAddress, MAX_VIEW_NAME, MAX_VIEWS, toAddress } from "../lib/state.js";
import { TOOLS } from "../plot/tools.js";

/** Returns the list of the saved views. @param {import("../core/app.js").App} app */
export function savedViews(app) {
  const { state } = app;
  const name = h("input", {
    type: "text",
    maxLength: MAX_VIEW_NAME,
    placeholder: "name of this view",
    "aria-label": "Name of this view",
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && save(),
  });
  const add = button("save", "Save what is shown as a view", () => save());
  const list = h("div", { className: "views", role: "group", "aria-label": "Saved views" });
  const element = h(
    "section",
    { "aria-label": "Views" },
    h("h3", {}, "Views"),
    h("div", { className: "row" }, name, add),
    list,
  );

  const save = () => {
    const { views } = state.now;
    const given = name.value.trim();
    let number = views.length + 1;
    while (!given && views.some((view) => view.name === `view ${number}`)) number++;
    const view = { name: given || `view ${number}`, at: toAddress({ ...state.now, views: [] }) };
    const at = views.findIndex((one) => one.name === view.name);
    if (at < 0 && views.length >= MAX_VIEWS) return;
    state.set({ views: at < 0 ? [...views, view] : views.with(at, view) });
    name.value = "";
  };
  /** @param {Record<string, string>} at */
  const open = (at) => {
    const { views, spaces } = state.now;
    const saved = fromAddress(
      at,
      TOOLS.map((tool) => tool.name),
    );
    // A page that is one file may hold fewer runs.
    const there = saved.spaces.filter(({ run, tag }) => app.listing[run]?.[tag]);
    app.player.play("walk", false);
    state.set({ ...saved, spaces: there.length ? there : spaces, views });
  };
  app.on(["listing", "views"], () => {
    const { views } = state.now;
    name.placeholder = views.length < MAX_VIEWS ? "name of this view" : `a name below: there are ${MAX_VIEWS}`;
    list.replaceChildren(
      ...views.map((view) => {
        const remove = () => state.set({ views: state.now.views.filter((one) => one.name !== view.name) });
        return h(
          "div",
          {},
          button(view.name, `Open the view ${view.name}`, () => open(view.at), { className: "name" }),
          button("×", `Remove the view ${view.name}`, remove, { className: "icon" }),
        );
      }),
    );
  });
  return element;
}
