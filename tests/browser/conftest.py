"""A real browser with a real TensorBoard: Chromium without a window, driven by Playwright."""

import contextlib
import functools
import os
import subprocess

import pytest
from helpers import latent
from helpers.chromium import CHROMIUM, launched
from helpers.commands import run_command
from helpers.pages import Problems, watched_page

from tb_plugin import demo


@pytest.fixture(scope="session")
def browser():
    """Starts Chromium, with WebGL in software."""
    missing = [] if CHROMIUM else ["Chromium is not installed"]
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing.append("Playwright is not installed")
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"NOT TESTED in a browser: {', '.join(missing)}")
    with sync_playwright() as playwright, launched(playwright) as chromium:
        yield chromium


@pytest.fixture
def problems():
    return Problems()


@pytest.fixture
def page(browser, problems):
    """Opens a page of 1280 x 720. A test of other sizes or settings makes its own with `new_page`."""
    with watched_page(browser, problems) as page:
        yield page


@pytest.fixture
def new_page(browser, problems):
    """Gives `with new_page(color_scheme="dark") as page`: a page with options of Playwright's `new_context`."""
    return functools.partial(watched_page, browser, problems)


@pytest.fixture(scope="session")
def tensorboard():
    """Gives `tensorboard(logdir, *flags)`: a TensorBoard with its runs, one for the same arguments."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def start(logdir, *flags, runs=True):
            board = latent.TensorBoard(logdir, *flags)
            stack.callback(board.stop)
            if runs:
                board.until(lambda listing: listing)
            return board

        yield start


@pytest.fixture(scope="session")
def small_logdir(tmp_path_factory):
    """Logs the runs `flat` and `deep`, of 2 and 5 dimensions: 30 points of noise at the steps 0, 10, 20."""
    logdir = tmp_path_factory.mktemp("small")
    for name, dims in (("flat", 2), ("deep", 5)):
        latent.write(logdir / name, dims=dims)
    return logdir


@pytest.fixture(scope="session")
def demo_logdir(tmp_path_factory):
    """Logs real digits without TensorFlow: runs `pca-2` and `pca-16`, 30 steps each, 1,000 points. Takes 10 s."""
    logdir = tmp_path_factory.mktemp("demo")
    for components in (2, 16):
        demo.write(str(logdir / f"pca-{components}"), components)
    return logdir


@pytest.fixture(scope="session")
def port_logdir(tmp_path_factory):
    """Makes a run of a port on real digits: vandenburg, 2-D, 1,000 points every 50 steps or so, the last 1001. 20 s."""
    logdir = tmp_path_factory.mktemp("port")
    subprocess.run(run_command("vandenburg", logdir, "digits", "--steps 1001 --quiet"), check=True)
    return logdir


@pytest.fixture(params=["true", "false"], ids=["rust", "python"])
def load_fast(request):
    """TensorBoard's flag, once for each of its loaders."""
    return f"--load_fast={request.param}"


@pytest.fixture(scope="module")
def modules(browser, tensorboard, small_logdir):
    """Opens an empty page of the tab's origin: `modules.evaluate` can import our modules as "./folder/name.js"."""
    board = tensorboard(small_logdir, "--load_fast=true")
    with watched_page(browser, Problems()) as page:
        page.goto(board.url + "data/plugin/latent/index.js")
        yield page
