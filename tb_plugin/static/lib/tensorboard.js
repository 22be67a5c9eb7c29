/**
 * TensorBoard around the tab: its theme, its address bar, its reload button, and whether the tab is visible. A page that is
 * one file has its own address, and the theme of the system.
 */

import { page as alone } from "./page.js";

const PREFIX = "p.latent.";

/**
 * Returns TensorBoard's document, or null if the tab is in a page of another origin.
 * @returns {Document|null}
 */
function host() {
  if (alone) return document;
  try {
    return window.parent.document;
  } catch {
    return null;
  }
}

/**
 * Calls back with whether TensorBoard is dark, now and whenever that changes.
 * @param {(dark: boolean) => void} listener
 */
export function onTheme(listener) {
  if (alone) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", () => listener(system.matches));
    return listener(system.matches);
  }
  const body = host()?.body;
  const tell = () => listener(body?.classList.contains("dark-mode") ?? false);
  if (body) new MutationObserver(tell).observe(body, { attributeFilter: ["class"] });
  tell();
}

/**
 * Reads the tab's part of the address, where TensorBoard keeps the data of plugins: #latent&p.latent.key=value.
 * @returns {Record<string, string>}
 */
export function readAddress() {
  /** @type {Record<string, string>} */
  const data = {};
  for (const part of (host()?.location.hash ?? "").slice(1).split("&")) {
    const [key, value] = [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)];
    try {
      if (key.startsWith(PREFIX)) data[key.slice(PREFIX.length)] = decodeURIComponent(value);
    } catch {
      // not text; the state keeps its default
    }
  }
  return data;
}

/**
 * Writes the tab's part of the address and leaves the rest as it is.
 * @param {Record<string, string>} data
 */
export function writeAddress(data) {
  const page = host();
  if (!page || !(alone || /^#latent(&|$)/.test(page.location.hash))) return; // another tab is shown
  const others = (page.location.hash || "#latent")
    .slice(1)
    .split("&")
    .filter((part) => !part.startsWith(PREFIX));
  const ours = Object.entries(data).map(([key, value]) => `${PREFIX}${key}=${encodeURIComponent(value)}`);
  const hash = `#${[...others, ...ours].join("&")}`;
  if (hash === page.location.hash) return;
  try {
    page.defaultView?.history.replaceState(page.defaultView.history.state, "", hash);
  } catch {
    // a page in the srcdoc of an iframe has no address of its own
  }
}

/**
 * Calls back when somebody edits the address or follows a link to another state.
 * @param {() => void} listener
 */
export function onAddress(listener) {
  host()?.defaultView?.addEventListener("hashchange", listener);
}

/**
 * Calls back whenever TensorBoard reloads its data, by its button or on its own.
 *
 * TensorBoard does not reload this iframe. The messages are defined in tensorboard/components/experimental/plugin_lib.
 * @param {() => void} listener
 */
export function onReload(listener) {
  if (alone) return;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.isReply) return;
    port1.postMessage(JSON.stringify({ ...message, payload: null, error: null, isReply: true }));
    if (message.type === "experimental.DataReloaded") listener();
  };
  window.parent.postMessage("experimental.bootstrap", "*", [port2]);
}

/**
 * Calls back with whether the tab is visible, now and whenever that changes. TensorBoard keeps the iframe of a tab that
 * is not chosen, at height 0, and its animation frames go on.
 * @param {(seen: boolean) => void} listener
 */
export function onSeen(listener) {
  /** @type {boolean|null} */
  let last = null;
  const tell = () => {
    const seen = !document.hidden && window.innerHeight > 0;
    if (seen !== last) listener((last = seen));
  };
  document.addEventListener("visibilitychange", tell);
  window.addEventListener("resize", tell);
  tell();
}
