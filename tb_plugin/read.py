"""Reads what was logged back into NumPy arrays, without a TensorBoard and without its sample of the steps.

import tb_plugin

space = tb_plugin.read("runs")["mine"]["codes"]
for step, logged in space.items():
    print(step, logged.codes.shape)
"""

import importlib
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.events.event_reading import EventFiles
from tb_plugin.server import spaces
from tb_plugin.server.reader import Reader
from tb_plugin.writer import columns


def read(folder: str | os.PathLike) -> dict[str, dict[str, "LatentSpace"]]:
    """Returns the latent spaces of all runs below `folder`, by the run's name and the latent space's name.

    `folder` is what `tensorboard --logdir` gets. A run that lies in the folder itself has the name ".". All steps are
    there that were logged. The arrays of a step stay in the event files until they are asked for.

    What is damaged is left out, with a warning that names the file.

    Raises:
      ValueError: no latent space was logged there.
      OSError: the folder cannot be read.
    """
    path = Path(folder)
    files: Any = EventFiles(path)
    reader = Reader(files)
    found: dict[str, dict[str, LatentSpace]] = {}
    for space in spaces.Spaces(files).find(None, ""):
        if space.error:
            warnings.warn(f"{path / space.run}, {space.name}: {space.error}", stacklevel=2)
        else:
            found.setdefault(space.run, {})[space.name] = LatentSpace(reader, space)
    if not found:
        raise ValueError(f"{path}: no latent space is logged there; give the folder that tensorboard --logdir gets")
    return found


class LatentSpace(Mapping[int, "Step"]):
    """The steps of a latent space of a run: a mapping of the step's number to a `Step`, in order.

    Attributes:
      run: the run's name.
      name: the name that it was logged under.
      display_name: the name to show.
      description: Markdown.
    """

    def __init__(self, reader: Reader, space: spaces.Space):
        self._reader, self._space = reader, space
        self.run, self.name = space.run, space.name
        self.display_name, self.description = space.display_name, space.description

    @property
    def steps(self) -> list[int]:
        """Returns the numbers of all steps, in order."""
        return self._space.steps

    def __getitem__(self, step: int) -> "Step":
        if step not in self.steps:
            raise KeyError(step)
        return Step(self._reader, self._space, step)

    def __iter__(self) -> Iterator[int]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<LatentSpace {self.name!r} of run {self.run!r}, {len(self)} steps>"

    def to_dataframe(self) -> Any:
        """Returns a pandas DataFrame with a row for each point at each step.

        Its columns are step, point, code_0 to code_{D-1}, and what was logged: label, class_name, error, for each
        projection NAME_0 and NAME_1, and the metadata under their own names; one that is taken gets "metadata " before
        it.

        Raises:
          ValueError: pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise ValueError("to_dataframe needs pandas; type: pip install pandas") from None
        return pandas.concat([pandas.DataFrame(step.columns()) for step in self.values()], ignore_index=True)


class Step:
    """What was logged at a step. Each array is read from the event file when it is asked for.

    Every property raises a ValueError in one line if its bytes are damaged.
    """

    def __init__(self, reader: Reader, space: spaces.Space, step: int):
        self._reader, self._space = reader, space
        self.step = step
        self.wall_time = space.record(step).wall_time  # seconds since 1970

    @property
    def codes(self) -> np.ndarray:
        """Returns the codes float32 [N, D]."""
        return self._reader.codes(None, self._space, self.step)

    @property
    def errors(self) -> np.ndarray | None:
        """Returns the error of each point as float32 [N], or None."""
        return self._array("errors", "float32", 1)

    @property
    def reconstructions(self) -> np.ndarray | None:
        """Returns the logged pictures of the codes as uint8 [N, H, W, C], or None. A decoder makes others."""
        return self._array("reconstructions", "uint8", 4)

    @property
    def decoder(self) -> Decoder | None:
        """Returns the decoder at this step, or None. It is called with codes [N, D]."""
        return _or_none(lambda: self._reader.decoder(None, self._space, self.step))

    @property
    def encoder(self) -> Encoder | None:
        """Returns the encoder at this step, or None. It is called with images, e.g. `step.encoder(step.images)`."""
        return _or_none(lambda: self._reader.encoder(None, self._space, self.step))

    @property
    def labels(self) -> np.ndarray | None:
        """Returns the labels [N], int32 or continuous float32, or None. As images and class names, once per run."""
        return _or_none(lambda: self._reader.labels(None, self._space, self.step))

    @property
    def images(self) -> np.ndarray | None:
        """Returns the encoder's inputs as uint8 [N, H, W, C], or None."""
        return self._array("images", "uint8", 4, once=True)

    @property
    def class_names(self) -> list[str] | None:
        """Returns the names of the classes, or None: label i is class_names[i], label -1 is none."""
        return _or_none(lambda: self._reader.head(None, self._space.once(self.step))["class_names"])

    @property
    def metadata(self) -> dict[str, np.ndarray]:
        """Returns the columns of metadata [N] by name, logged once per run; none is an empty dict.

        Numbers are float64, NaN where there is none. Texts are objects, None where there is none.
        """
        try:
            record = self._space.once(self.step)
            names = [column["name"] for column in self._reader.head(None, record)["columns"] or []]
        except spaces.NotThere:
            return {}
        return {name: columns.values(*self._reader.column(None, record, name)) for name in names}

    @property
    def projections(self) -> dict[str, np.ndarray]:
        """Returns the places float32 [N, 2] of the points by the name of a projection; none is an empty dict."""
        head = self._reader.head(None, self._space.record(self.step))
        names = [one["name"] for one in head["projections"]]
        return {name: self._reader.projection(None, self._space, self.step, name) for name in names}

    @property
    def walk(self) -> dict[str, Any] | None:
        """Returns the circle that the tab starts with, or None."""
        return self._reader.head(None, self._space.record(self.step))["walk"]

    def columns(self) -> dict[str, Any]:
        """Returns the columns of `LatentSpace.to_dataframe` at this step: arrays [N], or numbers."""
        codes, labels, errors, names = self.codes, self.labels, self.errors, self.class_names
        made: dict[str, Any] = {"step": self.step, "point": np.arange(len(codes))}
        made |= {f"code_{i}": codes[:, i] for i in range(codes.shape[1])}
        if labels is not None:
            made["label"] = labels
            if names:
                made["class_name"] = [names[label] if 0 <= label < len(names) else None for label in labels]
        if errors is not None:
            made["error"] = errors
        for name, places in self.projections.items():
            made |= {f"{name}_{i}": places[:, i] for i in range(2)}
        for name, values in self.metadata.items():
            made[f"metadata {name}" if name in made else name] = values
        return made

    def _array(self, part: str, dtype: str, rank: int, once: bool = False) -> np.ndarray | None:
        record = self._space.once if once else self._space.record
        return _or_none(lambda: self._reader.array(None, record(self.step), part, dtype, rank))


def _or_none(get: Callable[[], Any]) -> Any:
    """Returns what `get` returns, or None if that was not logged."""
    try:
        return get()
    except spaces.NotThere:
        return None


class _CallableModule(types.ModuleType):
    """This module, which `tb_plugin.read` is once it is imported; it can be called as the function."""

    def __call__(self, folder: str | os.PathLike) -> dict[str, dict[str, LatentSpace]]:
        return read(folder)


sys.modules[__name__].__class__ = _CallableModule
