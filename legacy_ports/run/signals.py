"""Handles SIGINT and SIGTERM: the first one ends a run in order, and later ones do not interrupt that.

Python ignores SIGPIPE and raises BrokenPipeError instead; `Hold.note` treats it like a signal.
"""

import os
import signal
import threading
from typing import Any, NoReturn, TextIO

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SIGPIPE = getattr(signal, "SIGPIPE", signal.SIGTERM)  # Windows has none: a broken pipe ends a run as SIGTERM does


def raise_once() -> None:
    """Makes the first signal raise KeyboardInterrupt with its number; later ones are ignored.

    Does nothing outside of the main thread, where Python delivers no signals.
    """
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, _raise)


def _raise(number: int, frame: Any) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number))


def which(error: BaseException) -> signal.Signals:
    """Returns the signal behind a KeyboardInterrupt."""
    return error.args[0] if error.args else signal.SIGINT


def discard(stream: TextIO) -> None:
    """Redirects a broken stream to the null device, because Python flushes it once more when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Hold:
    """A hold on the signals, so that the work in progress is finished first."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None  # the first one that came
        self._before: dict[int, Any] = {}

    def begin(self) -> None:
        """Begins to hold the signals back. Does nothing if it does already, or outside of the main thread."""
        if not self._before and threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self.note) for number in SIGNALS}

    def note(self, number: int, frame: Any = None) -> None:
        """Notes that a signal came; it is also the handler while signals are held back."""
        self.signal = self.signal or signal.Signals(number)

    def check(self) -> None:
        """Raises KeyboardInterrupt if a signal has come."""
        if self.signal is not None:
            raise KeyboardInterrupt(self.signal)

    def end(self) -> None:
        """Restores the handlers from before.

        After a signal came, a handler of `raise_once` has done its work, and signals are ignored.
        """
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.signal and handler is _raise else handler)
        self._before = {}
