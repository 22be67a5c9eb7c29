"""Writes and reads a run's checkpoints. A run that is resumed from one continues as if it had never stopped.

    checkpoints/
        model.ckpt-500.index, .data-…   TensorFlow's: the weights and the optimizer's slots
        model.ckpt-500.npz              everything else; written last, so that a checkpoint that has it is whole
        checkpoint                      TensorFlow's list of them

Both kinds carry checksums. A checkpoint is read to the end before it is used.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError, files
from legacy_ports.tf1 import tf

KEEP = 3  # checkpoints of a run
_STATE = "state"
_KEPT = "kept/"


class Checkpoint(NamedTuple):
    """A checkpoint that was read and is whole."""

    prefix: str  # of TensorFlow's files
    state: dict[str, Any]  # what JSON can hold
    kept: dict[str, Any]  # the content of the objects in `keep`, by name


def save(
    folder: Path, saver: tf.train.Saver, sess: tf.Session, step: int, state: dict[str, Any], keep: Mapping[str, Any]
) -> None:
    """Writes the checkpoint of a step, and removes all but the last `KEEP`.

    Args:
      state: what JSON can hold.
      keep: by name, the objects that change during training. Each is an array, a list of numbers or of arrays of one
        shape, or an object with `get_state` and `set_state`. As with NumPy's generators, a state is a dict, maybe
        nested, of numbers, texts and arrays.

    Raises:
      tf.errors.OpError, WriteError: it cannot be written; those before it stay.
    """
    try:
        prefix = saver.save(sess, str(folder / "model.ckpt"), step, write_meta_graph=False)
    except ValueError:  # the Saver raises it if the folder is gone
        raise files.WriteError(f"{folder}: cannot be written (No such file or directory)") from None
    kept = {name: thing.get_state() if hasattr(thing, "get_state") else thing for name, thing in keep.items()}
    _write(prefix, state, kept)
    for path in folder.glob("model.ckpt-*.npz"):  # also of the checkpoints that the Saver removed
        if not path.with_suffix(".index").exists():
            path.unlink()


def with_state(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    """Writes a checkpoint again with changes in its state, and returns the new checkpoint."""
    state = {**checkpoint.state, **changes}
    _write(checkpoint.prefix, state, checkpoint.kept)
    return checkpoint._replace(state=state)


def newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Finds the newest checkpoint that is whole, and removes the files of newer ones.

    Returns:
      The checkpoint (None if there is none), and a line about each newer one that is damaged.
    """
    found, damaged = None, []
    for path in sorted(folder.glob("model.ckpt-*.npz"), key=_step, reverse=True):
        try:
            found = _read(path)
            break
        except Exception as error:  # damage makes the readers raise errors of all kinds
            reason = (str(error) or repr(error)).splitlines()[0]
            damaged.append(f"the checkpoint of step {_step(path):,} is damaged ({reason:.100})")
    _remove_newer(folder, found)
    return found, damaged


def prefixes(folder: Path) -> list[str]:
    """Returns the prefixes of TensorFlow's files, oldest first."""
    return [str(path.with_suffix("")) for path in sorted(folder.glob("model.ckpt-*.index"), key=_step)]


def put_back(checkpoint: Checkpoint, keep: Mapping[str, Any]) -> None:
    """Gives the objects in `keep` the content that they had when the checkpoint was saved.

    Raises:
      UserError: the checkpoint holds other names than `keep`.
    """
    missing, unknown = sorted(keep.keys() - checkpoint.kept.keys()), sorted(checkpoint.kept.keys() - keep.keys())
    if missing or unknown:
        wrong = [f"it lacks {', '.join(missing)}"] * bool(missing) + [f"it has {', '.join(unknown)}"] * bool(unknown)
        raise UserError(
            f"{checkpoint.prefix}: not a checkpoint of this port's present code ({'; '.join(wrong)}); "
            "start a new run, without --resume"
        )
    for name, thing in keep.items():
        if hasattr(thing, "set_state"):
            thing.set_state(checkpoint.kept[name])
        else:
            thing[:] = checkpoint.kept[name]


def _remove_newer(folder: Path, last: Checkpoint | None) -> None:
    """Removes the files of checkpoints after `last` (None: of all), and unfinished files."""
    step = _step(Path(f"{last.prefix}.npz")) if last else -1
    for path in folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path)  # the Saver writes to a folder, and then renames its files
        elif not (path.name == "checkpoint" or path.name.startswith("model.ckpt-") and _step(path) <= step):
            path.unlink()


def _write(prefix: str, state: dict[str, Any], kept: dict[str, Any]) -> None:
    """Writes the .npz file of a checkpoint."""
    arrays: dict[str, Any] = {_STATE: np.frombuffer(json.dumps(state).encode(), np.uint8)}
    for name, tree in kept.items():
        arrays |= dict(_leaves(tree, _KEPT + name))
    if wrong := [key.removeprefix(_KEPT) for key, array in arrays.items() if array.dtype == object]:
        raise TypeError(f"keep: {', '.join(wrong)} is neither numbers nor arrays of one shape")  # NumPy would pickle it
    file = BytesIO()
    np.savez(file, **arrays)
    files.write(Path(f"{prefix}.npz"), file.getvalue())


def _read(path: Path) -> Checkpoint:
    """Reads a checkpoint to the end of all its files, and raises an error of any kind if it is damaged."""
    with np.load(path, allow_pickle=False) as arrays:
        content = {key: arrays[key] for key in arrays.files}
    state = json.loads(content.pop(_STATE).tobytes())
    kept: dict[str, Any] = {}
    for key, array in content.items():
        *parents, name = key.removeprefix(_KEPT).split("/")
        at = kept
        for parent in parents:
            at = at.setdefault(parent, {})
        at[name] = array if array.ndim else array.item()
    prefix = str(path.with_suffix(""))
    reader = tf.train.load_checkpoint(prefix)
    for variable in reader.get_variable_to_shape_map():
        reader.get_tensor(variable)
    return Checkpoint(prefix, state, kept)


def _leaves(tree: Any, at: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the arrays of a nested dict, each with its path."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, f"{at}/{key}")
    else:
        yield at, np.asarray(tree)


def _step(path: Path) -> int:
    """Returns the step in a file's name, model.ckpt-STEP.…"""
    return int(path.name.removeprefix("model.ckpt-").split(".")[0])
