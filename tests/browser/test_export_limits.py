"""What a page that is one file may weigh, how far its pictures may be off, and that it reaches nobody."""

import io
import subprocess

import numpy as np
import pytest
from helpers.commands import LEGACY_PORTS
from helpers.pages import in_srcdoc
from helpers.tab import FilePage
from PIL import Image, ImageSequence

import tb_plugin
from tb_plugin import digits
from tb_plugin.decoder import Decoder
from tb_plugin.export import export
from tb_plugin.layers import dense, reshape
from tb_plugin.server import walks
from tb_plugin.summary import LatentWriter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MB = 1_000_000
SPACE = ["vandenburg/whole", "codes"]


@pytest.fixture(scope="module")
def ports(full, tmp_path_factory):
    """Makes the post's run on the full MNIST, and a short one of its variant. Takes one to three minutes."""
    logdir = tmp_path_factory.mktemp("ports")
    command = [*LEGACY_PORTS, "run", "vandenburg", "--data", "full", "--logdir", logdir, "--quiet"]
    subprocess.run([*command, "--name", "whole"], check=True)
    subprocess.run([*command, "--name", "relu", "--readout", "relu", "--steps", "201"], check=True)
    return logdir


@pytest.fixture(scope="module")
def vandenburg(ports, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "vandenburg.html"
    export(ports, path, runs=[SPACE[0]])
    return path


def shown_walk(page, tab, circle):
    """Returns the pictures of a walk of five frames, as the tab saves them."""
    with page.expect_download() as download:
        tab.button("Save an animation").click()
    with open(download.value.path(), "rb") as saved, Image.open(io.BytesIO(saved.read())) as gif:
        frames = [np.asarray(frame.convert("L")).astype(int) for frame in ImageSequence.Iterator(gif)]
    return np.stack(frames)[:, ::8, ::8], walks.circle(*circle, np.array([1, 0]), np.array([0, 1]), 5)


def check_pictures(page, file, space, decoder, step, circle):
    (x, y), radius = circle
    walk = {"walk": f"circle:{x},{y},{radius}", "frames": "5", "step": str(step)}
    tab = FilePage(page, file, [space], **walk).painted(step)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    tab.rest()
    shown, codes = shown_walk(page, tab, circle)
    exact = np.clip(decoder(codes), 0, 1).reshape(shown.shape) * 255
    assert np.abs(shown - exact).max() <= 1.51  # a level of 255, and the rounding to whole ones
    assert np.ptp(shown) > 30


def test_the_post_of_van_den_burg_takes_5_megabytes(vandenburg, ports, new_page):
    assert vandenburg.stat().st_size <= 5 * MB
    with new_page(offline=True) as page:
        tab = FilePage(page, vandenburg).painted()
        note = tab.locate(".missing").inner_text()
        assert "20 of 21 steps" in note
        assert "points;" not in note, "all 10,000 are there"
        steps = tb_plugin.read(ports)[SPACE[0]][SPACE[1]]
        kept = page.evaluate("JSON.parse(document.getElementById('latent-page').textContent).runs")
        kept = kept[SPACE[0]][SPACE[1]]["steps"]
        for step in (kept[0], kept[10], kept[-1]):
            codes = steps[step].codes
            center, radius = np.round(codes.mean(axis=0), 3), float(np.round(codes.std(), 3))
            check_pictures(page, vandenburg, SPACE, steps[step].decoder, step, (center, radius))


def test_a_wide_model_takes_25_megabytes(tmp_path, new_page):
    """A decoder of 442,000 weights a step, 100 codes: points and steps are left out, and the page says so."""
    images, labels = digits.draw(10_000)
    random = np.random.default_rng(0)
    pixels = images.reshape(len(images), -1).astype(np.float32)
    down = random.normal(size=(784, 100)) / 28
    with LatentWriter(tmp_path / "logs/wide") as writer:
        for step in range(20):
            weights = [random.normal(size=shape) / shape[0] ** 0.5 for shape in ((100, 500), (500, 784))]
            decoder = Decoder(100, [dense(weights[0]), "tanh", dense(weights[1]), "sigmoid", reshape((28, 28))])
            writer.add("codes", step, pixels @ down * (1 + step), labels=labels, images=images, decoder=decoder)
    export(tmp_path / "logs", tmp_path / "page.html")
    assert 15 * MB < (tmp_path / "page.html").stat().st_size <= 25 * MB
    with new_page(offline=True) as page:
        tab = FilePage(page, tmp_path / "page.html").painted(19)
        assert "of 10,000 points" in tab.locate(".missing").inner_text()
        assert "differ by up to 1/255" in tab.locate(".missing").inner_text()


def test_several_runs_in_one_file_decode_by_their_own_decoders(ports, new_page, tmp_path):
    spaces = [SPACE, ["vandenburg/relu", "codes"]]
    export(ports, tmp_path / "two.html", points=500, steps=2)
    with new_page(offline=True) as page:
        for space in spaces:
            last = max(tb_plugin.read(ports)[space[0]][space[1]].items())
            center = np.round(last[1].codes.mean(axis=0), 3)
            check_pictures(page, tmp_path / "two.html", space, last[1].decoder, last[0], (center, 0.5))
        tab = FilePage(page, tmp_path / "two.html", spaces)
        tab.painted(10_000).painted(201, panel=1)


def test_in_the_srcdoc_of_an_iframe(vandenburg, new_page, tmp_path):
    with new_page(offline=True) as page:
        frame = in_srcdoc(page, vandenburg, tmp_path)
        frame.locator(".plot[data-painted]").wait_for()
        frame.locator("[aria-label=Walk] .preview").wait_for()
        frame.evaluate("rest()")


# Each way that a script has to reach a server. They end with whether it got there.
WAYS = {
    "fetch": "fetch(url).then(() => true, () => false)",
    "beacon": "new Promise((r) => { navigator.sendBeacon(url); setTimeout(r, 300, false); })",
    "image": """new Promise((r) => {
        const image = new Image(); image.onload = () => r(true); image.onerror = () => r(false); image.src = url; })""",
    "script": "import(url).then(() => true, () => false)",
    "socket": """new Promise((r) => {
        const socket = new WebSocket(url.replace("http", "ws"));
        socket.onopen = () => r(true); socket.onerror = () => r(false); }).catch(() => false)""",
    "frame": """new Promise((r) => {
        const frame = document.createElement("iframe"); frame.src = url; document.body.append(frame);
        setTimeout(r, 500, false); })""",
    "form": """new Promise((r) => {
        const form = document.createElement("form"); form.action = url; form.method = "post";
        document.body.append(form); form.submit(); setTimeout(r, 300, false); })""",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_page_on_a_machine_with_a_network_reaches_nobody(page, problems, tensorboard, small_logdir, tmp_path, way):
    board = tensorboard(small_logdir, "--load_fast=true")
    export(small_logdir, tmp_path / "page.html", runs=["flat"])
    FilePage(page, tmp_path / "page.html").painted(20).rest()
    problems.expect("security policy|Content Security Policy|: csp$")
    arrived = []
    page.on("response", lambda response: arrived.append(response.url))
    assert page.evaluate(f"async (url) => {WAYS[way]}", board.url) is False
    assert not [url for url in arrived if url.startswith("http")]
    assert page.url.startswith("file:")
