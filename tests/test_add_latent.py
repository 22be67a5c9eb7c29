"""Latent spaces through the writers of PyTorch, tensorboardX and TensorFlow, into their own event files."""

import gc
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from helpers.latent import POINTS, TensorBoard, arrays
from hypothesis import example, given
from hypothesis import strategies as st

import tb_plugin
from tb_plugin import add_latent as module
from tb_plugin.add_latent import add_embedding, add_latent
from tb_plugin.writer import projector_columns as columns


def torch_writer(folder):
    return pytest.importorskip("torch.utils.tensorboard").SummaryWriter(str(folder))


def tensorboardx_writer(folder):
    return pytest.importorskip("tensorboardX").SummaryWriter(str(folder))


def tensorflow_1_writer(folder):
    tf = pytest.importorskip("tensorflow")
    with tf.Graph().as_default():
        return tf.compat.v1.summary.FileWriter(str(folder))


@pytest.mark.slow
def test_one_event_file_that_both_loaders_show(tmp_path):
    codes, labels, images, decoder = arrays()
    makers = [torch_writer, tensorboardx_writer, tensorflow_1_writer]
    for make in makers:
        folder = tmp_path / make.__name__
        writer = make(folder)
        for step in (0, 10, 20):
            add_latent(writer, "codes", step, codes + step, labels=labels, images=images, decoder=decoder)
            add_latent(writer, "other", step, codes)
            if make is not tensorflow_1_writer:
                writer.add_scalar("loss", 1 / (1 + step), step)
            if make is not tensorboardx_writer:
                assert tb_plugin.read(folder)["."]["other"].steps[-1] == step, "in the file at once"
        writer.close()
        assert len(list(folder.iterdir())) == 1
    read = tb_plugin.read(tmp_path)
    assert len(read) == len(makers)
    for run in read.values():
        assert run["codes"].steps == run["other"].steps == [0, 10, 20]
        np.testing.assert_array_equal(run["codes"][20].codes, (codes + 20).astype(np.float32))
        np.testing.assert_array_equal(run["codes"][20].labels, labels)
    for flags in ([], ["--load_fast=false"]):
        board = TensorBoard(tmp_path, *flags)
        try:
            board.until(lambda runs: [run.get("codes", {}).get("logged") for run in runs.values()] == [3, 3, 3])
            assert all(run["codes"]["steps"] == [0, 10, 20] for run in board.runs().values())
        finally:
            board.stop()


RESUMED = """
import sys, warnings
import numpy as np
warnings.simplefilter("error", UserWarning)
from tb_plugin.add_latent import add_latent
{0}
first = int(sys.argv[2])
writer = {1}(sys.argv[1])
for step in range(first, first + 40, 10):
    add_latent(writer, "codes", step, np.eye(3) + first)
writer.close()
"""


@pytest.mark.slow
def test_a_run_that_starts_again_replaces_its_later_steps(tmp_path):
    """By any writer, on the loader that does not compare steps itself."""
    makers = {
        "torch": ("from torch.utils.tensorboard import SummaryWriter", "SummaryWriter"),
        "tensorboardX": ("from tensorboardX import SummaryWriter", "SummaryWriter"),
        "tensorflow": (
            "import tensorflow as tf; tf.compat.v1.disable_eager_execution()",
            "tf.compat.v1.summary.FileWriter",
        ),
    }
    makers = {name: words for name, words in makers.items() if find_spec(name)}
    for first in (0, 15):
        for name, words in makers.items():
            command = [sys.executable, "-c", RESUMED.format(*words), str(tmp_path / name), str(first)]
            subprocess.run(command, check=True, cwd=Path(__file__).parents[1], timeout=120)
    board = TensorBoard(tmp_path, "--load_fast=false")
    try:
        expected = {name: [0, 10, 15, 25, 35, 45] for name in makers}
        board.until(lambda runs: {name: run["codes"]["steps"] for name, run in runs.items()} == expected)
    finally:
        board.stop()
    for run in tb_plugin.read(tmp_path).values():
        assert [float(step.codes[0, 0]) for step in run["codes"].values()] == [1, 1, 16, 16, 16, 16]


def test_a_writer_of_tensorflow_2_in_a_graph_is_refused(tmp_path):
    tf = pytest.importorskip("tensorflow")
    with tf.Graph().as_default():
        writer = tf.summary.create_file_writer(str(tmp_path))
        with pytest.raises(ValueError, match="writes in eager mode; in a graph, give"):
            add_latent(writer, "codes", 0, np.eye(3))


