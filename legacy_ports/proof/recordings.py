"""Recorded curves and what is held against them, in pure NumPy.

The recordings were made with TensorFlow 1.4.0 (mathybit: TensorFlow 1.10.0 with Keras 2.2.2); their
format is told in recordings/README.md.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError, ports

FOLDER = Path(__file__).with_name("recordings")
WINDOWS = (10, 100, 1000)  # and all

# Largest relative error of a step's loss, over the first so many steps, at which a replay still
# equals its recording. Rounding differs from one TensorFlow to the next, and training amplifies it.
TOLERANCES = {
    "vandenburg": {10000: 5e-5},
    "vandenburg_relu": {10000: 5e-5},
    "kajuvonen": {500: 2e-5, 1000: 2e-3},
    "smith": {100: 1e-4, 150: 5e-4},  # its mean squares start at 1: an epsilon shows only after 100 steps
    "mathybit_dense": {20: 5e-4, 1000: 5e-2},
    "mathybit_conv": {20: 5e-4, 100: 5e-2},
}

# Training amplifies rounding, a ReLU by whole steps: it lets a gradient pass or not. Sooner or later a
# replay parts from its recording on any arithmetic but the recording's own. These part early; an exact
# replay (float64, tests/float64.py) leaves them too, at steps 4,581, 6,304 and 930. They count up to here.
HORIZONS = {
    ("vandenburg_relu", "full", 1): 4000,
    ("vandenburg_relu", "bundled", 1): 4000,
    ("kajuvonen", "bundled", 1): 900,
}

# What was recorded beside the posts' own options.
VARIANTS = (("vandenburg", {"readout": "relu"}),)

# The weights of each post's network, by its layers.
WEIGHTS = {
    "vandenburg": 84_586,
    "kajuvonen": 885_884,
    "smith": 1_100_320,
    "mathybit_dense": 457_370,
    "mathybit_conv": 359_263,
}

# What a recording starts the last bias from, where that is not 0; source: recordings/README.md.
READOUT_BIAS = {"mathybit_dense": -2.0, "mathybit_conv": -2.0}


class Recording(NamedTuple):
    """One pinned run: see recordings/README.md."""

    name: str
    port: str  # with its variant, e.g. "vandenburg_relu"
    data: str  # "full" or "bundled"
    seed: int
    batch_size: int
    tensorflow: str
    losses: np.ndarray  # float64, the loss of every step before its update
    test_loss: float


def variant(port: str, options: dict[str, Any]) -> str:
    """The name of what is run: the port's, or with what is not the post's, e.g. "vandenburg_relu".

    What is no option of the port, e.g. a run's seed, has no part in it.
    """

    def named(key, value):
        return key if value is True else value if isinstance(value, str) else f"{key}={value:g}"

    defaults = ports.facts(port).options
    own = defaults.keys() - {*ports.COMMON, *ports.RUN_ONLY}
    changed = {key: value for key, value in options.items() if key in own and value != ports.post_value(defaults[key])}
    return "_".join([port, *(named(key, value) for key, value in sorted(changed.items()))])


def read(path: Path) -> Recording:
    """Reads a pinned recording.

    Raises:
      UserError: the file is missing or not a pinned recording.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        losses = np.array(record["losses"], float)
        if losses.ndim != 1 or not losses.size or not (np.isfinite(losses) & (losses > 0)).all():
            raise ValueError("its losses are not a list of positive numbers")
        return Recording(
            path.name,
            record["port"],
            _source(record["data"]),
            int(record["seed"]),
            int(record["batch_size"]),
            record["tensorflow"],
            losses,
            float(record["test_loss"]),
        )
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except KeyError as error:
        raise UserError(f"{path}: not a pinned recording (it has no {error})") from None
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: not a pinned recording ({error})") from None


def _source(data: str) -> str:
    return {"5k": "bundled"}.get(data, data)


def file_data(source: str) -> str:
    """The name of a data source in the recordings' file names."""
    return {"bundled": "5k"}.get(source, source)


def pinned(port: str, source: str) -> list[Recording]:
    """The pinned recordings that ship with the package, of one port on one data source."""
    return [read(path) for path in sorted(FOLDER.glob(f"pinned-{port}-{file_data(source)}-*.json"))]


def pinned_weights(shapes: Sequence[tuple[int, ...]], seed: int, readout_bias: float = 0.0) -> list[np.ndarray]:
    """The weights a recording starts from, float32, in the order of the variables' creation.

    Kernels are uniform within Glorot's limit, biases zero but for the last; source: recordings/README.md.
    """
    rs = np.random.RandomState(seed)
    weights = []
    for shape in shapes:
        if len(shape) == 1:
            weights.append(np.zeros(shape, np.float32))
            continue
        limit = math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
        weights.append(rs.uniform(-limit, limit, shape).astype(np.float32))
    weights[-1] += np.float32(readout_bias)
    return weights


def relative_errors(losses: np.ndarray, recording: Recording) -> np.ndarray:
    """|ours / recorded - 1| of every step, float64 [len(losses)]; inf where ours is not finite."""
    errors = np.abs(np.asarray(losses, float) / recording.losses[: len(losses)] - 1)
    return np.where(np.isfinite(errors), errors, np.inf)


class Parity(NamedTuple):
    """How a replay compares with its recording."""

    windows: dict[int, float]  # steps -> the largest relative error over the first so many
    limits: dict[int, float]  # steps -> the tolerance over the first so many
    errors: np.ndarray

    @property
    def first_off(self) -> int | None:
        """The first step beyond its tolerance, if there is one."""
        off = [np.flatnonzero(self.errors[:steps] > limit) for steps, limit in self.limits.items()]
        return min((int(steps[0]) for steps in off if len(steps)), default=None)

    @property
    def equal(self) -> bool:
        return self.first_off is None


def parity(losses: np.ndarray, recording: Recording) -> Parity:
    """Compares the losses of a replay, all or the first of them, with its recording."""
    errors = relative_errors(losses, recording)
    n = len(errors)
    windows = {steps: float(errors[:steps].max()) for steps in (*(w for w in WINDOWS if w < n), n)}
    horizon = HORIZONS.get((recording.port, recording.data, recording.seed), n)
    limits: dict[int, float] = {}
    for steps, limit in TOLERANCES[recording.port].items():
        reach = min(steps, n, horizon)
        limits[reach] = min(limit, limits.get(reach, math.inf))  # of two that end there, the tighter
    return Parity(windows, limits, errors)
