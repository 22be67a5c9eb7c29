/** The buttons that save the latent spaces that are shown as one file, and their points as a table. */

import * as api from "../data/api.js";
import { button, h } from "../lib/dom.js";
import { download } from "../lib/download.js";
import { page, viewsElement } from "../lib/page.js";
import { toAddress } from "../lib/state.js";
import { pointsCSV } from "./points_csv.js";

/** Returns the buttons. A page that is one file has only the second. @param {import("../core/app.js").App} app */
export function savePage(app) {
  const message = h("p", { className: "hint", role: "status" });
  const save = button("save as one file", "Save what is shown as a page that needs no server", async () => {
    const { spaces } = app.state.now;
    save.disabled = true;
    message.textContent = "The page is being made …";
    try {
      const { views } = toAddress(app.state.now);
      const html = await api.savedPage(spaces);
      download(new Blob(views ? [html, viewsElement(views)] : [html]), spaces.map(({ run }) => run).join("_"), "html");
      message.textContent = "";
    } catch (error) {
      message.textContent = /** @type {Error} */ (error).message;
    }
    save.disabled = false;
  });
  save.hidden = page !== null;
  const points = pointsCSV(app, "points as CSV", "Save all points as a table", () => null);
  return h("div", { className: "row" }, save, points, message);
}
