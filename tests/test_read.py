"""What was logged, read back: to the bit, every step, also of resumed runs and damaged files."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from helpers.latent import POINTS, TensorBoard, arrays, write
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import summary_pb2

import tb_plugin
from tb_plugin.events.event_file import EventFile
from tb_plugin.summary import LatentWriter


def only(folder):
    """Returns the one event file of a folder."""
    (path,) = folder.glob("*tfevents*")
    return path


def test_everything_comes_back(tmp_path):
    codes, labels, images, decoder = arrays()
    names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    walk = {"center": [0, 0], "radius": 1.0}
    pictures = np.random.default_rng(1).random((POINTS, 6, 6, 1))
    with LatentWriter(tmp_path / "some" / "run") as writer:
        writer.add("codes", 5, codes, labels=labels, images=images, class_names=names, decoder=decoder, walk=walk,
                   display_name="Codes", description="of a test")  # fmt: skip
        writer.add("codes", 7, codes + 1, reconstructions=pictures, errors=labels / 2)
    read = tb_plugin.read(tmp_path)
    assert list(read) == ["some/run"]
    (space,) = read["some/run"].values()
    assert (space.name, space.display_name, space.description) == ("codes", "Codes", "of a test")
    assert (space.steps, list(space), len(space)) == ([5, 7], [5, 7], 2)
    first, second = space[5], space[7]
    np.testing.assert_array_equal(first.codes, codes.astype(np.float32))
    np.testing.assert_array_equal(second.codes, (codes + 1).astype(np.float32))
    for step in (first, second):
        np.testing.assert_array_equal(step.labels, labels)
        np.testing.assert_array_equal(step.images, (images[..., None] * 255 + 0.5).astype(np.uint8))
        assert step.class_names == names
    np.testing.assert_array_equal(first.decoder(codes), decoder(codes))
    np.testing.assert_array_equal(second.errors, (labels / 2).astype(np.float32))
    np.testing.assert_array_equal(second.reconstructions, (pictures * 255 + 0.5).astype(np.uint8))
    assert first.walk["radius"] == 1
    assert first.wall_time <= second.wall_time
    assert first.errors is first.reconstructions is second.decoder is second.walk is None
    with pytest.raises(KeyError):
        space[6]


def test_what_was_not_logged_is_none(tmp_path):
    with LatentWriter(tmp_path) as writer:
        writer.add("codes", 0, arrays()[0])
    step = tb_plugin.read(tmp_path)["."]["codes"][0]
    assert step.labels is step.images is step.class_names is step.errors is step.decoder is None


def test_metadata_come_back_at_every_step(tmp_path):
    codes = np.zeros((3, 2), np.float32)
    given = {"who": ["a", None, "b"], "size": [1.5, np.nan, 3], "n": [1, 2, 3], "label": [4, 5, 6]}
    with LatentWriter(tmp_path) as writer:
        writer.add("codes", 0, codes, labels=[0.5, 1, 2], metadata=given)
        writer.add("codes", 1, codes)
        writer.add("others", 0, codes)
    spaces = tb_plugin.read(tmp_path)["."]
    assert spaces["others"][0].metadata == {}
    found = spaces["codes"][1].metadata
    assert list(found) == list(given)
    assert found["who"].tolist() == given["who"]
    np.testing.assert_array_equal(found["size"], given["size"])
    assert spaces["codes"][1].columns()["metadata label"].tolist() == [4, 5, 6]
    assert spaces["codes"][1].columns()["label"].tolist() == [0.5, 1, 2]


def test_a_dataframe(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    write(tmp_path, steps=[0, 10])
    space = tb_plugin.read(str(tmp_path))["."]["codes"]
    frame = space.to_dataframe()
    assert list(frame.columns) == ["step", "point", "code_0", "code_1", "label", "class_name"]
    assert len(frame) == 2 * POINTS
    row = frame[(frame.step == 10) & (frame.point == 3)].iloc[0]
    assert row.code_1 == space[10].codes[3, 1]
    assert (row.label, row.class_name) == (3, "3")


def test_without_pandas(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ValueError, match="pip install pandas"):
        tb_plugin.read(tmp_path)["."]["codes"].to_dataframe()


def test_all_steps_of_a_run_of_which_tensorboard_keeps_a_sample(tmp_path):
    write(tmp_path, steps=range(500))
    assert tb_plugin.read(tmp_path)["."]["codes"].steps == list(range(500))


@pytest.mark.slow
def test_a_resumed_run_replaces_its_later_steps_as_tensorboard_does(tmp_path):
    """The same as TensorBoard's fast loader shows, which compares steps as they come."""
    write(tmp_path / "run", steps=range(0, 100, 10), seed=0)
    write(tmp_path / "run", steps=range(50, 80, 10), seed=1)
    space = tb_plugin.read(tmp_path)["run"]["codes"]
    assert space.steps == [0, 10, 20, 30, 40, 50, 60, 70]
    np.testing.assert_array_equal(space[40].codes, (arrays(seed=0)[0] + 40).astype(np.float32))
    np.testing.assert_array_equal(space[50].codes, (arrays(seed=1)[0] + 50).astype(np.float32))
    board = TensorBoard(tmp_path)
    try:
        board.until(lambda runs: runs["run"] and runs["run"]["codes"]["steps"][-1] == 70)
        assert board.runs()["run"]["codes"]["steps"] == space.steps
    finally:
        board.stop()


