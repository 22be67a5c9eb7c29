/** The tab, as TensorBoard loads it: the page, and when it is built anew. */

import * as api from "./data/api.js";
import { App } from "./core/app.js";
import { display, planeChoice, runList, toolBar } from "./widgets/controls.js";
import { button, h } from "./lib/dom.js";
import { card, decoded, selected } from "./widgets/inspector.js";
import { legend } from "./widgets/legend.js";
import { prepare } from "./plot/points.js";
import * as tensorboard from "./lib/tensorboard.js";
import { timeBar } from "./widgets/time.js";
import { walks } from "./walk/walks.js";
// @ts-expect-error TypeScript knows of no style sheets
import sheet from "./style.css" with { type: "css" };

const HELP =
  "Arrow keys move the place that is decoded, with shift the view; plus and minus zoom, 0 shows all points; comma and " +
  "full stop change the step; space plays the walk; Enter puts a corner of a box, a lasso or a path; Escape clears.";

const HOW = `from tb_plugin.summary import LatentWriter

with LatentWriter("runs/mine") as writer:
    writer.add("codes", step, codes, labels=labels,
               images=images, decoder=decoder)`;

const LOADING_MS = 200; // until one is told to wait

/** Called by TensorBoard once the page is there. */
export async function render() {
  // Where the address asks for nothing else, that is what will be shown: its points need not wait for the list.
  const early = Object.keys(tensorboard.readAddress()).length ? null : api.points({ labels: 1 }).catch(() => null);
  const listing = api.runs();
  listing.catch(() => {});
  document.documentElement.lang = "en";
  document.title = "Latent";
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
      app.tell("runs");
      app.resized();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      tell(h("p", { role: "alert" }, message), again());
    }
  };
  const soon = setTimeout(tell, LOADING_MS, "Loading …");
  tensorboard.onTheme((dark) => app.setTheme(dark));
  await Promise.allSettled([listing]);
  clearTimeout(soon);
  await take(listing);
  tensorboard.onReload(() => take(api.runs()));
}

/**
 * The page about the panels: at first their places alone, what stands around them after the first picture.
 * @param {App} app
 */
function build(app) {
  const left = h("aside", { className: "left", "aria-label": "What is shown" });
  const right = h("aside", { className: "right", "aria-label": "Details" });
  const [tools, time] = [h("div", { className: "tools" }), h("div", { className: "time" })];
  const { strip, section: walk } = walks(app);
  const help = h("p", { id: "plot-help", className: "spoken" }, HELP);
  const main = h("main", {}, left, h("div", { className: "middle" }, tools, app.stage, strip, time), right, help);
  const fill = () => {
    const { element: point, spoken } = card(app);
    tools.replaceWith(toolBar(app));
    time.replaceWith(timeBar(app));
    left.append(runList(app), planeChoice(app), display(app), legend(app));
    right.append(decoded(app), walk, selected(app));
    main.append(spoken, point);
    app.tell("runs", "data");
  };
  let due = true;
  app.on(["data"], () => {
    if (due) requestAnimationFrame(() => setTimeout(fill)); // the frame with the points is through
    due = false;
  });
  return main;
}
