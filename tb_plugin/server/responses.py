"""How the routes answer: which status, an array as bytes, how many at a time and how much at most."""

import functools
import math
import threading
import time
from typing import Any

import numpy as np
from tensorboard.backend import http_util
from werkzeug import wrappers

from tb_plugin import codec
from tb_plugin.server.query import BadRequest, Params
from tb_plugin.server.reader import Gone, NotThere

MAX_BYTES = 2**26  # of an answer; 60,000 digits are 47 MB
MAX_WAIT = 20.0  # seconds until it is a request's turn
PENALTY = 0.05  # seconds that an answer to nonsense is held back: who sends much of it leaves the others their share


def readers() -> threading.BoundedSemaphore:
    """For the routes that read: some at a time, so that what they hold in memory has a bound."""
    return threading.BoundedSemaphore(8)


def workers() -> threading.BoundedSemaphore:
    """For the routes that compute: apart from those that read, which are not to wait for them."""
    return threading.BoundedSemaphore(2)


def route(turns: str):
    """Makes a method of the plugin that takes (request, params) and returns a response a WSGI application.

    What the client got wrong is 400, what is not there 404, stored data that cannot be read 422, both 204 where it did
    not say which data; 429 where `turns`, the plugin's semaphore of that name, gave it no turn for MAX_WAIT.
    """

    def decorate(answer):
        @functools.wraps(answer)
        def application(self, environ, start_response):
            request = wrappers.Request(environ)
            if request.method not in ("GET", "HEAD"):
                response = _text(request, "only GET and HEAD", 405, [("Allow", "GET, HEAD")])
            elif not (turn := getattr(self, turns)).acquire(timeout=MAX_WAIT):
                response = _text(
                    request, "the server is busy with other requests; try again", 429, [("Retry-After", "5")]
                )
            else:
                try:
                    params = Params(_arguments(request))
                    for last_try in (False, False, True):
                        try:
                            response = answer(self, request, params)
                            break
                        except Gone:  # a run that goes on: the last step is another one by now
                            if last_try:
                                raise
                            self.store.forget()
                except BadRequest as error:
                    response = _text(request, str(error), 400)
                except (NotThere, codec.FormatError) as error:
                    status = 404 if isinstance(error, NotThere) else 422
                    response = _text(request, str(error), status) if named(params) else _text(request, "", 204)
                finally:
                    turn.release()
                if response.status_code == 400:
                    time.sleep(PENALTY)
            return response(environ, start_response)

        return application

    return decorate


def named(params: Params) -> bool:
    """Whether a request says which latent space it is about."""
    return "run" in params or "tag" in params


def _arguments(request):
    try:
        return request.args
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8") from error


def _text(request, message, code, headers=None):
    return http_util.Respond(request, message, "text/plain", code=code, headers=headers)


def chosen(params: Params, shape: tuple[int, ...], dtype: Any) -> slice:
    """Which rows of an array a request asks for, by `start` and `count`; without `count`, as many as an answer holds.

    Raises:
      BadRequest: there are no such rows, or they are more than MAX_BYTES.
    """
    start = params.integer("start", 0, 0, max(0, shape[0] - 1))
    row = max(1, math.prod(shape[1:]) * np.dtype(dtype).itemsize)
    left, most = shape[0] - start, MAX_BYTES // row
    count = params.integer("count", min(left, max(1, most)), 0, left)
    if count > most:
        raise BadRequest(f"start, count: {MAX_BYTES:,} bytes are the most at a time, {most:,} of these")
    return slice(start, start + count)


def binary(request, array: np.ndarray, rows: slice = slice(None), gzipped: bytes | None = None):
    """Responds with rows of an array as they lie in memory, little-endian; shape, dtype and how many there are in all
    are headers.

    `gzipped` is the same, compressed already.
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
