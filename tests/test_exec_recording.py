"""Recordings are read, or refused in one line; replays that differ name where. No TensorFlow is needed."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_ports import UserError
from legacy_ports.original import replay
from legacy_ports.original.missing import said
from legacy_ports.original.recording import read

ARRAYS = {
    "script": "a.py", "sha256": "0" * 64, "argv": np.array(["x"]), "seed": 0, "threads": 1, "tensorflow": "1.15.0",
    "steps": 2, "op_seeds": np.array([[-1, 7]]), "variables": np.array(["w", "b"]),
    "shapes": np.array(["(2,)", "()"]), "starts": np.array(["1", "2"]), "norm_steps": np.array([1, 2]),
    "norms": np.ones((2, 2)), "scalar_names": np.array(["loss:0"]), "scalars": np.array([[0, 0, 3.0], [1, 0, 2.0]]),
    "summary_tags": np.array([], "U"), "summaries": np.zeros((0, 3)), "every": 1, "ops_step": 1,
    "ops": np.array(["w:0", "MatMul:0", "Relu:0", "Mean:0"]),
    "op_types": np.array(["Variable", "MatMul", "Relu", "Mean"]), "op_shapes": np.array(["(2,)"] * 4),
    "op_digests": np.array(["a", "b", "c", "d"]), "op_values": np.ones((4, 18)),
}  # fmt: skip
OLD = [key for key in ARRAYS if key != "every" and not key.startswith("op") or key == "op_seeds"]


def written(path, **changes):
    with open(path, "wb") as file:
        np.savez_compressed(file, **{**ARRAYS, **changes})
    return path


def refused(path):
    """Returns the one line that a file is refused with, None if it is read."""
    try:
        read(path)
    except UserError as error:
        return str(error)


def test_a_recording_is_read(tmp_path):
    found = read(written(tmp_path / "a.npz"))
    assert (found.name, found.script, found.threads, found.norm_steps, found.ops_step) == (
        "a.npz",
        "a.py",
        1,
        [1, 2],
        1,
    )
    assert replay.compare(found, found).equal


def test_a_recording_of_before_and_one_of_python_2_are_read(tmp_path):
    np.savez(tmp_path / "old.npz", **{key: ARRAYS[key] for key in OLD})
    assert (read(tmp_path / "old.npz").every, read(tmp_path / "old.npz").ops) == (100, [])
    python2 = written(tmp_path / "2.npz", script=b"a.py", sha256=b"0" * 64, tensorflow=b"1.4.0")
    assert (read(python2).script, read(python2).tensorflow) == ("a.py", "1.4.0")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norms": np.ones((2, 3))}, "its variables, shapes, starts and norms do not belong together"),
        ({"ops": np.array(["w:0"])}, "its ops do not belong together"),
        ({"scalars": np.array([[0, 1, 3.0]])}, "its scalars do not belong to its scalar_names"),
        ({"scalars": np.ones(3)}, "scalars is float64 (3,)"),
        ({"op_seeds": np.ones((1, 2))}, "op_seeds is float64 (1, 2)"),
        ({"argv": np.array([{}])}, "Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(tmp_path, changes, message):
    with pytest.raises(UserError) as error:
        read(written(tmp_path / "a.npz", **changes))
    assert str(error.value).startswith(f"{tmp_path}/a.npz: not a recording of tf1_recorder.py ({message}")
    assert "\n" not in str(error.value)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_recording_is_read_or_refused_in_one_line(tmp_path, data):
    path = tmp_path / "a.npz"
    text = bytearray(written(path).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(text) - 1), max_size=4)):
        text[at] = data.draw(st.integers(0, 255))
    path.write_bytes(text[: data.draw(st.integers(0, len(text)) | st.just(len(text)))])
    refusal = refused(path)
    assert refusal is None or refusal.startswith(f"{path}: not a recording") and "\n" not in refusal


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    key=st.sampled_from(sorted(ARRAYS)),
    value=st.sampled_from(
        [np.zeros(0), np.ones((1, 2)), np.array("x"), np.array(1), np.array([np.nan]), np.ones((4, 18))]
    ),
)
def test_an_array_of_another_kind_is_read_or_refused_in_one_line(tmp_path, key, value):
    path = written(tmp_path / "a.npz", **{key: value})
    refusal = refused(path)
    if refusal is None:
        replay.compare(read(path), read(path))
    else:
        assert "\n" not in refusal


def test_the_first_op_that_differs_is_named(tmp_path):
    recording = read(written(tmp_path / "a.npz"))
    values = recording.op_values.copy()
    values[1, 5] += 1e-7
    values[2, 1] = 2
    values[3, 0] = 1.5
    off = recording.scalars.copy()
    off[1, 2] = 2.5
    ours = recording._replace(op_digests=["a", "B", "C", "D"], op_values=values, scalars=off)
    assert replay.compare(recording, ours).ops == [
        "of training step 1, 4 of 4 outputs are in both graphs",
        "the first that differs is MatMul:0 (MatMul), by 1e-07",
        "the first with another number of zeros is Relu:0 (Relu), by 1",
        "the first beyond the tolerance is Mean:0 (Mean), by 0.5",
    ]
    assert replay.compare(recording, recording).ops == []
    other = ours._replace(op_shapes=["(3,)"] * 4)
    assert replay.compare(recording, other).ops == ["no op of the recorded step is in today's graph too"]
    none = recording._replace(ops=[], op_types=[], op_shapes=[], op_digests=[], op_values=values[:0])
    assert replay.compare(none, ours).ops == []


def test_norms_are_compared_at_the_same_steps(tmp_path):
    recording = read(written(tmp_path / "a.npz", norms=np.array([[1.0, 1], [2, 2]])))
    ours = recording._replace(norm_steps=[2], norms=recording.norms[1:])
    assert replay.compare(recording, ours).equal
    other = replay.compare(recording, ours._replace(norms=recording.norms[:1]))
    assert other.leaves == ["after 2 steps the norm of w is off by 5.0e-01, the farthest"]
    assert other.begins == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Cannot assign a device for operation MatMul: {{node MatMul}} was explicitly assigned to /device:GPU:0 but "
            "available devices are [ /job:localhost/replica:0/task:0/device:CPU:0 ].",
            "the script puts ops on /device:GPU:0, which is not here; "
            "tf.ConfigProto(allow_soft_placement=True) moves them",
        ),
        (
            "Restoring from checkpoint failed. Key W_1 not found in checkpoint\n\t [[node save/RestoreV2]]",
            "the checkpoint that the script restores has no W_1: it is another model's",
        ),
        (
            "model/a.ckpt-10.data-00000-of-00001; No such file or directory\n\t [[node save/RestoreV2]]",
            "the checkpoint model/a.ckpt-10.data-00000-of-00001 is not here, or not all of it",
        ),
        ("Incompatible shapes: [2] vs. [3]", None),
    ],
)
def test_a_sessions_error_about_this_machine_or_a_file_is_one_line(text, line):
    assert said(RuntimeError(text), "a.py") == line
