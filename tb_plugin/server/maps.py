"""Maps of codes by UMAP and t-SNE: asked for, computed one at a time in the background, and kept beside the run."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np

from tb_plugin.files import replacing
from tb_plugin.metadata import FormatError
from tb_plugin.server import map_work
from tb_plugin.server.spaces import NotThere, Space

METHODS = tuple(map_work.LIBRARIES)
FOLDER = "latent_maps"  # in the folder of the run
_FILE = re.compile(r"(-?\d+)-[0-9a-f]{16}\.npy")


class Job:
    """A map that is being computed.

    Attributes:
      started: whether it is its turn.
      done: how much of it is done, 0 to 1.
      error: why it failed, or None.
    """

    def __init__(self) -> None:
        self.started, self.done = False, 0.0
        self.error: str | None = None


class Maps:
    """The maps of all runs below a log folder. Without one, they are kept until TensorBoard ends."""

    def __init__(self, logdir: str | None):
        self._logdir = logdir
        self._jobs: dict[tuple[str, ...], Job] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # of the job that is computed
        self._spare: tempfile.TemporaryDirectory | None = None  # for runs whose folder cannot be written

    def get(self, space: Space, step: int, method: str, codes: np.ndarray) -> np.ndarray | Job:
        """Returns the places float32 [N, 2] of the points of a step, or the job that computes them.

        Raises:
          NotThere: no library that computes them is installed.
          FormatError: they cannot be computed.
        """
        # By the codes themselves: a run that starts again has others at the same step.
        name = f"{step}-{_short(codes.tobytes())}.npy"
        key = (space.run, space.name, method, name)
        with self._lock:
            for folder in self._folders(space, method):
                if (places := _load(folder / name, len(codes))) is not None:
                    return places
            job = self._jobs.get(key)
            if job is None:
                if map_work.library(method) is None:
                    raise NotThere(f"{method} is not installed. Type: pip install 'legacy-ports[maps]'")
                least = map_work.MIN_POINTS
                if len(codes) < least:
                    raise FormatError(f"{method} takes {least} points or more, this step has {len(codes)}.")
                job = self._jobs[key] = Job()
                arguments = (job, key, space, step, method, codes)
                threading.Thread(target=self._compute, args=arguments, daemon=True).start()
            elif job.error is not None:
                del self._jobs[key]  # the next request tries again
                raise FormatError(f"{method} of this step could not be computed: {job.error}")
            return job

    def _folders(self, space: Space, method: str) -> list[Path]:
        """Returns the folders that the maps of a latent space may be in: beside the run, and a temporary one."""
        inside = Path(_short(space.name.encode()), method)
        run = Path(self._logdir, space.run) if self._logdir else None
        folders = [run / FOLDER / inside] if run and run.is_dir() else []
        return folders + ([Path(self._spare.name, _short(space.run.encode()), inside)] if self._spare else [])

    def _compute(self, job: Job, key: tuple[str, ...], space: Space, step: int, method: str, codes: np.ndarray) -> None:
        with self._turn, tempfile.TemporaryDirectory(prefix="latent-map-") as name:
            job.started = True
            folder = Path(name)
            try:
                np.save(folder / "codes.npy", codes)
                if (init := self._init(space, step, method, len(codes))) is not None:
                    np.save(folder / "init.npy", init)
                _run(job, method, folder)
                self._keep(folder / "places.npy", space, method, key[-1])
            except (OSError, subprocess.SubprocessError) as error:
                job.error = str(error)
                return
        with self._lock:
            self._jobs.pop(key, None)

    def _init(self, space: Space, step: int, method: str, points: int) -> np.ndarray | None:
        """Returns the map of the nearest step that has one of as many points; of two the one before."""
        found = [
            (abs(int(match[1]) - step), int(match[1]), path)
            for folder in self._folders(space, method)
            for path in folder.glob("*.npy")
            if (match := _FILE.fullmatch(path.name)) and int(match[1]) != step
        ]
        return next((places for *_, path in sorted(found) if (places := _load(path, points)) is not None), None)

    def _keep(self, made: Path, space: Space, method: str, name: str) -> None:
        """Copies a file beside the run, or if that cannot be written into a temporary folder."""
        try:
            _copy(made, self._folders(space, method)[0] / name)
        except (OSError, IndexError):
            self._spare = self._spare or tempfile.TemporaryDirectory(prefix="latent-maps-")
            _copy(made, self._folders(space, method)[-1] / name)


def _run(job: Job, method: str, folder: Path) -> None:
    """Runs the process that computes, and follows its progress."""
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    with (folder / "stderr").open("w+") as errors:
        with subprocess.Popen(
            [sys.executable, "-m", map_work.__name__, method, str(folder)],
            stdin=subprocess.PIPE,  # which is closed when TensorBoard ends
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"PYTHONPATH": path},
        ) as process:
            for line in process.stdout or ():
                job.done = float(line)
        if process.returncode:
            errors.seek(0)
            lines = errors.read().strip().splitlines()
            raise subprocess.SubprocessError(lines[-1] if lines else f"its process ended with {process.returncode}")


def _short(name: bytes) -> str:
    return hashlib.sha256(name).hexdigest()[:16]


def _load(path: Path, points: int) -> np.ndarray | None:
    """Returns the places of a file; None if it is not there or damaged, because it is then computed again."""
    try:
        places = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    valid = places.shape == (points, 2) and places.dtype == np.float32 and np.isfinite(places).all()
    return places if valid else None


def _copy(source: Path, target: Path) -> None:
    """Copies a file, perhaps to another disk. It is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as file, source.open("rb") as given:
        shutil.copyfileobj(given, file)
