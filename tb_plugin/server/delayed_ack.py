"""A workaround for delayed TCP acknowledgments: without it many answers of TensorBoard's data server take 40 ms.

TensorBoard's Rust data server leaves Nagle's algorithm (RFC 896) on, because it hands its listener to tonic with
`serve_with_incoming` (tensorboard/data/server/cli.rs), and tonic sets TCP_NODELAY only on sockets that it accepts
itself. So the server holds the end of an answer back until the client has acknowledged the beginning. Linux delays that
acknowledgment (RFC 1122, 4.2.3.2) by up to 40 ms, unless the client has data to send with it. So we send some: a small
request.
"""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.data import grpc_provider, provider

# Seconds until each further small request. A call that takes longer than all of them is not waiting for an
# acknowledgment.
_INTERVALS = (0.002, 0.004, 0.008, 0.016)


def without_delayed_ack(data_provider: provider.DataProvider) -> Any:
    """Returns a data provider whose calls do not wait for acknowledgments: the same one if it is in this process."""
    return _Nudging(data_provider) if isinstance(data_provider, grpc_provider.GrpcDataProvider) else data_provider


class _Nudging:
    """A data provider that sends small requests while one of its calls is pending."""

    def __init__(self, data_provider: provider.DataProvider):
        self._provider = data_provider
        self._changed = threading.Condition()
        self._calls = 0  # since the start
        self._pending = 0
        threading.Thread(target=self._nudge, name="latent-nudge", daemon=True).start()

    def __getattr__(self, name: str) -> Any:
        return functools.partial(self._call, getattr(self._provider, name))

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with self._changed:
            self._calls += 1
            self._pending += 1
            self._changed.notify()
        try:
            return method(*arguments, **options)
        finally:
            with self._changed:
                self._pending -= 1

    def _nudge(self) -> None:
        threads, seen = ThreadPoolExecutor(4, "latent-nudge"), 0

        def another_call() -> bool:
            return self._calls != seen

        while True:
            with self._changed:
                self._changed.wait_for(another_call)
            for seconds in _INTERVALS:
                with self._changed:
                    seen = self._calls
                    another = self._changed.wait_for(another_call, seconds)
                if another or not self._pending:
                    break
                try:
                    threads.submit(self._provider.experiment_metadata, RequestContext(), experiment_id="")
                except RuntimeError:  # the process is ending
                    return
