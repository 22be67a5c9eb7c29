"""Charts of vectors: the tab's JavaScript and the server's NumPy draw the same pixels."""

import base64
import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tb_plugin.server import charts

DRAW = """async ([text, n, chart]) => {
  const { draw } = await import("./lib/chart.js");
  const floats = new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const vectors = Array.from({ length: floats.length / n }, (_, i) => floats.subarray(i * n, (i + 1) * n));
  return vectors.map((vector) => btoa(String.fromCharCode(...draw(vector, chart))));
}"""


def in_the_tab(modules, vectors, chart):
    text = base64.b64encode(vectors.tobytes()).decode()
    pictures = modules.evaluate(DRAW, [text, vectors.shape[1], chart])
    return np.stack([np.frombuffer(base64.b64decode(picture), np.uint8) for picture in pictures]).reshape(
        -1, charts.HEIGHT, charts.WIDTH, 1
    )


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 400),
    st.sampled_from(["none", "names", "numbers", "falling", "too few"]),
    st.sampled_from([(-1, 1), (0, 3), (-2, 0), (0.5, 4), (-1e9, 1e9), (-3, -2.5), (0, 1e-7)]),
)
@example(0, 1, "numbers", (-1, 1))
@example(0, 2, "numbers", (-1, 1))
@example(0, 5000, "names", (0, 3))
def test_the_tab_and_the_server_draw_the_same(modules, seed, n, kind, limits):
    random = np.random.default_rng(seed)
    vectors = (random.normal(size=(3, n)) * max(map(abs, limits))).astype(np.float32)
    grown = random.exponential(size=n).cumsum().tolist()
    at = {"names": [str(i) for i in range(n)], "numbers": grown, "falling": grown[::-1], "too few": ["a"] * (n + 1)}
    chart = {"range": list(limits)} | ({"at": at[kind]} if kind in at else {})
    np.testing.assert_array_equal(in_the_tab(modules, vectors, chart), charts.draw(vectors, chart))


def drawn(vector, chart):
    """Returns the chart of a vector without its edge, and without the line at zero."""
    edge = charts.EDGE
    return charts.draw(np.array([vector], np.float32), chart)[0, edge:-edge, edge:-edge, 0] == 255


@pytest.mark.parametrize("at", [None, ["a", "b", "c", "d"]])
def test_bars_stand_on_zero_and_hang_from_it(at):
    chart = {"range": [-1, 1], "at": at}
    picture = drawn([1, -1, 0.5, 0], chart)
    zero = charts.ROWS // 2
    middles = [int((i + 0.5) * charts.COLUMNS / 4) for i in range(4)]
    assert [picture[:, x].sum() for x in middles] == pytest.approx([zero, zero, zero / 2, 1], abs=2)
    assert picture[:zero, middles[1]].sum() == 0, "a negative number goes down"
    bounds = [-(-i * charts.COLUMNS // 4) - 1 for i in (1, 2, 3)]
    assert not picture[:, bounds].any(), "wide bars are apart"
    above = drawn([2, 1.5], {"range": [1, 2]})
    assert above[-1].sum() > 0.9 * charts.COLUMNS, "if zero is not in the range, they stand on its lower end"


def test_limits_hold_whatever_the_numbers_are():
    chart = {"range": [0, 10]}
    low, high = (drawn([value] * 4, chart).sum() for value in (1, 5))
    assert high == pytest.approx(5 * low, rel=0.25), "the axis does not follow the numbers"
    np.testing.assert_array_equal(drawn([10, 99, -5, 0], chart), drawn([10, 10, 0, 0], chart))


def test_a_line_is_connected_and_lies_at_its_numbers():
    at = [0, 1, 9, 10]
    picture = drawn([0, 1, 1, -1], {"range": [-1.1, 1.1], "at": at})
    for left, right in itertools.pairwise(picture.T):
        a, b = np.flatnonzero(left), np.flatnonzero(right)
        assert a.min() <= b.max() + 1, "the line has a gap"
        assert b.min() <= a.max() + 1, "the line has a gap"
    x = round(5 / 10 * (charts.COLUMNS - 1))
    assert np.flatnonzero(picture[:, x]).mean() == pytest.approx((1.1 - 1) / 2.2 * charts.ROWS, abs=1)
    assert np.flatnonzero(picture[:, -1])[-1] == pytest.approx((1.1 + 1) / 2.2 * charts.ROWS, abs=1)


def test_more_numbers_than_pixels_show_the_highest_and_the_lowest():
    spike = np.zeros(100_000, np.float32)
    spike[50_000], spike[70_000] = 1, -1
    for at in (None, [str(i) for i in range(len(spike))]):
        picture = drawn(spike, {"range": [-1, 1], "at": at})
        assert picture[0].sum() in (1, 2), at
        assert picture[-1].sum() in (1, 2), at
