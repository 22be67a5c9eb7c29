"""A run's checkpoints: with each, what the training loop goes on from as if it had never stopped.

    checkpoints/
        model.ckpt-500.index, .data-…   TensorFlow's: the weights and the optimizer's slots
        model.ckpt-500.npz              all else; written last and at once, so what has it is whole
        checkpoint                      TensorFlow's list of them

Both kinds carry checksums, and both are read to the end before a checkpoint is taken for good.
"""

import json
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError, files
from legacy_ports.tf1 import tf

KEEP = 3
_STATE = "state"


class Checkpoint(NamedTuple):
    """A checkpoint that was read and found whole."""

    prefix: str  # of TensorFlow's files
    state: dict[str, Any]  # as JSON holds it
    kept: list[Any]  # see `put_back`


def save(
    folder: Path, saver: tf.train.Saver, sess: tf.Session, step: int, state: dict[str, Any], keep: list[Any]
) -> None:
    """Writes the checkpoint of a step; the last `KEEP` stay.

    Args:
      state: what JSON can hold.
      keep: each a list of numbers or of arrays of one shape, an array, or what has `get_state` and `set_state`
        as NumPy's generators have them: a dict, which may be nested, of numbers, texts and arrays.

    Raises:
      tf.errors.OpError, UserError: it cannot be written; those before it stay.
    """
    try:
        prefix = saver.save(sess, str(folder / "model.ckpt"), step, write_meta_graph=False)
    except ValueError:  # so the Saver says that the folder is gone
        raise UserError(f"{folder}: cannot be written (No such file or directory)") from None
    _write(prefix, state, [thing.get_state() if hasattr(thing, "get_state") else thing for thing in keep])
    for path in folder.glob("model.ckpt-*.npz"):  # of checkpoints that TensorFlow removed
        if not path.with_suffix(".index").exists():
            path.unlink()


def with_state(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    """Writes a checkpoint's state again, changed; returns the checkpoint as it is then."""
    state = {**checkpoint.state, **changes}
    _write(checkpoint.prefix, state, checkpoint.kept)
    return checkpoint._replace(state=state)


def newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that is whole, if there is one; and what is wrong with each that is newer.

    What lies there of newer ones is removed.
    """
    found, damaged = None, []
    for path in sorted(folder.glob("model.ckpt-*.npz"), key=_step, reverse=True):
        try:
            found = _read(path)
            break
        except Exception as error:  # damage makes the readers raise all kinds
            reason = (str(error) or repr(error)).splitlines()[0]
            damaged.append(f"the checkpoint of step {_step(path):,} is damaged ({reason:.100})")
    clear(folder, found)
    return found, damaged


def clear(folder: Path, last: Checkpoint | None) -> None:
    """Removes what is newer than the checkpoint `last` (None: all), and what was half written."""
    step = _step(Path(f"{last.prefix}.npz")) if last else -1
    for path in folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path)  # TensorFlow writes in one, and then renames
        elif not (path.name == "checkpoint" or path.name.startswith("model.ckpt-") and _step(path) <= step):
            path.unlink()


def prefixes(folder: Path) -> list[str]:
    """TensorFlow's names of the checkpoints, oldest first."""
    return [str(path.with_suffix("")) for path in sorted(folder.glob("model.ckpt-*.index"), key=_step)]


def put_back(keep: list[Any], kept: list[Any]) -> None:
    """Gives the things in `keep` the content that they had when they were saved."""
    for thing, content in zip(keep, kept, strict=True):
        if hasattr(thing, "set_state"):
            thing.set_state(content)
        else:
            thing[:] = content


def _write(prefix: str, state: dict[str, Any], kept: list[Any]) -> None:
    arrays: dict[str, Any] = {_STATE: np.frombuffer(json.dumps(state).encode(), np.uint8)}
    for i, tree in enumerate(kept):
        arrays |= dict(_leaves(tree, str(i)))
    if any(array.dtype == object for array in arrays.values()):
        raise TypeError("what a run keeps must have one shape")  # NumPy would pickle it
    file = BytesIO()
    np.savez(file, **arrays)
    files.write(Path(f"{prefix}.npz"), file.getvalue())


def _read(path: Path) -> Checkpoint:
    with np.load(path, allow_pickle=False) as arrays:
        content = {key: arrays[key] for key in arrays.files}
    state = json.loads(content.pop(_STATE).tobytes())
    kept: dict[str, Any] = {}
    for key, array in content.items():
        *parents, name = key.split("/")
        at = kept
        for parent in parents:
            at = at.setdefault(parent, {})
        at[name] = array if array.ndim else array.item()
    prefix = str(path.with_suffix(""))
    reader = tf.train.load_checkpoint(prefix)
    for variable in reader.get_variable_to_shape_map():
        reader.get_tensor(variable)
    return Checkpoint(prefix, state, [kept[str(i)] for i in range(len(kept))])


def _leaves(tree: Any, at: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, f"{at}/{key}")
    else:
        yield at, np.asarray(tree)


def _step(path: Path) -> int:
    """The step in a file's name, model.ckpt-STEP.…"""
    return int(path.name.removeprefix("model.ckpt-").split(".")[0])
