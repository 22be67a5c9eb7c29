"""The tab's walks against walks.py, and their CSV."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tb_plugin.server import walks

WALK = """async ([name, ...given]) => {
  const module = await import("./lib/walk.js");
  return Array.from(module[name](...given));
}"""
CSV = """async ([values, dims]) => (await import("./lib/csv.js")).csv(new Float32Array(values), dims)"""

coordinates = st.floats(-100, 100, width=32)


def vectors(*shape):
    return arrays(np.float32, shape, elements=coordinates)


def walk(modules, name, dims, *given):
    given = [value.tolist() if isinstance(value, np.ndarray) else value for value in given]
    return np.reshape(modules.evaluate(WALK, [name, *given]), (-1, dims))


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 40), st.floats(0, 50, width=32))
def test_circle(modules, data, dims, frames, radius):
    center, u, v = data.draw(vectors(3, dims))
    expected = walks.circle(center, radius, u, v, frames)
    there = walk(modules, "circle", dims, center, radius, u, v, frames, 1)
    np.testing.assert_allclose(there, expected, rtol=1e-6, atol=1e-3)
    back = walk(modules, "circle", dims, center, radius, u, v, frames, -1)
    np.testing.assert_allclose(back, np.roll(expected[::-1], 1, axis=0), rtol=1e-6, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(2, 40))
def test_a_path_through_two_points_is_the_line(modules, data, dims, frames):
    ends = data.draw(vectors(2, dims))
    there = walk(modules, "path", dims, ends, frames)
    np.testing.assert_allclose(there, walks.line(*ends, frames), rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(there[[0, -1]], ends)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(2, 6), st.integers(2, 60))
def test_a_path_goes_equally_far_with_each_step(modules, data, dims, count, frames):
    points = data.draw(vectors(count, dims))
    if data.draw(st.booleans()):
        points[1] = points[0]
    there = walk(modules, "path", dims, points, frames)
    lengths = np.linalg.norm(np.diff(points.astype(float), axis=0), axis=1)
    gone = np.linspace(0, lengths.sum(), frames)
    # a point that repeats adds no length: interpolation needs the way to grow
    kept = np.concatenate([[True], lengths > 0])
    way = np.concatenate([[0], np.cumsum(lengths)])[kept]
    expected = np.stack([np.interp(gone, way, axis) for axis in points[kept].T], axis=1)
    np.testing.assert_allclose(there, expected, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(there[[0, -1]], points[[0, -1]])


def test_paths_without_a_way(modules):
    np.testing.assert_array_equal(walk(modules, "path", 2, np.ones((1, 2)), 3), np.ones((3, 2)))
    np.testing.assert_array_equal(walk(modules, "path", 2, np.ones((4, 2)), 3), np.ones((3, 2)))
    np.testing.assert_array_equal(walk(modules, "path", 2, np.eye(2), 1), [[1, 0]])


def test_a_path_meets_its_ends_where_a_part_of_it_is_too_short_to_be_measured(modules):
    for points in ([[1.0], [1e-29], [0.0]], [[0.0], [1e-29], [1.0]], [[0.0], [1e-200]]):
        there = walk(modules, "path", 1, np.array(points, np.float32), 3)
        np.testing.assert_array_equal(there[[0, -1]], np.float32(points)[[0, -1]])


bits = st.integers(0, 2**32 - 1).map(lambda number: np.uint32(number).view(np.float32)).filter(np.isfinite)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 9))
def test_csv_keeps_every_bit(modules, data, dims, rows):
    codes = data.draw(arrays(np.float32, (rows, dims), elements=bits, fill=st.nothing()))
    text = modules.evaluate(CSV, [codes.ravel().tolist(), dims])
    assert text.splitlines()[0] == ",".join(f"code_{d}" for d in range(dims))
    back = np.loadtxt(io.StringIO(text), np.float32, delimiter=",", skiprows=1, ndmin=2)
    np.testing.assert_array_equal(back, codes)


def test_csv_where_nine_digits_are_needed(modules):
    codes = np.linspace(0.01, 0.012, 1000, dtype=np.float32)
    assert any(np.float32(f"{code:.8g}") != code for code in codes)
    text = modules.evaluate(CSV, [codes.tolist(), 1])
    np.testing.assert_array_equal(np.loadtxt(io.StringIO(text), np.float32, skiprows=1), codes)


def test_csv_is_short(modules):
    codes = np.float32([0.1, -2, 3e-30, 16777217]).tolist()
    assert modules.evaluate(CSV, [codes, 2]) == "code_0,code_1\n0.1,-2\n3e-30,16777216\n"


TABLE = """async ([names, rows]) => (await import("./lib/csv.js")).table(names, rows)"""
cells = st.one_of(st.text(st.characters(codec="utf-8"), max_size=6), st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=4))
def test_a_table_is_read_back(modules, rows):
    text = modules.evaluate(TABLE, [["a,b", 'c"d'], rows])
    names, *back = csv.reader(io.StringIO(text, newline=""))
    assert names == ["a,b", 'c"d']
    assert len(back) == len(rows)
    for row, read in zip(rows, back):
        for cell, one in zip(row, read):
            assert one == cell if isinstance(cell, str) else float(one) == pytest.approx(cell, rel=1e-8)


def test_a_table_with_nothing_in_a_cell(modules):
    assert modules.evaluate(TABLE, [["a", "b"], [[None, 0.5], ["", 2**53]]]) == "a,b\n,0.5\n,9007199254740992\n"
