"""Reads what `tf1_recorder.py` notes. A file that is none, or a damaged one, is refused."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError

# Array -> the kinds of its dtype, and its shape; None: any length.
_ARRAYS: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "script": ("US", ()), "sha256": ("US", ()), "argv": ("US", (None,)), "seed": ("i", ()), "threads": ("i", ()),
    "tensorflow": ("US", ()), "steps": ("i", ()), "op_seeds": ("i", (None, 2)), "variables": ("US", (None,)),
    "shapes": ("US", (None,)), "starts": ("US", (None,)), "norm_steps": ("i", (None,)), "norms": ("f", (None, None)),
    "scalar_names": ("US", (None,)), "scalars": ("f", (None, 3)), "summary_tags": ("US", (None,)),
    "summaries": ("f", (None, 3)),
}  # fmt: skip
# Those that recordings of before do not have, with what stands for them.
_NEWER: dict[str, tuple[str, tuple[int | None, ...], Any]] = {
    "every": ("i", (), 100),
    "ops_step": ("i", (), 0),
    **dict.fromkeys(("ops", "op_types", "op_shapes", "op_digests"), ("US", (None,), np.zeros(0, "U"))),
    "op_values": ("f", (None, 18), np.zeros((0, 18))),
}


class Recording(NamedTuple):
    """What `tf1_recorder.py` notes; its docstring describes the arrays."""

    name: str
    script: str
    sha256: str
    argv: list[str]
    seed: int
    threads: int | None
    tensorflow: str
    steps: int
    op_seeds: np.ndarray
    variables: list[str]
    shapes: list[str]
    starts: list[str]
    norm_steps: list[int]
    norms: np.ndarray
    scalar_names: list[str]
    scalars: np.ndarray
    summary_tags: list[str]
    summaries: np.ndarray
    every: int
    ops_step: int
    ops: list[str]
    op_types: list[str]
    op_shapes: list[str]
    op_digests: list[str]
    op_values: np.ndarray


def read(path: Path) -> Recording:
    """Reads a recording.

    Raises:
      UserError: it cannot be read, or is none.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = {key: file[key] for key in (*_ARRAYS, *_NEWER) if key in file.files}
    except OSError as error:
        if error.strerror:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None
        raise _refusal(path, error) from None
    except Exception as error:  # NumPy and zipfile fail in many ways at damaged bytes
        raise _refusal(path, error) from None
    try:
        found = {key: _checked(stored, key, *what) for key, what in _ARRAYS.items()}
        found |= {key: _checked({key: new[2]} | stored, key, new[0], new[1]) for key, new in _NEWER.items()}
        _check(found)
    except ValueError as error:
        raise _refusal(path, error) from None
    found["threads"] = found["threads"] if found["threads"] > 0 else None
    return Recording(name=path.name, **found)


def _refusal(path: Path, error: Exception) -> UserError:
    reason = (str(error) or type(error).__name__).splitlines()[0][:100]  # zipfile quotes the damaged bytes
    return UserError(f"{path}: not a recording of tf1_recorder.py ({reason})")


def _checked(stored: dict[str, Any], key: str, kinds: str, shape: tuple[int | None, ...]) -> Any:
    """Returns an array as `Recording` has it: texts and vectors of integers as lists, single values bare."""
    if key not in stored:
        raise ValueError(f"it has no {key}")
    array = np.asarray(stored[key])
    if array.dtype.kind not in kinds or len(array.shape) != len(shape):
        raise ValueError(f"{key} is {array.dtype} {array.shape}")
    if any(want not in (None, have) for want, have in zip(shape, array.shape)):
        raise ValueError(f"{key} has the shape {array.shape}")
    if array.dtype.kind == "S":  # of Python 2
        array = np.char.decode(array, "utf-8")
    return array.tolist() if array.dtype.kind == "U" or array.ndim == 0 or key == "norm_steps" else array


def _check(found: dict[str, Any]) -> None:
    """Raises a ValueError unless the arrays belong together."""
    variables, norms = len(found["variables"]), found["norms"].shape
    if not variables == len(found["shapes"]) == len(found["starts"]) == norms[1] or norms[0] != len(
        found["norm_steps"]
    ):
        raise ValueError("its variables, shapes, starts and norms do not belong together")
    if len({len(found[key]) for key in found if key.startswith("op") and key not in ("op_seeds", "ops_step")}) > 1:
        raise ValueError("its ops do not belong together")
    for rows, names in (("scalars", "scalar_names"), ("summaries", "summary_tags")):
        steps, which = found[rows][:, 0], found[rows][:, 1]
        if not np.isfinite(steps).all() or not np.isin(which, np.arange(len(found[names]))).all():
            raise ValueError(f"its {rows} do not belong to its {names}")


def check_script(recording: Recording, text: bytes, script: str) -> None:
    """Raises an error unless a script is the recorded one.

    Raises:
      UserError: it is another.
    """
    if hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest() != recording.sha256:
        raise UserError(f"{recording.name} was recorded of another text than {script} (of a {recording.script})")
