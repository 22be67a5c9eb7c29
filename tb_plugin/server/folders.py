"""Which runs TensorBoard may read in part only, because several writers add to event files in one folder."""

import os
import re
from typing import Any

_FILE = re.compile(r"events\.out\.tfevents\.(\d+)")
MISSING = (
    "Some data of this run may be missing: several writers added to event files in its folder, and TensorBoard's slow "
    "loader follows one of them only. Start TensorBoard with --reload_multifile=true."
)


class Folders:
    """The folders of the runs, if TensorBoard reads them with its Python loader and one file at a time."""

    def __init__(self, context: Any):
        follows_all = getattr(context.flags, "reload_multifile", False)
        self._multiplexer = None if follows_all else context.multiplexer

    def missing(self, run: str) -> str | None:
        """Returns what to start if the loader may have missed data of a run, or None.

        It has left a file when the next one is there. So it may have missed what was added to it later.
        """
        if self._multiplexer is None or (folder := self._multiplexer.RunPaths().get(run)) is None:
            return None
        try:
            with os.scandir(folder) as entries:
                files = sorted((entry.name, entry.stat().st_mtime) for entry in entries if _FILE.search(entry.name))
        except OSError:  # a remote folder, or one that was deleted
            return None
        for (_, changed), (later, _) in zip(files, files[1:]):
            started = _FILE.search(later)
            if started and changed > int(started[1]) + 1:  # the name has whole seconds
                return MISSING
        return None
