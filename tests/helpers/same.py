"""Compares two runs to the bit: variables, the rest of their checkpoints, manifests, events, figures."""

import json
from collections import Counter
from contextlib import suppress

import numpy as np
from tensorboard.compat.proto import event_pb2

from legacy_ports.tf1 import tf

TIME = ("seconds", "started", "resumed", "save_every")  # entries of a manifest in which the same runs differ


def weights(folder, step):
    """Returns all variables of a checkpoint, the optimizer's too."""
    reader = tf.train.load_checkpoint(str(folder / f"checkpoints/model.ckpt-{step}"))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def state(folder, step):
    """Returns the rest of a checkpoint: its JSON state, and its arrays by name."""
    with np.load(folder / f"checkpoints/model.ckpt-{step}.npz") as arrays:
        content = {key: arrays[key] for key in arrays.files}
    record = json.loads(content.pop("state").tobytes())
    del record["events"]
    return {**record, "manifest": timeless(record["manifest"])}, content


def timeless(manifest):
    return {key: value for key, value in manifest.items() if key not in TIME}


def events(folder):
    """Returns the serialized values of a run's event files by (tag, step), each of which must be there once.

    The run's texts are left out.
    """
    found = []
    for path in sorted(folder.glob("events.*")):
        with suppress(tf.errors.DataLossError):  # the last record may be unfinished
            for record in tf.io.tf_record_iterator(str(path)):
                event = event_pb2.Event.FromString(record)
                found += [((value.tag, event.step), value) for value in event.summary.value]
    twice = [key for key, count in Counter(key for key, _ in found).items() if count > 1]
    assert not twice, twice
    for _, value in found:
        value.ClearField("metadata")
    return {key: value.SerializeToString() for key, value in found if key[0] != "run"}


def assert_same(folder, other, step):
    """Asserts that two runs have the same checkpoint of a step and the same events."""
    for ours, theirs in (
        (weights(folder, step), weights(other, step)),
        (state(folder, step)[1], state(other, step)[1]),
    ):
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name, strict=True)
    assert state(folder, step)[0] == state(other, step)[0]
    ours, theirs = events(folder), events(other)
    assert ours.keys() == theirs.keys()
    assert [key for key in ours if ours[key] != theirs[key]] == []
