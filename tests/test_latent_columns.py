"""Metadata of the points: any columns of numbers and texts, stored and served by column."""

import math

import numpy as np
import pytest
from helpers import latent
from helpers.latent import TensorBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_plugin import codec
from tb_plugin.summary import LatentWriter
from tb_plugin.writer import columns

codes = latent.arrays()[0]
N = len(codes)


def read(column):
    """Returns the values of a column, None for those that are missing."""
    _, arrays = codec.unpack(column.blob)
    if column.about["type"] == "text":
        return columns.texts(arrays)
    there = arrays[1] if len(arrays) > 1 else np.ones(len(arrays[0]))
    return [value if is_there else None for value, is_there in zip(arrays[0].tolist(), there)]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.lists(st.one_of(st.text(), st.none()), min_size=1),
        st.lists(st.one_of(st.floats(allow_infinity=False), st.none()), min_size=1),
        st.lists(st.integers(1 - 2**53, 2**53 - 1), min_size=1),
        st.lists(st.booleans(), min_size=1),
    )
)
def test_a_column_is_stored_exactly(values):
    (column,) = columns.columns({"any": values}, len(values))
    expected = [None if value is None or value != value else value for value in values]
    expected = [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in expected]
    made = read(column)
    assert made == expected
    some = [value for value in expected if value is not None]
    assert column.about["missing"] == len(expected) - len(some)
    if column.about["type"] == "number":
        assert column.about["range"] == ([min(some), max(some)] if some else None)
    else:
        assert column.about["distinct"] == len(set(some))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([1], "metadata: it must be a dict or data frame"),
        ({}, "metadata: it must be a dict or data frame of 1 to 256"),
        ({3: [1] * N}, "metadata: a column's name is 3"),
        ({"a": [1] * 29}, r'metadata\["a"\]: shape is \[29\], it must be \[30\]'),
        ({"a": [1, "b"] * 15}, r'metadata\["a"\]: one is 1, they must all be numbers or all texts'),
        ({"a": [math.inf] * N}, r'metadata\["a"\]: 30 of 30 numbers are not finite'),
        ({"a": [2**60] * N}, r'metadata\["a"\]: an integer is beyond 2\^53'),
        ({"a": [1j] * N}, r'metadata\["a"\]: dtype is complex128'),
        ({"a": ["x" * 2001] * N}, r'metadata\["a"\]: a text has more than 2,000'),
        ({"a": [object()] * N}, r'metadata\["a"\]: one is <object'),
    ],
)
def test_an_invalid_column_is_named(tmp_path, metadata, message):
    with LatentWriter(tmp_path) as writer, pytest.raises(ValueError, match=message):
        writer.add("z", 0, codes, metadata=metadata)


def test_a_data_frame_and_further_steps(tmp_path):
    pandas = pytest.importorskip("pandas", reason="NOT TESTED with pandas: it is not installed")
    frame = pandas.DataFrame({"who": ["é", None, "a"] * 10, "when": pandas.Timestamp("2026-01-02"), "n": range(N)})
    who, when, n = columns.columns(frame, N)
    assert (who.about["distinct"], who.about["missing"], n.about["range"]) == (2, 10, [0, 29])
    assert read(when)[0].startswith("2026-01-02T00:00")
    with LatentWriter(tmp_path) as writer:
        for step in range(2):
            writer.add("z", step, codes, metadata=frame)
        with pytest.raises(ValueError, match="metadata: they differ from the first step's"):
            writer.add("z", 2, codes, metadata=frame[::-1])


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--load_fast=false"]])
def test_columns_are_listed_and_served(tmp_path, flags):
    words = [f"word {i}" for i in range(10_000)]
    with LatentWriter(tmp_path / "a") as writer:
        for step in range(2):
            writer.add("z", step, np.zeros((10_000, 2)), metadata={"word": words, "length": np.arange(10_000) / 3})
    board = TensorBoard(str(tmp_path), *flags)
    try:
        board.until(lambda runs: runs.get("a", {}).get("z", {}).get("kept") == 2)
        assert board.runs()["a"]["z"]["metadata"] == [
            {"name": "word", "type": "text", "distinct": 10_000, "missing": 0},
            {"name": "length", "type": "number", "range": [0, 3333], "missing": 0},
        ]
        status, _, body = board.get("plugin/latent/metadata", run="a", tag="z", column="word")
        header, arrays = codec.unpack(body)
        assert (status, header["type"], columns.texts(arrays)) == (200, "text", words)
        header, (numbers,) = codec.unpack(board.get("plugin/latent/metadata", run="a", tag="z", column="length")[2])
        np.testing.assert_array_equal(numbers, np.arange(10_000) / 3)
        assert board.get("plugin/latent/metadata", run="a", tag="z", column="other")[0] == 404
        assert board.get("plugin/latent/metadata", run="a", tag="z")[0] == 400
    finally:
        board.stop()
