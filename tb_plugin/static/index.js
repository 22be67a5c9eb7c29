/** The tab, as TensorBoard loads it: the page, and when it is built anew. */

import * as api from "./api.js";
import { App } from "./app.js";
import { display, planeChoice, runList, toolBar } from "./controls.js";
import { button, h } from "./dom.js";
import { card, decoded, selected } from "./inspector.js";
import { legend } from "./legend.js";
import { prepare } from "./points.js";
import * as tensorboard from "./tensorboard.js";
import { timeBar } from "./time.js";
import { walks } from "./walks.js";

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
  document.documentElement.lang = "en";
  document.title = "Latent";
  const style = h("link", { rel: "stylesheet", href: new URL("./style.css", import.meta.url).href });
  const styled = new Promise((resolve) => style.addEventListener("load", resolve));
  document.head.append(h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }), style);
  const listing = api.runs();
  listing.catch(() => {});
  prepare();

  const stage = h("div", { className: "stage" });
  const app = new App(stage);
  /** @type {HTMLElement|null} made while the points are on their way */
  let page = null;
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
        if (page) page.hidden = true;
        return tell(
          h("h2", {}, "No latent space was logged here"),
          h("p", {}, "A writer of your own model logs one:"),
          h("pre", {}, HOW),
          h("p", {}, "This page looks again whenever TensorBoard reloads its data."),
          again(),
        );
      }
      app.setListing(runs, omitted);
      if (!page) document.body.append((page = build(app)));
      page.hidden = false;
      tell();
      app.tell("runs");
      app.resized();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      tell(h("p", { role: "alert" }, message), again());
    }
  };
  const soon = setTimeout(tell, LOADING_MS, "Loading …");
  await styled;
  tensorboard.onTheme((dark) => app.setTheme(dark));
  await Promise.allSettled([listing]);
  clearTimeout(soon);
  await take(listing);
  tensorboard.onReload(() => take(api.runs()));
}

/** The page about the panels. @param {App} app */
function build(app) {
  const { strip, section: walk } = walks(app);
  const { element: point, spoken } = card(app);
  return h(
    "main",
    {},
    h(
      "aside",
      { className: "left", "aria-label": "What is shown" },
      runList(app),
      planeChoice(app),
      display(app),
      legend(app),
    ),
    h("div", { className: "middle" }, toolBar(app), app.stage, strip, timeBar(app)),
    h("aside", { className: "right", "aria-label": "Details" }, decoded(app), walk, selected(app)),
    h("p", { id: "plot-help", className: "spoken" }, HELP),
    spoken,
    point,
  );
}
