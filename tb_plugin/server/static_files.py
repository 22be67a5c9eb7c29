"""The files of the Latent tab, as they are served."""

import functools
import gzip
import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tensorboard.backend import http_util
from werkzeug import wrappers

from tb_plugin.server.bundle import bundle

STATIC = Path(__file__).parents[1] / "static"
# Served with the modules that they import: the page's and the workers'.
SCRIPTS = ("index.js", "decode_worker.js", "points_worker.js")
_TYPES = {".js": "text/javascript", ".css": None, ".svg": None, ".json": None}  # None: as `mimetypes` says


def routes() -> dict[str, Callable[..., Any]]:
    """Returns the WSGI applications of all static files by path. No other file can be read."""
    return {
        "/" + path.relative_to(STATIC).as_posix(): functools.partial(_serve, path)
        for path in STATIC.rglob("*")
        if path.is_file() and path.suffix in _TYPES
    }


@functools.cache  # bundling takes 50 ms; restart TensorBoard to see an edit
def script(path: Path) -> bytes:
    """Returns a script with all modules that it imports, compressed."""
    return gzip.compress(bundle(path).encode())


def _serve(path: Path, environ: Any, start_response: Any) -> Any:
    request = wrappers.Request(environ)
    content_type = _TYPES[path.suffix] or mimetypes.guess_type(path.name)[0]
    if path.name in SCRIPTS:
        response = http_util.Respond(request, script(path), content_type, content_encoding="gzip")
    else:
        response = http_util.Respond(request, path.read_bytes(), content_type)
    return response(environ, start_response)