def test_steps_that_go_backwards_in_one_file_are_all_read(tmp_path):
    from tb_plugin.summary import latent

    events = EventFile(tmp_path)
    for step in (0, 10, 20, 5, 15):
        events.add_summary(latent("codes", arrays()[0] + step), step)
    events.close()
    assert tb_plugin.read(tmp_path)["."]["codes"].steps == [0, 5, 10, 15, 20]


def test_other_series_and_files_are_passed_over(tmp_path):
    write(tmp_path)
    (tmp_path / "notes.txt").write_text("no events")
    events = EventFile(tmp_path)
    events.add_summary(summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="loss", simple_value=1.0)]), 3)
    events.close()
    (tmp_path / "circle").symlink_to(tmp_path)
    assert {run: list(names) for run, names in tb_plugin.read(tmp_path).items()} == {".": ["codes"]}


def test_a_truncated_file(tmp_path):
    write(tmp_path, steps=[0, 10])
    path = only(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.warns(UserWarning, match=r"tfevents.*byte [\d,]+: an incomplete event ends it"):
        space = tb_plugin.read(tmp_path)["."]["codes"]
    assert space.steps == [0]


def test_a_damaged_event_is_left_out(tmp_path):
    write(tmp_path, steps=[0, 10, 20])
    path = only(tmp_path)
    data = bytearray(path.read_bytes())
    codes = (arrays()[0] + 10).astype("<f4").tobytes()
    data[data.index(codes)] ^= 1
    path.write_bytes(data)
    with pytest.warns(UserWarning, match="an event is damaged, and left out"):
        space = tb_plugin.read(tmp_path)["."]["codes"]
    assert space.steps == [0, 20]


def test_a_damaged_length_ends_the_file(tmp_path):
    write(tmp_path, steps=[0, 10])
    path = only(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data + bytes(12) + data)
    with pytest.warns(UserWarning, match=f"byte {len(data):,}: it is damaged there; what follows is not read"):
        assert tb_plugin.read(tmp_path)["."]["codes"].steps == [0, 10]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_damaged_nothing_wrong_is_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    write(folder, steps=[0, 10])
    path = only(folder)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = tb_plugin.read(folder)
        except ValueError:
            return
        for step, logged in read["."]["codes"].items():
            np.testing.assert_array_equal(logged.codes, (arrays()[0] + step).astype(np.float32))


def test_a_newer_format_is_left_out_with_a_warning(tmp_path, monkeypatch):
    write(tmp_path, "old")
    monkeypatch.setattr("tb_plugin.metadata.VERSION", 99)
    write(tmp_path, "new")
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="new: .*update the plugin"):
        assert list(tb_plugin.read(tmp_path)["."]) == ["old"]


def test_where_nothing_is(tmp_path):
    with pytest.raises(ValueError, match="no latent space is logged there"):
        tb_plugin.read(tmp_path)
    with pytest.raises(FileNotFoundError):
        tb_plugin.read(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        tb_plugin.read(tmp_path / "file")


def test_the_import_is_light_and_its_order_does_not_matter(tmp_path):
    write(tmp_path)
    script = """
import sys
import tb_plugin
assert "numpy" not in sys.modules
import tb_plugin.read
from tb_plugin.read import read
assert list(tb_plugin.read(sys.argv[1])) == list(read(sys.argv[1])) == ["."]
assert not {"tensorflow", "torch", "pandas", "werkzeug"} & sys.modules.keys()
try:
    tb_plugin.nothing
except AttributeError as error:
    assert "nothing" in str(error)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
