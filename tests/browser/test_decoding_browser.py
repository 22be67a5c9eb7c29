"""Decoding outside the page: by a worker under TensorBoard's security policy, or in slices without one."""

import base64

import numpy as np
import pytest
from helpers.pages import until
from playwright.sync_api import Error

from tb_plugin.decoder import Decoder
from tb_plugin.layers import conv2d, dense, reshape, upsample

random = np.random.default_rng(0)
DECODER = Decoder(
    4,
    [
        dense(random.normal(size=(4, 784)) / 2),
        "tanh",
        reshape((14, 14, 4)),
        upsample(2),
        conv2d(random.normal(size=(5, 5, 4, 8)) / 10),
        "relu",
        conv2d(random.normal(size=(5, 5, 8, 1)) / 9),
    ],
)
CODES = random.normal(size=(150, 4)).astype(np.float32)  # 118 million multiplications: many slices

START = """async ([blob, codes]) => {
  const { Decoding } = await import("./decode/decoding.js");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const text = (array) => btoa(Array.from(new Uint8Array(array.buffer), (b) => String.fromCharCode(b)).join(""));
  globalThis.start = () => {
    const decoding = new Decoding(bytes(blob));
    decoding.here = 0;  // slices that the page itself decodes
    const decode = decoding.decoder.decode.bind(decoding.decoder);
    decoding.decoder.decode = (...given) => (decoding.here++, decode(...given));
    return decoding;
  };
  globalThis.all = new Float32Array(bytes(codes));
  globalThis.few = all.slice(0, 8);
  const late = () => new Promise((_, reject) => setTimeout(() => reject(new Error("no answer came")), 20000));
  globalThis.pictures = async (decoding, codes = all, signal) =>
    text(await Promise.race([decoding.decode(codes, codes.length / 4, signal), late()]));
  /** Until the worker does all of it. */
  globalThis.byWorker = async (decoding) => {
    for (const end = Date.now() + 20000; Date.now() < end;) {
      decoding.here = 0;
      const made = await pictures(decoding);
      if (!decoding.here) return made;
    }
    throw new Error("no worker came");
  };
  globalThis.decoding = start();
}"""


@pytest.fixture
def plugin_page(page, tensorboard, small_logdir):
    """Opens the plugin's own page with its security policy, but without the tab."""
    page.route(
        "**/index.js", lambda route: route.fulfill(body="export function render() {}", content_type="text/javascript")
    )

    def opened():
        board = tensorboard(small_logdir, "--load_fast=true")
        page.goto(board.url + "data/plugin_entry.html?name=latent")
        page.evaluate(START, [base64.b64encode(data).decode() for data in (DECODER.to_blob(), CODES.tobytes())])
        return page

    return opened


def check(text, codes=CODES):
    pictures = np.frombuffer(base64.b64decode(text), np.float32)
    np.testing.assert_allclose(pictures.reshape(-1, 28, 28, 1), DECODER(codes), rtol=1e-5, atol=1e-5)


def test_a_worker_decodes(plugin_page):
    page = plugin_page()
    check(page.evaluate("byWorker(decoding)"))
    # little work is done at once
    made, here = page.evaluate("pictures(decoding, few).then((made) => [made, decoding.here])")
    check(made, CODES[:2])
    assert here == 1
    check(page.evaluate("(globalThis.other = start(), Promise.all([byWorker(other), byWorker(decoding)]))")[0])
    workers = [worker for worker in page.workers if worker.url.endswith("decode_worker.js")]
    assert 1 <= len(workers) <= max(1, page.evaluate("navigator.hardwareConcurrency") - 1)  # for both of them


