/** The tab, as TensorBoard loads it: the page, and when it is built anew. */

import * as api from "./api.js";
import { App } from "./app.js";
import { display, planeChoice, runList, toolBar } from "./controls.js";
import { button, h } from "./dom.js";
import { card, decoded, selected } from "./inspector.js";
import { legend } from "./legend.js";
import { GLPoints } from "./points_gl.js";
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

/** Called by TensorBoard once the page is there. */
export async function render() {
  document.documentElement.lang = "en";
  document.title = "Latent";
  const style = h("link", { rel: "stylesheet", href: new URL("./style.css", import.meta.url).href });
  const styled = new Promise((resolve) => style.addEventListener("load", resolve));
  document.head.append(h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }), style);
  const listing = api.runs(); // under way while the page is built
  listing.catch(() => {});
  await styled;

  const stage = h("div", { className: "stage" });
  const app = new App(stage);
  const { strip, section: walk } = walks(app);
  const { element: point, spoken } = card(app);
  const notice = h("div", { className: "notice", role: "status" }, "Loading …");
  const page = h(
    "main",
    { className: "waiting" }, // laid out already, not seen
    h(
      "aside",
      { className: "left", "aria-label": "What is shown" },
      runList(app),
      planeChoice(app),
      display(app),
      legend(app),
    ),
    h("div", { className: "middle" }, toolBar(app), stage, strip, timeBar(app)),
    h("aside", { className: "right", "aria-label": "Details" }, decoded(app), walk, selected(app)),
    h("p", { id: "plot-help", className: "spoken" }, HELP),
    spoken,
    point,
  );
  document.body.append(notice, page);
  tensorboard.onTheme((dark) => app.setTheme(dark));
  GLPoints.create(h("canvas"), () => {})?.close(); // the driver starts and compiles meanwhile

  /** @param {...(Node|string)} content */
  const tell = (...content) => {
    notice.replaceChildren(...content);
    notice.hidden = !content.length;
  };
  /** @param {ReturnType<typeof api.runs>} answer */
  const take = async (answer) => {
    try {
      const { listing: runs, omitted } = await answer;
      if (!Object.keys(runs).length) {
        page.hidden = true;
        return tell(
          h("h2", {}, "No latent space was logged here"),
          h("p", {}, "A writer of your own model logs one:"),
          h("pre", {}, HOW),
          h("p", {}, "This page looks again whenever TensorBoard reloads its data."),
          again(),
        );
      }
      page.hidden = false;
      page.classList.remove("waiting");
      tell();
      app.setListing(runs, omitted);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      tell(h("p", { role: "alert" }, message), again());
    }
  };
  const again = () => button("try again", "Ask TensorBoard again", () => take(api.runs()));
  tensorboard.onReload(() => take(api.runs()));
  await take(listing);
}
