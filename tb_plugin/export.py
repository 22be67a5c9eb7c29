"""Saves latent spaces as one HTML page, which needs no server and no network.

python -m tb_plugin.export --logdir runs --run mine --out page.html
"""

import argparse
import os
import sys
import types
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tb_plugin.events.event_reading import EventFiles
from tb_plugin.files import replacing
from tb_plugin.metadata import FormatError
from tb_plugin.server.folders import Folders
from tb_plugin.server.listing import Listing
from tb_plugin.server.page.build import build
from tb_plugin.server.page.contents import Wanted
from tb_plugin.server.reader import Reader
from tb_plugin.server.spaces import NotThere, Space, Spaces

_MOST_NAMES = 5  # in an error


def export(
    folder: str | os.PathLike,
    out: str | os.PathLike,
    runs: Sequence[str] = (),
    tags: Sequence[str] = (),
    points: int | None = None,
    steps: int | None = None,
    full: bool = False,
) -> int:
    """Saves the latent spaces of `runs` below `folder` as one page. Returns its size in bytes.

    By default a page has at most 10,000 points and 20 steps, and fewer if it would be larger than 25 MB. Codes and
    errors are rounded; a decoder's weights have as few bits as change no picture by more than 1/255. The page says so.

    Args:
      folder: what `tensorboard --logdir` gets.
      out: the file to write. It is there whole or not at all.
      runs: the names of runs; all of them if it is empty.
      tags: the names of latent spaces; all of them if it is empty.
      points: how many points the page has.
      steps: how many steps the page has, evenly chosen, with the first and the last.
      full: whether it has all points and steps, as they were logged.

    Raises:
      ValueError: there is no such run, or it cannot be read.
      OSError: the folder cannot be read, or the file cannot be written.
    """
    for name, count in (("points", points), ("steps", steps)):
        if count is not None and count < 1:
            raise ValueError(f"{name} is {count}, it must be 1 or more")
    path = Path(folder)
    if not Path(out).parent.is_dir():
        raise ValueError(f"{Path(out).parent}: there is no such folder for the page")
    files: Any = EventFiles(path)
    reader, spaces = Reader(files), Spaces(files)
    found = _chosen(path, spaces.find(None, ""), runs, tags)
    # All steps are read here, whatever a TensorBoard's flags are.
    no_board: Any = types.SimpleNamespace(flags=types.SimpleNamespace(reload_multifile=True))
    try:
        text = build(reader, Listing(spaces, reader, Folders(no_board)), None, found, Wanted(points, steps, full))
    except (FormatError, NotThere) as error:
        raise ValueError(f"{path}: {error}") from error
    data = text.encode()
    with replacing(Path(out)) as file:
        file.write(data)
    return len(data)


def _chosen(path: Path, found: list[Space], runs: Sequence[str], tags: Sequence[str]) -> list[Space]:
    """Returns the latent spaces of these runs and names, in the order of `runs`."""
    if not found:
        raise ValueError(f"{path}: no latent space is logged there; give the folder that tensorboard --logdir gets")
    for wanted, there, what in ((runs, [s.run for s in found], "run"), (tags, [s.name for s in found], "latent space")):
        names = list(dict.fromkeys(there))
        for name in wanted:
            if name not in names:
                more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
                raise ValueError(
                    f"{path}: there is no {what} {name!r}; there are {', '.join(names[:_MOST_NAMES])}{more}"
                )
    order = list(dict.fromkeys(runs or [space.run for space in found]))
    chosen = [space for run in order for space in found if space.run == run and (not tags or space.name in tags)]
    if not chosen:
        raise ValueError(f"{path}: none of the runs has a latent space {' or '.join(tags)}")
    for space in chosen:
        if space.error:
            raise ValueError(f"{path / space.run}, {space.name}: {space.error}")
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Runs the command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tb_plugin.export", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--logdir", required=True, help="the folder that tensorboard --logdir gets")
    parser.add_argument("--run", action="append", default=[], help="a run's name; again for more; default: all runs")
    parser.add_argument("--tag", action="append", default=[], help="a latent space's name; default: all")
    parser.add_argument("--out", required=True, metavar="FILE", help="the page to write, e.g. page.html")
    parser.add_argument("--points", type=int, metavar="N", help="how many points; default: at most 10,000, in 25 MB")
    parser.add_argument("--steps", type=int, metavar="N", help="how many steps; default: at most 20, in 25 MB")
    parser.add_argument("--full", action="store_true", help="all points and steps, nothing rounded")
    given = parser.parse_args(arguments)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            size = export(given.logdir, given.out, given.run, given.tag, given.points, given.steps, given.full)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        print(message, file=sys.stderr)
    print(f"{given.out}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
