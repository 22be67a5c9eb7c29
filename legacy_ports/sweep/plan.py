"""The plan of a sweep: every combination of the grid's values is a run of its own, and what is left to do of it.

A sweep's folder is a logdir with sweep.json beside the ports' folders. The same command goes on with a sweep: a run
that is completed is kept, one that is broken is resumed, and one that never wrote its run.json is done again. So is a
script's run that is broken, because it has no checkpoints. With other seeds or other values the sweep grows.
"""

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from legacy_ports import UserError, files
from legacy_ports.run import lock
from legacy_ports.run import manifest as manifests

NAME = "sweep.json"
# All that a run may have left that was killed before it wrote its run.json.
_BEFORE_MANIFEST = (lock.LOCK, ".reserve", "figures", "checkpoints", "events.out.tfevents.*", "run.json*.part")


class Task(NamedTuple):
    """One run of a sweep."""

    port: str
    folder: Path  # LOGDIR/PORT/NAME, absolute
    words: list[str]  # the command line of `legacy-ports` that makes it
    options: dict[str, Any]  # what its run.json has to say
    resumable: bool = True

    @property
    def name(self) -> str:
        return f"{self.port}/{self.folder.name}"


def combinations(grid: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    """Yields every combination of the grid's values: the last key changes fastest."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values))


def run_name(values: dict[str, Any]) -> str:
    """Returns the name of a combination's folder, e.g. "learning_rate=0.001,seed=3"."""

    def text(value: Any) -> str:
        return "true" if value is True else "false" if value is None else str(value)

    return ",".join(f"{key}={text(value)}" for key, value in values.items())


def state(task: Task) -> str:
    """Returns what there is of a run: "new", "completed", "broken", or "elsewhere" if a process is at it now.

    A folder without a run.json counts as "new".

    Raises:
      UserError: the folder holds another run, or something that is no run.
    """
    if lock.held(task.folder):
        return "elsewhere"
    if not task.folder.exists():
        return "new"
    if not (task.folder / manifests.NAME).exists():
        known = {path for pattern in _BEFORE_MANIFEST for path in task.folder.glob(pattern)}
        strange = sorted(path.name for path in set(task.folder.iterdir()) - known)
        if strange:
            raise UserError(f"{task.folder}: not a run, it holds {strange[0]}; give another --logdir")
        return "new"
    manifest = manifests.read_manifest(task.folder)
    for key, value in task.options.items():
        if manifest["options"].get(key) != value:
            raise UserError(
                f"{task.folder} was started with {key.replace('_', ' ')} {manifest['options'].get(key)}, this sweep "
                f"has {value}; give another --logdir"
            )
    return "completed" if manifest["status"] == "completed" else "broken"


def clear(task: Task) -> None:
    """Removes what a run left that cannot be resumed."""
    if task.folder.exists() and (state(task) == "new" or state(task) == "broken" and not task.resumable):
        shutil.rmtree(task.folder)


def write(logdir: Path, tasks: list[Task], data: dict[str, Any]) -> list[str]:
    """Writes sweep.json, which names the sweep's runs, those of earlier commands first.

    Args:
      data: what all its runs are of: "source" in words, e.g. "the bundled digits", and its "sha256".

    Returns:
      The names of all runs, PORT/NAME.

    Raises:
      UserError: the sweep was started on something else, or sweep.json cannot be read or written.
    """
    before: dict[str, Any] = read(logdir) if (logdir / NAME).exists() else {"runs": [], "data": data}
    if before["data"] != data:
        theirs, ours = before["data"].get("source"), data["source"]
        other = f"{theirs}, this sweep is on {ours}" if theirs != ours else f"{ours} when it held something else"
        raise UserError(f"{logdir} was started on {other}; give another --logdir")
    runs = list(dict.fromkeys([*before["runs"], *(task.name for task in tasks)]))
    try:
        logdir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the sweep cannot be written to {logdir}: {error.strerror}") from None
    files.write(logdir / NAME, (json.dumps({"data": data, "runs": runs}, indent=1) + "\n").encode())
    return runs


def read(logdir: Path) -> dict[str, Any]:
    """Reads sweep.json: {"data": {"source", "sha256"}, "runs": [PORT/NAME, …]}.

    Raises:
      UserError: there is none, or it is not a sweep's.
    """
    file = logdir / NAME
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content["data"], dict) or not all(isinstance(run, str) for run in content["runs"]):
            raise ValueError("it is not a sweep's")
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: not a sweep.json ({error})") from None
    return content
