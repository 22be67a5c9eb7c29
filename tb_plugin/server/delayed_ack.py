"""TensorBoard's Rust data server, without the 40 ms that many of its answers take.

It leaves Nagle's algorithm on, as tonic does for sockets that it has not accepted itself (`serve_with_incoming`): the
end of an answer waits until the beginning is acknowledged, and Linux puts that off for 40 ms unless there is something
to send along with it. So something is sent.
"""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.data import grpc_provider, provider

_PATIENCE = (0.002, 0.004, 0.008, 0.016)  # seconds before each further question; after them it is not the delay


def prompt(data_provider: provider.DataProvider) -> Any:
    """A data provider that answers promptly: the given one, if it is in this process."""
    return _Prompt(data_provider) if isinstance(data_provider, grpc_provider.GrpcDataProvider) else data_provider


class _Prompt:
    """The same data provider; calls that are not answered at once are followed by a small one."""

    def __init__(self, data_provider: provider.DataProvider):
        self._provider = data_provider
        self._called = threading.Condition()
        self._calls = 0  # so far
        self._open = 0  # of them not answered yet
        threading.Thread(target=self._follow, name="latent-prompt", daemon=True).start()

    def __getattr__(self, name: str) -> Any:
        return functools.partial(self._call, getattr(self._provider, name))

    def _call(self, method, *arguments, **options):
        with self._called:
            self._calls += 1
            self._open += 1
            self._called.notify()
        try:
            return method(*arguments, **options)
        finally:
            with self._called:
                self._open -= 1

    def _follow(self):
        threads, calls = ThreadPoolExecutor(4, "latent-prompt"), 0
        while True:
            with self._called:
                self._called.wait_for(lambda calls=calls: self._calls != calls)
            for seconds in _PATIENCE:
                with self._called:
                    calls = self._calls
                    another = self._called.wait_for(lambda calls=calls: self._calls != calls, seconds)
                if another or not self._open:
                    break
                try:
                    threads.submit(self._provider.experiment_metadata, RequestContext(), experiment_id="")
                except RuntimeError:  # the process ends
                    return
