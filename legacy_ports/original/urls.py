"""Python 2's `urllib`, and downloads of files that are there already: nothing is fetched from a network."""

import os
import urllib.error as error
import urllib.parse as parse
import urllib.request as request
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlencode

from legacy_ports import UserError

__all__ = ["error", "parse", "quote", "quote_plus", "request", "unquote", "unquote_plus", "urlencode", "urlretrieve"]


def urlretrieve(url: str, filename: Any = None, reporthook: Any = None, data: Any = None) -> tuple[Any, dict[str, str]]:
    """Returns the name of a file that was downloaded before.

    Raises:
      UserError: it is not there.
    """
    name = filename or os.path.basename(url)
    if not os.path.exists(name):
        raise UserError(f"{name} is not here, and nothing is downloaded; put the file from {url} there")
    return name, {}


def refuse_network(event: str, args: tuple) -> None:
    """Refuses connections to other machines: a hook for `sys.addaudithook`.

    Raises:
      UserError: this is one.
    """
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] not in _HERE:
        raise UserError(f"the script asks for {args[0]}, and nothing is downloaded; put its files there by hand")
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in _HERE:
        raise UserError(f"the script connects to {args[1][0]}, and nothing is downloaded; put its files there by hand")


_HERE = (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", b"localhost")
request.urlretrieve = urlretrieve  # type: ignore[assignment]
