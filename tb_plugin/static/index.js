/** The tab, as TensorBoard loads it: builds the page and asks for the latent spaces. */

import * as api from "./data/api.js";
import { App } from "./core/app.js";
import { FIRST } from "./data/frames.js";
import { card } from "./widgets/card.js";
import { display, planeChoice, runList, toolBar } from "./widgets/controls.js";
import { decoded } from "./widgets/decoded.js";
import { dimensions } from "./widgets/dimensions.js";
import { button, h } from "./lib/dom.js";
import { legend } from "./widgets/legend.js";
import { missingNote } from "./widgets/missing.js";
import { moved } from "./widgets/moved.js";
import { neighbors } from "./widgets/neighbors.js";
import { pad } from "./widgets/pad.js";
import { prepare } from "./plot/points.js";
import { searchField } from "./widgets/search.js";
import { selected } from "./widgets/selection.js";
import { TOOLS } from "./plot/tools.js";
import * as tensorboard from "./lib/tensorboard.js";
import { savedViews } from "./widgets/views.js";
import { speech } from "./widgets/speech.js";
import { timeBar } from "./widgets/time.js";
import { welcome } from "./widgets/welcome.js";
import { walks } from "./walk/walks.js";
// @ts-expect-error TypeScript knows of no style sheets
import sheet from "./style.css" with { type: "css" };

const HELP =
  "Arrow keys move the place that is decoded, or turn the plane; with shift they move the view. Plus and minus zoom, 0 shows all points. " +
  "Comma and period change the step, space plays the walk, s says what is under the cross, e goes to the pad to draw on. Enter adds a corner of a box, a lasso or a path, Escape clears. " +
  `Keys choose a tool: ${TOOLS.map(({ key, name }) => `${key} ${name}`).join(", ")}.`;

const HOW = `from tb_plugin.summary import LatentWriter

with LatentWriter("runs/mine") as writer:
    writer.add("codes", step, codes, labels=labels,
               images=images, decoder=decoder)`;

const LOADING_MS = 200; // until the page says that it waits

/** Builds the tab. TensorBoard calls this once the page is there. */
export async function render() {
  // An empty address shows the first latent space: its points need not wait for the list.
  const early = Object.keys(tensorboard.readAddress()).length
    ? null
    : api.points({ labels: 1, plane: "auto", first: FIRST }).catch(() => null);
  const listing = api.runs();
  listing.catch(() => {});
  document.documentElement.lang = "en";
  document.title ||= "Latent";
  document.head.append(h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }));
  document.adoptedStyleSheets = [sheet];
  prepare();

  const stage = h("div", { className: "stage" });
  const app = new App(stage, Promise.resolve(early));
  const page = build(app);
  const notice = h("div", { className: "notice", role: "status", hidden: true });
  document.body.append(notice);
  /** @param {...(Node|string)} content */
  const tell = (...content) => {
    notice.replaceChildren(...content);
    notice.hidden = !content.length;
  };
  const again = () => button("try again", "Ask TensorBoard again", () => take(api.runs()));
  /** @param {ReturnType<typeof api.runs>} answer */
  const take = async (answer) => {
    try {
      const { listing: runs, omitted } = await answer;
      if (!Object.keys(runs).length) {
        page.remove();
        return tell(
          h("h2", {}, "No latent space was logged here"),
          h("p", {}, "A writer of your own model logs one:"),
          h("pre", {}, HOW),
          h("p", {}, "This page looks again whenever TensorBoard reloads its data."),
          again(),
        );
      }
      app.setListing(runs, omitted);
      if (!page.isConnected) document.body.append(page);
      tell();
      app.tell("listing");
      app.resized();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      tell(h("p", { role: "alert" }, message), again());
    }
  };
  const soon = setTimeout(tell, LOADING_MS, "Loading …");
  await Promise.allSettled([listing]);
  clearTimeout(soon);
  await take(listing);
  tensorboard.onReload(() => take(api.runs()));
}

/**
 * Returns the page. At first it has the places of its parts; the parts follow after the first picture.
 * @param {App} app
 */
function build(app) {
  const left = h("aside", { className: "left", "aria-label": "Controls" });
  const right = h("aside", { className: "right", "aria-label": "Details" });
  const [tools, time] = [h("div", { className: "tools" }), h("div", { className: "time" })];
  const { strip, section: walk } = walks(app);
  const help = h("p", { id: "plot-help", className: "spoken" }, HELP);
  const main = h("main", {}, left, h("div", { className: "middle" }, tools, app.stage, strip, time), right, help);
  const fill = () => {
    const { element: point, spoken } = card(app);
    tools.before(missingNote(app));
    tools.replaceWith(toolBar(app));
    time.replaceWith(timeBar(app));
    left.append(runList(app), planeChoice(app), display(app), searchField(app), legend(app), savedViews(app));
    right.append(
      welcome(app),
      decoded(app),
      pad(app),
      dimensions(app),
      neighbors(app),
      moved(app),
      walk,
      selected(app),
    );
    main.append(spoken, speech(app), point);
    app.tell("listing", "data");
  };
  let due = true;
  app.on(["data"], () => {
    if (due) requestAnimationFrame(() => setTimeout(fill)); // after the frame with the points
    due = false;
  });
  return main;
}
