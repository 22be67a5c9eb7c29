"""A real TensorBoard on a real run: what the tabs ask for is served, by both of its loaders."""

import json
import subprocess
import time
import urllib.request
from urllib.parse import quote

import pytest
from helpers.commands import run_command
from helpers.latent import TensorBoard

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("runs")
    command = run_command("vandenburg", logdir, "a b+c", "--steps 6001 --batch-size 10 --quiet")
    subprocess.run(command, check=True, timeout=300)
    return logdir


@pytest.fixture(scope="module", params=["true", "false"], ids=["rust", "python"])
def get(request, logdir):
    # The flags that a run's last line tells the user to type.
    board = TensorBoard(logdir, "--samples_per_plugin=images=100", f"--load_fast={request.param}")

    def get(path):
        with urllib.request.urlopen(board.url + "data/" + path, timeout=300) as response:
            return response.headers["Content-Type"], response.read()

    deadline = time.monotonic() + 60
    while b"session_end" not in get("plugin/scalars/tags")[1] and time.monotonic() < deadline:
        tags = json.loads(get("plugin/images/tags")[1])
        if any("figures/circle_walk" in run for run in tags.values()):
            break
        time.sleep(0.5)
    yield get
    board.stop()


RUN = quote("vandenburg/a b+c", safe="")


def test_the_scalar(get):
    _, body = get(f"plugin/scalars/scalars?run={RUN}&tag=Loss")
    assert [point[1] for point in json.loads(body)] == list(range(0, 6001, 500))


@pytest.mark.parametrize(
    ("tag", "count", "kind"),
    [
        ("Input/image/0", 13, "image/png"),
        ("Encoder/image/0", 13, "image/png"),
        ("Output/image/0", 13, "image/png"),
        ("figures/latent_space", 1, "image/png"),
        ("figures/circle_walk", 1, "image/gif"),
        ("figures/input_output", 1, "image/gif"),
    ],
)
def test_all_images_and_gifs(get, tag, count, kind):
    """All 13 grids, though TensorBoard by itself keeps 10; GIFs as GIFs, so that they play."""
    images = json.loads(get(f"plugin/images/images?run={RUN}&tag={quote(tag, safe='')}&sample=0")[1])
    assert len(images) == count
    content_type, body = get("plugin/images/individualImage?" + images[-1]["query"])
    assert content_type.startswith(kind)
    assert body[:4] in (b"GIF8", b"\x89PNG")


def test_the_graph(get):
    assert b"ApplyAdam" in get(f"plugin/graphs/graph?run={RUN}&conceptual=false")[1]


def test_the_text(get):
    texts = json.loads(get(f"plugin/text/text?run={RUN}&tag=run")[1])
    assert "Gertjan van den Burg" in texts[-1]["text"]
    assert "completed" in texts[-1]["text"]
