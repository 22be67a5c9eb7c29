"""Keeps what a script's run leaves in runs/exec/<script>/<time>: log, scalars, figures and run.json."""

import math
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from legacy_ports import __version__
from legacy_ports.original import source
from legacy_ports.run import directory, errors, events, lock, manifest


class Record:
    """The record of a script's run, as a context manager. Leaving it completes the record, however the run ends.

    Args:
      script: its path.
      options: what the run was started with.
      logdir: the folder of all runs.
      name: of the run's folder; None: the time.

    Raises (on entering):
      UserError: the folder cannot be made.
    """

    def __init__(self, script: Path, options: dict[str, Any], logdir: Path, name: str | None = None):
        self.script, self.logdir, self.name = script, logdir, name
        self.steps = 0
        self.manifest: dict[str, Any] = {
            "port": source.port_of(script),
            "post": script.name,
            "url": "",
            "status": "running",
            "options": options,
            "data": {"source": "none", "origin": "the script asked for no digits", "sha256": {}},
            "python": platform.python_version(),
            "platform": platform.platform(),
            "versions": {"legacy-ports": __version__, **manifest.installed(manifest.PACKAGES)},
            "steps": 0,
            "seconds": 0.0,
            "scalars": {},  # the last value of each that was fetched; None: not a finite number
            "results": {},
            "figures": [],
        }

    def __enter__(self) -> Self:
        self._started = time.time()
        self.folder = directory.make(self.logdir, self.manifest["port"], self.name)
        self._lock = lock.hold(self.folder)
        (self.folder / "figures").mkdir()
        self.writer = events.Writer(self.folder)
        self.manifest["started"] = datetime.now(UTC).isoformat(timespec="seconds")
        manifest.write_manifest(self.folder, self.manifest)
        self.log = _Log(self.folder / "log.txt")
        return self

    def scalar(self, step: int, name: str, value: float) -> None:
        """Writes a scalar that the script fetched."""
        tag = name.removesuffix(":0")
        self.writer.add_summary(events.scalar(tag, value), step)
        self.manifest["scalars"][tag] = float(value) if math.isfinite(value) else None

    def save_figures(self) -> None:
        """Saves the figures that the script would show, and closes them."""
        from matplotlib import pyplot

        for number in pyplot.get_fignums():
            name = f"figure-{len(self.manifest['figures']) + 1:03}.png"
            pyplot.figure(number).savefig(self.folder / "figures" / name)
            self.manifest["figures"].append(name)
        pyplot.close("all")

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if "matplotlib.pyplot" in sys.modules:
            self.save_figures()
        self.log.close()
        self.manifest["status"] = (
            "interrupted" if isinstance(error, KeyboardInterrupt) else "failed" if _failed(error) else "completed"
        )
        if error is not None and not isinstance(error, SystemExit):
            self.manifest["reason"] = errors.one_line(error)
        self.manifest["steps"] = self.steps
        self.manifest["seconds"] = round(time.time() - self._started, 1)
        self.writer.close()
        manifest.write_manifest(self.folder, self.manifest)
        os.close(self._lock)


def _failed(error: BaseException | None) -> bool:
    return error is not None and not (isinstance(error, SystemExit) and not error.code)


class _Log:
    """Copies what the script prints to a file."""

    def __init__(self, path: Path):
        self.file = open(path, "w", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by the record
        self.printed = 0.0  # when the script printed last
        self.streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Copy(sys.stdout, self), _Copy(sys.stderr, self)

    def close(self) -> None:
        sys.stdout.flush()
        sys.stdout, sys.stderr = self.streams
        self.file.close()


class _Copy:
    """A stream that is also written to the log."""

    def __init__(self, stream: Any, log: _Log):
        self._stream, self._log = stream, log

    def write(self, text: str) -> int:
        self._log.printed = time.time()
        self._log.file.write(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
