"""TensorBoard's Rust data server, without the 40 ms that many of its answers take.

It leaves Nagle's algorithm on, as tonic does for sockets that it has not accepted itself (`serve_with_incoming`): the
end of an answer waits until the beginning is acknowledged, and Linux puts that off for 40 ms unless there is something
to send along with it. So something is sent.
"""

import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Unanswered  # before Python 3.11 not the built-in one
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.data import grpc_provider, provider

_PATIENCE = (0.002, 0.004, 0.008, 0.016)  # seconds before each further question; after them it is not the delay


def prompt(data_provider: provider.DataProvider) -> Any:
    """A data provider that answers promptly: the given one, if it is in this process."""
    return _Prompt(data_provider) if isinstance(data_provider, grpc_provider.GrpcDataProvider) else data_provider


class _Prompt:
    """The same data provider; a call that is not answered at once is followed by a small one, unless others are."""

    def __init__(self, data_provider: provider.DataProvider):
        self._provider = data_provider
        self._threads = ThreadPoolExecutor(8, "latent")
        self._lock = threading.Lock()
        self._calls = 0  # that are under way
        self._sent = 0.0  # when something was

    def __getattr__(self, name: str) -> Any:
        return functools.partial(self._ask, getattr(self._provider, name))

    def _ask(self, method, *arguments, **options):
        with self._lock:
            alone = not self._calls
            self._calls += 1
            self._sent = time.monotonic()
        try:
            if not alone:
                return method(*arguments, **options)
            answer = self._threads.submit(method, *arguments, **options)
            for seconds in _PATIENCE:
                try:
                    return answer.result(seconds)
                except Unanswered:
                    if answer.done():  # it is the method's own
                        break
                    if time.monotonic() - self._sent >= _PATIENCE[0]:
                        self._sent = time.monotonic()
                        self._threads.submit(self._provider.experiment_metadata, RequestContext(), experiment_id="")
            return answer.result()
        finally:
            with self._lock:
                self._calls -= 1
