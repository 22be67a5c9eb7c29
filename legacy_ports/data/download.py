"""Fetches the official MNIST from public mirrors: verified, atomic, and never a hang."""

import gzip
import hashlib
import os
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from tqdm import tqdm

from legacy_ports.data.idx import OFFICIAL_SHA256, DataError, find

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
PATIENCE = 3.0  # seconds until a mirror must have answered
STALL = 10.0  # seconds without a byte
LONGEST = 900.0  # seconds for one file: 11 kB/s for the largest
MAX_SIZE = 100 << 20  # bytes, packed or unpacked; the largest file is 9.9 MB and 47 MB


class FetchError(DataError):
    """The full set cannot be fetched."""


class _TooLarge(Exception):
    pass


# What a mirror can do wrong.
_WRONG = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    TimeoutError,
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    _TooLarge,
)


def fetch(directory: Path, progress: bool = True) -> list[str]:
    """Downloads the files that `directory` lacks, each from the first mirror that gives it.

    A file appears under its name only once its uncompressed bytes have the official SHA-256, so an
    interrupted fetch is taken up where it stopped, file by file.

    Returns:
      The names of the files that were downloaded.

    Raises:
      FetchError: no mirror answers, or none has a file as it should be, or it cannot be written.
    """
    there = find(directory)
    names = [name for name in OFFICIAL_SHA256 if name not in there]
    if not names:
        return []
    mirrors = [mirror for mirror in MIRRORS if _answers(mirror + names[0] + ".gz")]
    if not mirrors:
        hosts = " or ".join(urlsplit(mirror).netloc for mirror in MIRRORS)
        raise FetchError(f"full MNIST is not in {directory}, and {hosts} cannot be reached")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            _fetch_file(f"{name}.gz", mirrors, directory, progress)
    except OSError as error:
        raise FetchError(f"{error.filename or directory}: cannot be written ({error.strerror})") from None
    return names


def _within(seconds: float, work: Callable[..., Any], *args: Any) -> Any:
    """What `work` returns or raises. In a thread: no timeout of requests covers DNS, or bytes that come one by one.

    Raises:
      TimeoutError: it took longer, and was left alone.
    """
    done: Future = Future()

    def run():
        try:
            done.set_result(work(*args))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(seconds)


def _answers(url: str) -> bool:
    """Whether a mirror answers within PATIENCE."""
    try:
        return _within(PATIENCE, lambda: requests.head(url, timeout=PATIENCE).ok)
    except _WRONG:
        return False


def _fetch_file(name: str, mirrors: list[str], directory: Path, progress: bool) -> None:
    problems = []
    for mirror in mirrors:
        handle, partial = tempfile.mkstemp(prefix=name + ".", suffix=".part", dir=directory)
        try:
            with os.fdopen(handle, "wb") as file:
                _within(LONGEST, _download, mirror + name, file, progress)
                file.flush()
                os.fsync(file.fileno())
            if _sha256_unpacked(partial) == OFFICIAL_SHA256[name.removesuffix(".gz")]:
                os.replace(partial, directory / name)
                return
            problems.append(f"{urlsplit(mirror).netloc} has another file")
        except _WRONG as error:
            problems.append(f"{urlsplit(mirror).netloc}: {type(error).__name__}")
        finally:
            Path(partial).unlink(missing_ok=True)
    raise FetchError(f"{name} cannot be fetched ({'; '.join(problems)})")


def _stay(response: requests.Response, **_: Any) -> None:
    if response.is_redirect:
        raise requests.TooManyRedirects


def _download(url: str, file, progress: bool) -> None:
    show = progress and sys.stderr.isatty()
    # The file as it lies there, and from there: what is decompressed on the way, or comes with a redirection, may have
    # no end, and requests would hold it all.
    with requests.get(
        url, stream=True, timeout=(PATIENCE, STALL), headers={"Accept-Encoding": "identity"}, hooks={"response": _stay}
    ) as response:
        response.raise_for_status()
        with tqdm(
            total=response.raw.length_remaining, desc=url.rsplit("/", 1)[1], unit="B", unit_scale=True, disable=not show
        ) as bar:
            for chunk in response.raw.stream(1 << 16, decode_content=False):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > MAX_SIZE:
                    raise _TooLarge


def _sha256_unpacked(path: str) -> str:
    digest, size = hashlib.sha256(), 0
    with gzip.open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
            if size > MAX_SIZE:
                raise _TooLarge
    return digest.hexdigest()