@pytest.mark.slow
def test_the_arguments_of_pytorchs_add_embedding(tmp_path):
    torch = pytest.importorskip("torch")
    images = torch.rand(4, 3, 8, 6)
    with torch_writer(tmp_path) as writer:
        for step in (0, 1):
            add_embedding(writer, torch.eye(4, requires_grad=True), list("abca"), images, step, "letters")
        add_embedding(writer, torch.eye(4), torch.tensor([3, 1, 2, 3]))
        with pytest.raises(ValueError, match=r"label_img: shape is \[4, 8\], it must be \[N, C, H, W\]"):
            add_embedding(writer, torch.eye(4), label_img=torch.rand(4, 8), tag="bad")
        with pytest.raises(ValueError, match="metadata: there are 2 rows for 4 points"):
            add_embedding(writer, torch.eye(4), ["a", "b"], tag="bad")
    run = tb_plugin.read(tmp_path)["."]
    letters = run["letters"][1]
    assert [letters.class_names[label] for label in letters.labels] == list("abca")
    np.testing.assert_allclose(letters.images, images.permute(0, 2, 3, 1).numpy() * 255, atol=0.51)
    assert run["default"][0].labels.tolist() == [3, 1, 2, 3]


@pytest.mark.slow
def test_a_writer_that_is_gone_is_forgotten(tmp_path):
    gc.collect()
    before = len(module._writers)
    writer = torch_writer(tmp_path)
    add_latent(writer, "codes", 0, arrays()[0])
    writer.close()
    assert len(module._writers) == before + 1
    del writer
    gc.collect()
    assert len(module._writers) == before


def test_another_writer_is_refused_by_its_name():
    with pytest.raises(ValueError, match="writer: it is a list, it must be a SummaryWriter"):
        add_latent([], "codes", 0, arrays()[0])


@given(st.lists(st.one_of(st.integers(-(2**31) + 1, 2**31 - 1), st.text(max_size=5)), min_size=1))
@example(["01", "2"])
def test_a_column_keeps_its_values(values):
    made = columns.arguments(columns.of_rows([[value] for value in values], ["any"], len(values)))
    names = made.get("class_names")
    labels = [int(label) for label in made["labels"]]
    back = [str(label) if names is None else "" if label == -1 else names[label] for label in labels]
    assert back == [str(value) for value in values] or set(values) == {""}


@pytest.mark.parametrize(
    ("header", "rows", "chosen"),
    [
        (["word", "Class"], [["a", "x"], ["a", "y"]], "Class"),
        (["number", "kind"], [["1", "x"], ["2", "x"]], "kind"),
        (["text", "other"], [["a" * 300, "y"], ["a", "z"]], "other"),
    ],
)
def test_which_column_becomes_the_labels(header, rows, chosen):
    made = columns.arguments(columns.of_rows(rows, header, 2))
    assert made["metadata"].keys() == set(header) - {chosen}
    assert [made["class_names"][label] for label in made["labels"]] == [row[header.index(chosen)] for row in rows]


def test_metadata_that_do_not_fit():
    with pytest.raises(ValueError, match="row 2 has 1 values, the header has 2"):
        columns.of_rows([["a", "b"], ["c"]], ["x", "y"], 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert columns.arguments(columns.of_rows([[i % 3] for i in range(POINTS)], ["x"], POINTS)).keys() == {"labels"}
    words = [str(i) + "?" for i in range(5000)]  # too many to be classes
    assert columns.arguments({"x": words}) == {"metadata": {"x": words}}
    with pytest.warns(UserWarning, match="the columns x are left out; a text has more than 2,000 characters"):
        assert columns.arguments({"x": ["a" * 2001]}) == {}


def test_columns_of_numbers_of_texts_and_of_the_same_name():
    header = ["class", "size", "", "size", "far"]
    rows = [["a", "1.5", "x", "", "inf"], ["b", "", "", "7", "1"], ["a", "-2", "y", "", ""]]
    made = columns.arguments(columns.of_rows(rows, header, 3))["metadata"]
    assert list(made) == ["size", "column 3", "size (4)", "far"]
    np.testing.assert_array_equal(made["size"], [1.5, np.nan, -2])
    np.testing.assert_array_equal(made["size (4)"], [np.nan, 7, np.nan])
    assert made["column 3"] == ["x", None, "y"]
    assert made["far"] == ["inf", "1", None]
