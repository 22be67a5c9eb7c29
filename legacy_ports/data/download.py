"""Fetches the official MNIST from public mirrors: verified, whole or not at all, and always within a time limit."""

import gzip
import hashlib
import sys
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests
import urllib3
from tqdm import tqdm

from legacy_ports.data.folder import find
from legacy_ports.data.idx import OFFICIAL_SHA256, DataError
from tb_plugin.files import replacing

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
PATIENCE = 3.0  # seconds within which a mirror must answer
STALL = 10.0  # seconds without a byte
LONGEST = 900.0  # seconds for one file: 11 kB/s for the largest
MAX_SIZE = 100 << 20  # bytes, compressed or not; the largest file has 9.9 MB, uncompressed 47 MB


class FetchError(DataError):
    """The reason why the full set cannot be fetched."""


class _TooLarge(Exception):
    """A file beyond MAX_SIZE."""


class _AnotherFile(Exception):
    """A file without the official SHA-256."""


# The ways in which a download from a mirror fails.
_FAILURES = (
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

    A file gets its name only after its uncompressed bytes were found to have the official SHA-256. So a second
    fetch continues an interrupted one, file by file.

    Returns:
      The names of the files that were downloaded.

    Raises:
      FetchError: no mirror answers, no mirror has the official file, or a file cannot be written.
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
    """Returns what `work` returns, or raises what it raises.

    It runs in a thread, because no timeout of requests covers DNS, or bytes that arrive one by one.

    Raises:
      TimeoutError: it takes longer; the thread is left to itself.
    """
    done: Future = Future()

    def run() -> None:
        try:
            done.set_result(work(*args))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(seconds)


def _answers(url: str) -> bool:
    """Returns whether a mirror answers within PATIENCE."""
    try:
        return _within(PATIENCE, lambda: requests.head(url, timeout=PATIENCE).ok)
    except _FAILURES:
        return False


def _fetch_file(name: str, mirrors: list[str], directory: Path, progress: bool) -> None:
    problems = []
    for mirror in mirrors:
        try:
            with replacing(directory / name) as file:
                _within(LONGEST, _download, mirror + name, file, progress)
                file.flush()
                if _sha256_unpacked(Path(file.name)) != OFFICIAL_SHA256[name.removesuffix(".gz")]:
                    raise _AnotherFile
            return
        except _AnotherFile:
            problems.append(f"{urlsplit(mirror).netloc} has another file")
        except _FAILURES as error:
            problems.append(f"{urlsplit(mirror).netloc}: {type(error).__name__}")
    raise FetchError(f"{name} cannot be fetched ({'; '.join(problems)})")


def _refuse_redirect(response: requests.Response, **_: Any) -> None:
    if response.is_redirect:
        raise requests.TooManyRedirects


def _download(url: str, file: BinaryIO, progress: bool) -> None:
    show = progress and sys.stderr.isatty()
    # Takes the bytes as the mirror stores them and follows no redirect, because requests holds in memory what it
    # decompresses and the whole body of a redirect, and neither need ever end.
    with requests.get(
        url,
        stream=True,
        timeout=(PATIENCE, STALL),
        headers={"Accept-Encoding": "identity"},
        hooks={"response": _refuse_redirect},
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


def _sha256_unpacked(path: Path) -> str:
    digest, size = hashlib.sha256(), 0
    with gzip.open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
            if size > MAX_SIZE:
                raise _TooLarge
    return digest.hexdigest()