@pytest.mark.slow
def test_several_workers_share_the_work_and_hand_over_their_parts(plugin_page, page):
    page.add_init_script("Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => 4 })")
    plugin_page()
    made, parts = page.evaluate("""async () => {
      await byWorker(decoding);
      decoding.ms = 5;  // so it starts all of them
      const parts = [];
      const made = new Float32Array(all.length / 4 * 784);
      const take = (start, part) => (parts.push(part.length / 784), made.set(part, start * 784));
      await decoding.decode(all, all.length / 4, undefined, take);
      return [btoa(Array.from(new Uint8Array(made.buffer), (b) => String.fromCharCode(b)).join("")), parts];
    }""")
    check(made)
    assert sum(parts) == len(CODES)
    assert len(parts) > 3
    # They may come up after the work is done.
    until(page, lambda: len([worker for worker in page.workers if worker.url.endswith("decode_worker.js")]) == 3)


@pytest.mark.slow
def test_the_page_goes_on_while_a_worker_decodes(plugin_page):
    """Work for a second, and the page is free within it."""
    page = plugin_page()
    page.evaluate("byWorker(decoding)")
    ticks = page.evaluate("""async () => {
      let [ticks, running] = [0, true];
      const tick = () => running && (ticks++, setTimeout(tick));
      tick();
      await Promise.all(Array.from({ length: 20 }, () => decoding.decode(all, all.length / 4)));
      running = false;
      return ticks;
    }""")
    assert ticks > 10


@pytest.mark.slow
def test_long_work_waits_while_the_user_drags_and_a_single_picture_does_not(plugin_page):
    page = plugin_page()
    page.evaluate("byWorker(decoding)")
    parts, alone, after = page.evaluate("""async () => {
      const { pool } = await import("./decode/pool.js");
      let parts = 0;
      pool.hold(true);
      const work = decoding.decode(all, all.length / 4, undefined, () => parts++);
      const alone = await decoding.decode(all.slice(0, 4), 1);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const held = parts;
      pool.hold(false);
      await work;
      return [held, alone.length, parts];
    }""")
    assert (parts, alone) == (0, 784)
    assert after > 3


ABORT = """async () => {
  const controller = new AbortController();
  const work = decoding.decode(all, all.length / 4, controller.signal);
  decoding.here = 0;
  await new Promise((resolve) => setTimeout(resolve));
  controller.abort();
  const outcome = await work.then(() => "done", (error) => error.name);
  const here = decoding.here;
  await rest();
  return [outcome, decoding.here - here];
}"""


@pytest.mark.slow
@pytest.mark.parametrize("worker", [True, False])
def test_work_that_is_no_longer_wanted_is_given_up(plugin_page, page, problems, worker):
    if not worker:
        forbid_workers(page)
    plugin_page()
    if worker:
        page.evaluate("byWorker(decoding)")
    outcome, later = page.evaluate(ABORT)
    assert outcome == "AbortError"
    assert later <= 1  # the other slice that was on its way
    with pytest.raises(Error, match="AbortError"):
        page.evaluate("pictures(decoding, few, AbortSignal.abort())")
    check(page.evaluate("pictures(decoding)"))
    page.evaluate("(globalThis.work = pictures(decoding).catch((error) => error.name), decoding.close())")
    assert page.evaluate("work") == "AbortError"
    with pytest.raises(Error, match="AbortError: The decoder was closed"):
        page.evaluate("pictures(decoding)")
    check(page.evaluate("pictures(start())"))


def forbid_workers(page):
    page.add_init_script("globalThis.Worker = class { constructor() { throw new DOMException('', 'SecurityError'); } }")


@pytest.mark.slow
def test_without_a_worker_the_page_decodes_in_slices(plugin_page, page):
    forbid_workers(page)
    plugin_page()
    made, here = page.evaluate("pictures(decoding).then((made) => [made, decoding.here])")
    check(made)
    assert here > 3
    assert not page.workers


@pytest.mark.slow
@pytest.mark.parametrize("body", ["not javascript", "postMessage({ready: true}); onmessage = () => { throw 1; }"])
def test_a_worker_that_breaks_is_done_without(plugin_page, page, body):
    page.route("**/decode_worker.js", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    plugin_page()
    for _ in range(3):
        check(page.evaluate("pictures(decoding)"))
        page.evaluate("rest()")  # the error of the worker has come
    made, here = page.evaluate("((decoding.here = 0), pictures(decoding).then((made) => [made, decoding.here]))")
    check(made)
    assert here > 3
