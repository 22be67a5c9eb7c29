"""The pictures of the Latent tab in docs/images: `python tests/browser/screenshots.py --logdir runs`.

The log folder holds three runs:

    legacy-ports run vandenburg --name linear --logdir runs
    legacy-ports run vandenburg --readout relu --name relu --logdir runs
    legacy-ports run mathybit_dense --name default --logdir runs
"""

import argparse
import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from sklearn.manifold import TSNE

sys.path.append(str(Path(__file__).parents[1]))
from helpers.chromium import launched
from helpers.latent import TensorBoard
from helpers.pages import Problems, watched_page
from helpers.tab import Tab

from tb_plugin import demo, digits, read
from tb_plugin.decoder import Decoder
from tb_plugin.layers import clamp, dense, reshape
from tb_plugin.summary import LatentWriter

LINEAR, RELU, DEEP = (["vandenburg/linear", "codes"], ["vandenburg/relu", "codes"], ["mathybit_dense/default", "codes"])
COLUMNS, SPECTRA = ["digits", "principal components"], ["spectra", "mixtures"]
TOUR, SIDE = ["pca-16", "digits"], "tour:3;0.86,0.15,0.49;-0.3,0.92,0.25;-0.41,-0.36,0.84"
MAP = ["mapped", "digits"]
MANY = ["many", "codes"]
IMAGES = Path(__file__).parents[2] / "docs" / "images"
PREVIEW = "[aria-label=Walk] .preview"
WIDTH = 960  # of the animation
KNOWN = "try { localStorage.setItem('latent tab: welcome', 'seen') } catch {}"  # no hint for newcomers


def hover(page, tab, x, y):
    page.mouse.move(*tab.at(x, y))
    tab.locate(".card dt", has_text="error").wait_for()


def shot(page, tab, name, last=PREVIEW):
    tab.locate(last).first.wait_for()
    tab.rest()
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(IMAGES / f"{name}.png", optimize=True)
    print(IMAGES / f"{name}.png")


def stills(new_page, board):
    """Takes one picture of each of the main states."""

    def opened(page, *args, **state):
        return Tab(page, board, *args, **state).painted()

    with new_page() as page:
        tab = opened(page, [LINEAR], probe="-3.3,-4.5")
        hover(page, tab, 0.615, 0.16)
        shot(page, tab, "tab")
        shot(page, opened(page, [LINEAR], view="-2.5,-5,3", probe="-2.5,-5", walk="circle:-2.5,-5,1"), "tab-near")
        tab = opened(page, [LINEAR], manifold="0", frame="17", walk="path:-4,-2,-2.5,-5,0.5,-5,2,-1.5,1.3,1.8,6,0.3")
        shot(page, tab, "tab-walk")
        shot(page, opened(page, [LINEAR, RELU], probe="1,3", frame="20"), "tab-runs")
        tab = opened(page, [DEEP], plane="pca", color="error", manifold="1")
        hover(page, tab, 0.62, 0.4)
        shot(page, tab, "tab-pca")
        tab = opened(page, [LINEAR], shapes="1", manifold="0", tool="lasso", view="0,0,10")
        page.mouse.move(*tab.at(0.42, 0.2))
        page.mouse.down()
        for place in ((0.6, 0.25), (0.58, 0.6), (0.45, 0.5)):
            page.mouse.move(*tab.at(*place))
        page.mouse.up()
        page.mouse.move(640, 90)
        shot(page, tab, "tab-selection")
    with new_page(viewport={"width": 390, "height": 844}, has_touch=True) as page:
        shot(page, opened(page, [LINEAR], probe="-2,-5"), "tab-narrow")
    with new_page() as page:
        tab = opened(page, [LINEAR], probe="0.4,-1.5")
        page.evaluate("document.body.classList.add('dark-mode')")
        shot(page, tab, "tab-dark")


def log_others(logdir):
    """Logs runs: metadata, a decoder that returns spectra, 16 numbers, a projection, a million points."""
    demo.write(str(logdir / TOUR[0]), 16)
    last = list(read(logdir)[TOUR[0]][TOUR[1]].values())[-1]
    places = TSNE(random_state=0).fit_transform(last.codes)
    with LatentWriter(logdir / MAP[0]) as writer:
        once = {"labels": last.labels, "images": last.images, "class_names": last.class_names}
        writer.add(MAP[1], last.step, last.codes, decoder=last.decoder, projections={"t-SNE": places}, **once)
    random = np.random.default_rng(0)
    images, labels = digits.draw(1000)
    pixels = images.reshape(len(images), -1).astype(np.float64)
    mean = pixels.mean(axis=0)
    directions = np.linalg.svd(pixels - mean, full_matrices=False)[2][:2].T
    names = [str(digit) for digit in range(10)]
    decoder = Decoder(2, [dense(directions.T, mean), reshape((28, 28)), clamp(0, 1)])
    metadata = {"ink": pixels.mean(axis=1), "drawn by": [f"pen {i}" for i in random.integers(1, 6, len(images))]}
    codes = (pixels - mean) @ directions
    with LatentWriter(logdir / COLUMNS[0]) as writer:
        more = {"labels": labels, "images": images, "class_names": names, "decoder": decoder, "metadata": metadata}
        errors = np.square(pixels - mean - codes @ directions.T).mean(axis=1)
        writer.add(COLUMNS[1], 0, codes, errors=errors, **more)
    wavelengths = np.linspace(400, 700, 151)
    peaks = np.exp(-(((wavelengths - np.array([[460], [530], [620]])) / np.array([[25], [40], [30]])) ** 2))
    decoder = Decoder(2, [dense(1.5 * random.normal(size=(2, 3))), "tanh", dense(peaks, np.full(151, 0.1))])
    chart = {"at": wavelengths, "x": "wavelength (nm)", "y": "absorbance"}
    with LatentWriter(logdir / SPECTRA[0]) as writer:
        codes = random.normal(size=(500, 2))
        writer.add(SPECTRA[1], 0, codes, labels=np.hypot(*codes.T), decoder=decoder, chart=chart)
    with LatentWriter(logdir / MANY[0]) as writer:
        classes = random.integers(0, 10, 1_000_000)
        codes = random.normal(scale=6, size=(10, 2))[classes] + random.normal(scale=1.5, size=(len(classes), 2))
        writer.add(MANY[1], 0, codes, labels=classes)


