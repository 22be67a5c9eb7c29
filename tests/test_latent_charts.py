"""Decoders whose output is a vector and no picture: what is logged of their chart, listed, and drawn in walk.gif."""

import io

import numpy as np
import pytest
from helpers import latent
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tb_plugin.decoder import Decoder
from tb_plugin.layers import dense, reshape
from tb_plugin.server import charts
from tb_plugin.summary import LatentWriter
from tb_plugin.writer.charts import Limits, rounded

codes, _, images, pictures = latent.arrays()
random = np.random.default_rng(0)
WEIGHTS = random.normal(size=(2, 5))
VECTORS = Decoder(2, [dense(WEIGHTS)])
AT = {"run": "a", "tag": "z"}
CHART = {"at": ["b", "a", "c", "d", "é"], "x": "sensor", "y": "deviation (K)"}


def log(folder, decoders, **more):
    with LatentWriter(folder / "a") as writer:
        for step, decoder in enumerate(decoders):
            writer.add("z", step, codes, decoder=decoder, **more)
    return latent.Routes(folder)


def test_the_axes_are_logged_once_and_listed_with_limits_that_hold_for_all_steps(tmp_path):
    routes = log(tmp_path, [VECTORS, Decoder(2, [dense(3 * WEIGHTS)]), VECTORS], chart=CHART)
    listed = routes.get("/runs").json["a"]["z"]["chart"]
    outputs = 3 * codes @ WEIGHTS
    low, high = listed.pop("range")
    assert listed == CHART
    assert low <= outputs.min(), "the limits are those of all steps until the last"
    assert high >= outputs.max()
    assert high - low < 1.5 * np.ptp(outputs)


def test_without_a_word_a_vector_is_a_chart_and_a_picture_is_none(tmp_path):
    assert log(tmp_path / "vector", [VECTORS]).get("/runs").json["a"]["z"]["chart"].keys() == {"range"}
    flat = Decoder(2, [*pictures.layers[:2]])  # 36 numbers
    assert log(tmp_path / "images", [flat], images=images).get("/runs").json["a"]["z"]["chart"] is None
    assert log(tmp_path / "said", [flat], image_shape=(6, 6)).get("/runs").json["a"]["z"]["image_shape"] == [6, 6, 1]
    assert log(tmp_path / "none", [None]).get("/runs").json["a"]["z"]["chart"] is None


def test_the_walk_is_drawn_by_the_same_limits_at_every_step(tmp_path):
    routes = log(tmp_path, [VECTORS, Decoder(2, [dense(3 * WEIGHTS)])], chart={**CHART, "range": (-9, 9)})
    assert routes.get("/runs").json["a"]["z"]["chart"] == {**CHART, "range": [-9, 9]}
    line = {"path": "line", "start": "0,0", "end": "1,2", "frames": 4, "size": 112}
    for step, decoder in enumerate((VECTORS, Decoder(2, [dense(3 * WEIGHTS)]))):
        animation = routes.get("/walk.gif", **AT, step=step, **line)
        assert animation.status_code == 200
        with Image.open(io.BytesIO(animation.data)) as image:
            frames = []
            for number in range(image.n_frames):
                image.seek(number)
                frames.append(np.asarray(image.convert("L")))
        vectors = decoder(np.linspace(0, 1, 4)[:, None] * [1, 2])
        np.testing.assert_array_equal(np.stack(frames), charts.draw(vectors, {**CHART, "range": [-9, 9]})[..., 0])


@pytest.mark.parametrize(
    ("chart", "decoder", "message"),
    [
        ({}, VECTORS, "chart: it must be a dict with some of at, x, y and range"),
        ({"axis": "x"}, VECTORS, "chart: it must be a dict with some of at, x, y and range"),
        ("spectrum", VECTORS, "chart: it must be a dict"),
        ({"x": 3}, VECTORS, "chart: x is 3, it must be a text"),
        ({"range": (1, 1)}, VECTORS, r"chart: range is \(1, 1\), it must be \(lowest, highest\)"),
        ({"range": (0, np.inf)}, VECTORS, "chart's range: 1 of 2 numbers are not finite"),
        ({"at": ["a", "b"]}, VECTORS, "chart: at has 2, the decoder returns 5 numbers"),
        ({"at": [1, 2, 2, 3, 4]}, VECTORS, "chart: at must be a name for each output, or a number for each that only"),
        ({"at": ["a", 1, 2, 3, 4]}, VECTORS, "chart: at must be a name for each output"),
        ({"at": [["a"] * 5]}, VECTORS, "chart: at must be a name"),
        ({"at": ["n" * 20_000] * 5}, VECTORS, "chart: it has more than 65,536 characters; leave out at"),
        ({"x": "a"}, None, "chart: there is no decoder"),
        ({"x": "a"}, pictures, r"chart: the decoder returns pictures of \[6, 6\]; a chart shows vectors"),
    ],
)
def test_a_chart_that_cannot_be_is_refused(tmp_path, chart, decoder, message):
    with LatentWriter(tmp_path) as writer, pytest.raises(ValueError, match=message):
        writer.add("z", 0, codes, decoder=decoder, chart=chart)


def test_a_chart_given_again_must_be_the_same(tmp_path):
    with LatentWriter(tmp_path) as writer:
        writer.add("z", 0, codes, decoder=VECTORS, chart=CHART)
        writer.add("z", 1, codes, decoder=VECTORS)
        writer.add("z", 2, codes, chart=CHART)
        with pytest.raises(ValueError, match="chart: they differ from the first step's"):
            writer.add("z", 3, codes, decoder=VECTORS, chart={"x": "b"})
        with pytest.raises(ValueError, match=r"chart: at has 5, the decoder returns 6 numbers"):
            writer.add("z", 3, codes, decoder=Decoder(2, [dense(np.ones((2, 6)))]))


def test_numbers_of_any_kind_and_pictures_of_two_axes(tmp_path):
    falling = np.linspace(4000, 400, 5, dtype=np.float32)
    assert (
        log(tmp_path, [VECTORS], chart={"at": falling}).get("/runs").json["a"]["z"]["chart"]["at"] == falling.tolist()
    )
    plain = Decoder(2, [dense(np.ones((2, 6))), reshape((2, 3))])
    assert log(tmp_path / "2", [plain]).get("/runs").json["a"]["z"]["chart"] is None, "a matrix is a picture"


FLOAT32 = st.floats(-(2.0**100), 2.0**100, width=32)  # outputs are float32


@settings(max_examples=200, deadline=None)
@given(FLOAT32, FLOAT32)
def test_limits_are_round_and_include_the_numbers(a, b):
    low, high = min(a, b), max(a, b)
    below, above = rounded(low, high)
    slack = 1e-6 * max(abs(low), abs(high))
    assert below < above
    assert below <= low + slack
    assert above >= high - slack
    if high - low > 1e-3 * max(abs(low), abs(high)):
        assert above - below <= 4.1 * (high - low)


def test_outputs_that_are_not_finite_give_limits_all_the_same():
    endless = Decoder(2, [dense(np.full((2, 3), 3e38)), "exp"])
    assert Limits().including(endless, np.ones((4, 2), np.float32)) == [0, 1]
