"""Makes a run's folder, and keeps some of its disk free for the end of the run."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from legacy_ports import UserError

RESERVE = 2**20  # bytes
_RESERVE = ".reserve"


def make(logdir: Path, port: str, name: str | None) -> Path:
    """Makes the folder `logdir/port/name` of a new run; name None: the time of day.

    Raises:
      UserError: there is such a run already, or the folder cannot be made.
    """
    parent = logdir / port
    now = f"{datetime.now():%Y%m%d-%H%M%S}"
    names = [name] if name is not None else [now, *(f"{now}-{i}" for i in range(2, 100))]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for each in names:
            with suppress(FileExistsError):
                (parent / each).mkdir()
                return parent / each
    except OSError as error:
        raise UserError(f"the run cannot be written to {error.filename}: {error.strerror}") from None
    raise UserError(f"the run {parent / names[-1]} exists already; give another --name")


def fill(folder: Path) -> None:
    """Makes what else belongs into a run's folder: figures/, checkpoints/ and the reserve.

    Raises:
      OSError: it cannot be written.
    """
    for name in ("figures", "checkpoints"):
        (folder / name).mkdir(exist_ok=True)
    (folder / _RESERVE).write_bytes(bytes(RESERVE))


def free_reserve(folder: Path) -> None:
    """Removes the reserve, so that a run whose disk is full can still write its last events and run.json."""
    with suppress(OSError):  # the folder may be gone, or read-only
        (folder / _RESERVE).unlink()
