"""SIGINT and SIGTERM: the first one ends what is done in order; further ones must not cut that short.

SIGPIPE, as Python has it, is never sent: printing raises BrokenPipeError, which `Hold.note` makes one of them.
"""

import os
import signal
import threading
from typing import Any, NoReturn, TextIO

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SIGPIPE = getattr(signal, "SIGPIPE", signal.SIGTERM)  # Windows has none: a broken pipe ends a run as SIGTERM does


def raise_once() -> None:
    """From now on the first signal raises KeyboardInterrupt with its number, and the others are ignored."""
    for number in SIGNALS:
        signal.signal(number, _raise)


def _raise(number: int, frame: Any) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number))


def which(error: BaseException) -> signal.Signals:
    """The signal behind a KeyboardInterrupt."""
    return error.args[0] if error.args else signal.SIGINT


def discard(stream: TextIO) -> None:
    """From now on a stream that cannot be written goes nowhere, with what it holds: Python flushes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Hold:
    """Holds the signals back, so that what is under way is finished first."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None  # the first that came
        self._before: dict[int, Any] = {}

    def begin(self) -> None:
        """Holds back from now on; again does nothing. Only the main thread can."""
        if not self._before and threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self.note) for number in SIGNALS}

    def note(self, number: int, frame: Any = None) -> None:
        """Takes a signal, as if it had come."""
        self.signal = self.signal or signal.Signals(number)

    def check(self) -> None:
        """Raises KeyboardInterrupt if a signal has come."""
        if self.signal is not None:
            raise KeyboardInterrupt(self.signal)

    def end(self) -> None:
        """Gives the signals back to whom they were taken from; `raise_once` has had its one."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.signal and handler is _raise else handler)
        self._before = {}
