"""The frame of all routes: the status of each answer, how many requests run at a time, and binary answers."""

import functools
import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tensorboard.backend import http_util
from werkzeug.wrappers import Request, Response

from tb_plugin.metadata import FormatError
from tb_plugin.network import Network
from tb_plugin.server.query import BadRequest, Params
from tb_plugin.server.spaces import Gone, NotThere

MAX_BYTES = 2**26  # of an answer; 60,000 digits are 47 MB
MAX_WAIT = 20.0  # seconds that a request waits for its turn
PENALTY = 0.05  # seconds that the answer to an invalid request is delayed, to leave room for other clients

# How many requests run at a time, because what they hold in memory must have a bound. Routes that compute have slots of
# their own, so that routes that read need not wait for them.
READING = threading.BoundedSemaphore(8)
COMPUTING = threading.BoundedSemaphore(2)

_RETRIES = 2  # for a step that disappears while it is read

Handler = Callable[[Any, Request, Params], Response]
Application = Callable[..., Any]


def route(path: str, slots: threading.BoundedSemaphore) -> Callable[[Handler], Application]:
    """Returns a decorator that makes a method (self, request, params) -> response the WSGI application at `path`.

    The status is 400 for an invalid request, 404 for data that does not exist, 422 for stored data that cannot be read.
    It is 204 in place of 404 and 422 if the request does not name a latent space. It is 429 if all `slots` stay taken
    for MAX_WAIT.
    """

    def decorate(handler: Handler) -> Application:
        @functools.wraps(handler)
        def application(self: Any, environ: Any, start_response: Any) -> Any:
            request = Request(environ)
            if request.method not in ("GET", "HEAD"):
                response = _text(request, "Only GET and HEAD are allowed.", 405, [("Allow", "GET, HEAD")])
            elif not slots.acquire(timeout=MAX_WAIT):
                response = _text(
                    request, "The server is busy with other requests. Try again.", 429, [("Retry-After", "5")]
                )
            else:
                try:
                    response = _respond(functools.partial(handler, self, request), request, self.spaces.forget)
                finally:
                    slots.release()
                if response.status_code == 400:
                    time.sleep(PENALTY)
            return response(environ, start_response)

        application.path = path  # type: ignore[attr-defined]
        return application

    return decorate


def routes(plugin: Any) -> dict[str, Application]:
    """Returns the WSGI applications of a plugin by path: all of its methods that `route` decorates."""
    methods = [getattr(plugin, name) for name, value in vars(type(plugin)).items() if hasattr(value, "path")]
    return {method.path: method for method in methods}


def _respond(handler: Callable[[Params], Response], request: Request, forget: Callable[[], None]) -> Response:
    try:
        params = Params(_arguments(request))
        for _ in range(_RETRIES):
            try:
                return handler(params)
            except Gone:  # the run is still being written, and its last step is another one by now
                forget()
        return handler(params)
    except BadRequest as error:
        return _text(request, str(error), 400)
    except (NotThere, FormatError) as error:
        if not names_space(params):
            return _text(request, "", 204)
        return _text(request, str(error), 404 if isinstance(error, NotThere) else 422)


def names_space(params: Params) -> bool:
    """Returns whether a request names a latent space, by `run`, `tag` or `spaces`."""
    return any(name in params for name in ("run", "tag", "spaces"))


def _arguments(request: Request) -> Any:
    try:
        return request.args
    except UnicodeDecodeError as error:
        raise BadRequest("The query is not UTF-8.") from error


def _text(request: Request, message: str, code: int, headers: list[tuple[str, str]] | None = None) -> Response:
    return http_util.Respond(request, message, "text/plain", code=code, headers=headers)


def requested_rows(params: Params, shape: tuple[int, ...], dtype: Any) -> slice:
    """Returns the rows of an array that `start` and `count` select; without `count`, as many as fit into an answer.

    Raises:
      BadRequest: there are no such rows, or they are larger than MAX_BYTES.
    """
    start = params.integer("start", 0, 0, max(0, shape[0] - 1))
    row_bytes = max(1, math.prod(shape[1:]) * np.dtype(dtype).itemsize)
    left, most = shape[0] - start, MAX_BYTES // row_bytes
    count = params.integer("count", min(left, max(1, most)), 0, left)
    if count > most:
        raise BadRequest(
            f"The parameters start and count select too much: an answer holds {MAX_BYTES:,} bytes, {most:,} of these."
        )
    return slice(start, start + count)


def network(request: Request, made: Network) -> Response:
    """Returns a response with a decoder or an encoder as a blob, weights float32.

    Raises:
      FormatError: it is too large.
    """
    if 4 * made.weights > MAX_BYTES:
        raise FormatError(f"The {made.kind} of this step is too large to be sent: it has {made.weights:,} weights.")
    return http_util.Respond(request, made.to_blob(), "application/octet-stream")


def binary(request: Request, array: Any, rows: slice = slice(None), gzipped: bytes | None = None) -> Response:
    """Returns a response with `rows` of an array as little-endian bytes. Headers have its shape, dtype and total rows.

    Args:
      request: the request.
      array: the array, whose first axis is rows, or what reads slices of it.
      rows: the rows to send.
      gzipped: the same bytes, if they are compressed already.
    """
    part = np.ascontiguousarray(array[rows], array.dtype.newbyteorder("<"))
    headers = [
        ("X-Latent-Shape", ",".join(map(str, part.shape))),
        ("X-Latent-Dtype", part.dtype.name),
        ("X-Latent-Total", str(len(array))),
    ]
    return http_util.Respond(
        request,
        gzipped or part.tobytes(),
        "application/octet-stream",
        content_encoding="gzip" if gzipped else None,
        headers=headers,
    )
