"""How long the grid of decoded pictures takes in the tab, for three decoders of public shapes: figures, not verdicts.

Chromium at 1280 x 720. The time begins when the decoder has arrived. `first` is the first look at the grid, `all` the
last. `frame` is the longest frame while the probe is dragged over the plot and the grid is decoded.

With BASELINE=FOLDER, the `tb_plugin/static` of another checkout, its scripts take turns with the present ones.
Run by `tox -e bench`.
"""

import functools
import math
import os
import statistics
from pathlib import Path

import numpy as np
import pytest
from helpers.chromium import CHROMIUM, launched
from helpers.latent import TensorBoard

from tb_plugin.decoder import Decoder
from tb_plugin.layers import conv2d_transpose, dense, reshape, scale
from tb_plugin.server.bundle import bundle
from tb_plugin.server.static_files import SCRIPTS
from tb_plugin.summary import LatentWriter

ROUNDS = int(os.environ.get("ROUNDS", 3))
random = np.random.default_rng(0)


def up(size, depth, width, stride=2, crop=(1, 1)):
    """A transposed convolution of random weights."""
    kernel = random.normal(size=(size, size, depth, width)) * math.sqrt(2 * stride**2 / (size**2 * depth))
    return conv2d_transpose(kernel, None, stride, [list(crop)] * 2)


def full(*shape):
    return dense(random.normal(size=shape) / math.sqrt(shape[0]))


def dcgan():
    """The generator of PyTorch's example, 100 numbers to 64 x 64 x 3, on a plane: 104 million multiplications."""
    chain = [full(2, 100), reshape((1, 1, 100)), up(4, 100, 512, 1, (0, 0)), scale(np.ones(512)), "relu"]
    for depth, width in ((512, 256), (256, 128), (128, 64)):
        chain += [up(4, depth, width), scale(np.ones(width)), "relu"]
    return Decoder(2, [*chain, up(4, 64, 3), "tanh", scale(0.5, 0.5)])


def small_vae():
    """Two numbers to 64 x 64 x 3: 9 million multiplications."""
    chain = [full(2, 256), "relu", full(256, 1024), "relu", reshape((4, 4, 64))]
    for depth, width in ((64, 64), (64, 32), (32, 32)):
        chain += [up(4, depth, width), "relu"]
    return Decoder(2, [*chain, up(4, 32, 3), "sigmoid"])


def wide_mnist():
    """16 numbers to 28 x 28, on a plane, as in a library of autoencoders: 134 million multiplications."""
    chain = [
        full(2, 16),
        full(16, 16384),
        reshape((4, 4, 1024)),
        up(3, 1024, 512),
        "relu",
        up(3, 512, 256, 2, (1, 0)),
        "relu",
    ]
    return Decoder(2, [*chain, up(3, 256, 1, 2, (1, 0)), "sigmoid"])


def port():
    """The decoder of the port vandenburg, 2-50-50-784."""
    return Decoder(2, [full(2, 50), "tanh", full(50, 50), "tanh", full(50, 784), "sigmoid", reshape((28, 28))])


DECODERS = {"DCGAN": dcgan, "small VAE": small_vae, "wide MNIST": wide_mnist, "vandenburg": port}

NOTES = """{
  window.looks = [];
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    put.apply(this, given);
    if (this.canvas.classList?.contains('manifold')) window.looks.push(performance.now());
  };
  window.frames_ = [];
  const frame = (now) => { window.frames_.push(performance.now()); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""
BEGAN = """Math.max(
  ...performance.getEntriesByType('resource').filter((e) => e.name.includes('/decoder?')).map((e) => e.responseEnd))"""
DRAG = """async ([x, y]) => {
  const element = document.querySelector('.plot');
  const send = (type, k) => element.dispatchEvent(new PointerEvent(type, {
    clientX: x + 3 * k, clientY: y + 2 * k, buttons: 1, button: 0, bubbles: true, pointerId: 1, pointerType: 'mouse'}));
  element.setPointerCapture = () => {};
  send('pointerdown', 0);
  window.frames_ = [];
  for (let k = 0; k < 60; k++) {
    send('pointermove', k);
    await new Promise(requestAnimationFrame);
  }
  const gaps = window.frames_.slice(1).map((at, i) => at - window.frames_[i]).sort((a, b) => a - b);
  send('pointerup', 60);
  return [gaps[Math.floor(0.95 * gaps.length)], gaps.at(-1)];
}"""


def fulfill(text, route):
    route.fulfill(body=text, content_type="text/javascript")


def open_tab(browser, board, scripts, drag):
    """Opens the tab with the grid. Returns milliseconds to the first look at it and to the last, or of the frames."""
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        context.add_init_script(NOTES)
        page = context.new_page()
        for name, text in scripts.items():
            answer = functools.partial(fulfill, text)
            page.route(f"**/plugin/latent/{name}", answer)
        page.goto(f"{board.url}data/plugin_entry.html?name=latent")
        page.wait_for_function("window.looks?.length || 0" if not drag else f"{BEGAN} > 0", timeout=240_000)
        if drag:
            page.wait_for_timeout(200)
            return page.evaluate(DRAG, [300, 200])
        count = 0
        while count < (count := page.evaluate("window.looks.length")):
            page.wait_for_timeout(4000)
        return page.evaluate(f"[looks[0] - {BEGAN}, looks.at(-1) - {BEGAN}]")


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", DECODERS)
def test_the_grid(tmp_path, name, capsys):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    decoder = DECODERS[name]()
    codes = random.normal(size=(500, decoder.dims)).astype(np.float32)
    with LatentWriter(str(tmp_path / "run")) as writer:
        writer.add("codes", 0, codes, labels=np.arange(500) % 10, decoder=decoder)
    kinds = {"now": {}}
    if "BASELINE" in os.environ:
        kinds["baseline"] = {name: bundle(Path(os.environ["BASELINE"]) / name) for name in SCRIPTS}
    board = TensorBoard(tmp_path, "--load_fast=true")
    board.until(lambda runs: runs)
    results = {kind: [] for kind in kinds}
    with playwright.sync_playwright() as p, launched(p) as browser:
        for _ in range(ROUNDS):
            for kind, scripts in kinds.items():
                grid = open_tab(browser, board, scripts, drag=False)
                results[kind].append((*grid, *open_tab(browser, board, scripts, drag=True)))
    board.stop()
    with capsys.disabled():
        print(f"\n{name}, ms (medians of {ROUNDS}; lowest): first, all, 95th percentile of a frame, longest frame")
        for kind, measured in results.items():
            columns = list(zip(*measured))
            print(f"  {kind:<10}" + "".join(f"{statistics.median(c):9.0f} ({min(c):.0f})" for c in columns))
