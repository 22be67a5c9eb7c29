"""Reads recordings: what the posts' own TensorFlow computed. recordings/README.md describes the format."""

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError

FOLDER = Path(__file__).with_name("recordings")
_KEYS = ("port", "data", "tensorflow", "keras", "threads", "seeds", "op_seeds", "starts", "losses", "test_losses")
_VARIABLE_KEYS = ("variables", "variable_starts", "norm_steps", "norms")


class Run(NamedTuple):
    """One recorded run: a port with one seed. It has V variables and S steps."""

    recording: str  # the file's name
    port: str  # with its variant, e.g. "vandenburg_relu"
    data: str  # "full" or "bundled"
    tensorflow: str
    seed: int
    op_seeds: list[int]  # of the ops that draw the initial weights, in the order of their creation
    start: str  # SHA-256 of all variables after initialization
    variables: list[str]  # their names, in the order of their creation
    variable_starts: list[str]  # SHA-256 of each variable after initialization
    norm_steps: np.ndarray  # int [M]
    norms: np.ndarray  # float64 [M, V], the Euclidean norm of each variable after so many steps
    losses: np.ndarray  # float32 [S], of each step's batch before its update
    test_loss: float  # after the last step


class Recording(NamedTuple):
    """The recorded runs of one port on one data set, a seed each. There are R of them, of S steps."""

    name: str  # the file's name
    port: str  # with its variant
    data: str
    tensorflow: str
    threads: int
    seeds: list[int]
    runs: list[Run]
    losses: np.ndarray  # float32 [R, S]
    test_losses: np.ndarray  # float32 [R]

    @property
    def steps(self) -> int:
        return self.losses.shape[1]

    def run(self, seed: int) -> Run | None:
        """Returns the run of a seed, None if that seed was not recorded."""
        return self.runs[self.seeds.index(seed)] if seed in self.seeds else None


def shipped(port: str, data: str) -> Recording:
    """Reads the recording that ships with the package, of a port (with its variant) on a data source.

    Raises:
      UserError: there is none.
    """
    path = FOLDER / f"{port}-{data}.npz"
    if not path.is_file():
        raise UserError(f"there is no recording of {port} on {data} MNIST")
    return read(path)


def read(path: Path) -> Recording:
    """Reads a recording, which must have been made on one thread.

    Raises:
      UserError: the file cannot be read, or is not a recording.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            missing = [key for key in _KEYS if key not in arrays.files]
            if missing:
                raise UserError(f"{path}: not a recording (it has no {missing[0]})")
            content = {key: arrays[key] for key in (*_KEYS, *_VARIABLE_KEYS) if key in arrays.files}
        return _recording(path.name, content)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: not a recording ({reason:.100})") from None


def _recording(name: str, content: dict[str, Any]) -> Recording:
    losses, tests, seeds = content["losses"], content["test_losses"], content["seeds"]
    if losses.ndim != 2 or not losses.size or losses.dtype.kind != "f":
        raise ValueError("its losses are not numbers [runs, steps]")
    if not (np.isfinite(losses) & (losses > 0)).all():
        raise ValueError("its losses are not all positive numbers")
    count = len(losses)
    variables = [str(variable) for variable in content.get("variables", [])]
    steps = np.asarray(content.get("norm_steps", np.empty(0, int)))
    norms = np.asarray(content.get("norms", np.empty((count, 0, 0))), np.float64)
    starts = content.get("variable_starts", np.empty((count, 0), str))
    if not (len(seeds) == len(tests) == len(content["starts"]) == len(content["op_seeds"]) == len(starts) == count):
        raise ValueError("its arrays are not of as many runs as its losses")
    if norms.shape != (count, len(steps), len(variables)) or starts.shape != (count, len(variables)):
        raise ValueError("its norms are not [runs, steps, variables]")
    port, data, tensorflow = (str(content[key]) for key in ("port", "data", "tensorflow"))
    runs = [
        Run(
            name, port, data, tensorflow, int(seeds[i]), content["op_seeds"][i].tolist(), str(content["starts"][i]),
            variables, [str(start) for start in starts[i]], steps, norms[i], losses[i], float(tests[i]),
        )
        for i in range(count)
    ]  # fmt: skip
    threads, numbers = int(content["threads"]), [int(seed) for seed in seeds]
    return Recording(name, port, data, tensorflow, threads, numbers, runs, losses, tests)