def others(new_page, board):
    """Takes the pictures of what the ports do not log."""
    with new_page() as page:
        tab = Tab(page, board, [COLUMNS], color="column:ink", manifold="0", query='"drawn by":"pen 2" ink>0.1')
        tab.painted()
        hover(page, tab, 0.5, 0.5)
        shot(page, tab, "tab-columns")
        shot(page, Tab(page, board, [SPECTRA], probe="0.5,0.5").painted(), "tab-chart")
        shot(page, Tab(page, board, [COLUMNS], layer="density", manifold="0").painted(), "tab-density")
        shot(page, Tab(page, board, [COLUMNS], layer="error", manifold="0", names="0").painted(), "tab-errors")
        side = Tab(page, board, [TOUR], plane=SIDE, tool="turn", manifold="1", probe="-2,1")
        shot(page, side.painted(), "tab-tour")
        tab = Tab(page, board, [MAP], plane="map:t-SNE", manifold="1", probe="-20,10", frame="20")
        shot(page, tab.painted(), "tab-map")
        shot(page, Tab(page, board, [MANY]).painted(), "tab-million", last=".density")


def drawing(new_page, board):
    """Takes a picture of the pad with a digit, and of its way through the steps."""
    with new_page() as page:
        tab = Tab(page, board, [LINEAR]).painted()
        pad = tab.locate(".pad canvas").bounding_box()
        turns = np.linspace(-1.2, 5.2, 40)  # a zero, written to the left
        for k, (x, y) in enumerate(zip(0.5 - 0.26 * np.sin(turns + 1.2), 0.5 - 0.36 * np.cos(turns + 1.2))):
            page.mouse.move(pad["x"] + x * pad["width"], pad["y"] + y * pad["height"], steps=2)
            if not k:
                page.mouse.down()
        page.mouse.up()
        tab.locate("label", has_text="its way through the steps").click()
        tab.locate("details .hint", has_text="nearest points").wait_for()
        page.mouse.move(640, 90)
        shot(page, tab, "tab-draw")


def animation(new_page, board):
    """Films the steps played, a drag that decodes, a walk."""
    frames = []

    def take(page, milliseconds):
        picture = Image.open(io.BytesIO(page.screenshot(clip={"x": 0, "y": 64, "width": 1280, "height": 656})))
        picture = picture.convert("RGB").resize((WIDTH, WIDTH * 656 // 1280), Image.Resampling.LANCZOS)
        frames.append((picture.quantize(160, kmeans=1, dither=Image.Dither.NONE), milliseconds))

    with new_page() as page:
        tab = Tab(page, board, [LINEAR], step="0", view="0,-0.5,16", walk="circle:-1,0.5,3", frames="24").painted(0)
        tab.locate(PREVIEW).wait_for()
        tab.rest()
        take(page, 600)
        steps = board.runs()[LINEAR[0]][LINEAR[1]]["steps"]
        for step in steps[2::2]:
            tab.locate("input[aria-label^='Step;']").fill(str(step))
            page.keyboard.press("Enter")
            tab.painted(step)
            tab.rest()
            take(page, 250)
        page.mouse.move(*tab.at(0.42, 0.85))
        page.mouse.down()
        for k in range(12):
            page.mouse.move(*tab.at(0.42 + 0.012 * k, 0.85 - 0.06 * k))
            tab.rest()
            take(page, 150)
        page.mouse.up()
        scrub = tab.locate("input[aria-label='Frame of the walk']")
        scrub.focus()
        for _ in range(23):
            page.keyboard.press("ArrowRight")
            tab.rest()
            take(page, 120)
    pictures, milliseconds = zip(*frames)
    pictures[0].save(
        IMAGES / "tab.gif", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0, optimize=True
    )
    print(IMAGES / "tab.gif")


def main():
    parser = argparse.ArgumentParser(description=re.split(r"\n\n", __doc__)[0])
    parser.add_argument("--logdir", help="without it only the pictures are made that need no port")
    logdir = parser.parse_args().logdir
    with tempfile.TemporaryDirectory() as other:
        log_others(Path(other))
        photograph(other, [COLUMNS[0], SPECTRA[0]], others)
    if logdir:
        photograph(logdir, [LINEAR[0], RELU[0], DEEP[0]], stills, drawing, animation)


def photograph(logdir, wanted, *takes):
    """Takes pictures of a TensorBoard on a log folder, once it has the runs that are wanted."""
    board = TensorBoard(logdir, "--load_fast=true")
    try:
        board.until(lambda runs: set(wanted) <= runs.keys())
        with sync_playwright() as playwright, launched(playwright) as browser:
            problems = Problems()

            @contextlib.contextmanager
            def new_page(**options):
                with watched_page(browser, problems, **options) as page:
                    page.add_init_script(KNOWN)
                    yield page

            for take in takes:
                take(new_page, board)
    finally:
        board.stop()


if __name__ == "__main__":
    main()
