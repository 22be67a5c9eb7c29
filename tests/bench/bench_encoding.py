"""How long the tab takes for the code of a drawing, with encoders of the five ports' shapes: figures, and a limit.

In Chromium with a real TensorBoard. `fetched` is from the request to the blob, `first` from there to the first code, as
at each new step of a run; `next` is the median of 100 more codes, as at each move of the pen. `first` and `next`
together stay under 16 ms, a frame of a screen of 60 Hz. Run by `tox -e bench`.
"""

import statistics

import numpy as np
import pytest
from helpers.chromium import CHROMIUM, launched
from helpers.latent import TensorBoard

from tb_plugin import digits
from tb_plugin.encoder import Encoder
from tb_plugin.layers import conv2d, dense, flatten, max_pool, reshape
from tb_plugin.summary import LatentWriter

ROUNDS = 9
random = np.random.default_rng(0)


def full(*shape):
    return dense(random.normal(size=shape) / np.sqrt(shape[0]), random.normal(size=shape[1]))


ENCODERS = {
    "vandenburg": [full(784, 50), "tanh", full(50, 50), "tanh", full(50, 2)],
    "kajuvonen": [full(784, 500), full(500, 100)],
    "smith": [full(784, 784), "relu", full(784, 256), "relu", full(256, 128), "relu"],
    "mathybit_dense": [full(784, 250), "relu", full(250, 16), "tanh"],
    "mathybit_conv": [
        reshape((28, 28, 1)),
        *(conv2d(random.normal(size=(5, 5, 1, 4)) / 5), "relu", max_pool(2)),
        *(conv2d(random.normal(size=(5, 5, 4, 8)) / 10), "relu", max_pool(2), flatten()),
        *(full(392, 150), "relu", full(150, 16), "tanh"),
    ],
}
MEASURE = """async ([run, pixels]) => {
  const { Decoding } = await import("./decode/decoding.js");
  const values = Float32Array.from(pixels);
  const began = performance.now();
  const blob = await (await fetch(`./encoder?run=${run}&tag=codes&step=0`)).arrayBuffer();
  const fetched = performance.now();
  const encoding = new Decoding(blob);
  const code = encoding.decodeNow(values, 1);
  const first = performance.now();
  const times = [];
  for (let k = 0; k < 100; k++) {
    const now = performance.now();
    for (let i = 0; i < 10; i++) encoding.decodeNow(values, 1);
    times.push((performance.now() - now) / 10);
  }
  times.sort((a, b) => a - b);
  return [[...code], fetched - began, first - fetched, times[50]];
}"""


@pytest.mark.timeout(600)
def test_the_code_of_a_drawing(tmp_path, capsys):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    images, _ = digits.draw(20)
    encoders = {name: Encoder(784, chain) for name, chain in ENCODERS.items()}
    for name, encoder in encoders.items():
        with LatentWriter(str(tmp_path / name)) as writer:
            writer.add("codes", 0, encoder(images), images=images, encoder=encoder)
    board = TensorBoard(tmp_path, "--load_fast=true")
    board.until(lambda runs: len(runs) == len(encoders))
    lines = []
    with playwright.sync_playwright() as p, launched(p) as browser:
        page = browser.new_page()
        page.goto(board.url + "data/plugin/latent/index.js")
        for name, encoder in encoders.items():
            rounds = [page.evaluate(MEASURE, [name, images[0].ravel().tolist()]) for _ in range(ROUNDS)]
            np.testing.assert_allclose(rounds[0][0], encoder(images[:1])[0], rtol=1e-4, atol=1e-4)
            fetched, first, again = (statistics.median(column) for column in list(zip(*rounds))[1:])
            lines.append(f"{name:<16}{encoder.weights:>9,}{fetched:9.1f}{first:9.1f}{again:9.2f}")
            assert first + again < 16, lines[-1]
    board.stop()
    with capsys.disabled():
        print(f"\n{'':<16}{'weights':>9}  fetched    first     next   ms, medians of {ROUNDS}")
        print("\n".join(lines))
