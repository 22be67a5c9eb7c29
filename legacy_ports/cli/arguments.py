"""The types of the command line's arguments: each takes a text, and says in one line what is wrong with it."""

import argparse
import difflib
import math
from pathlib import Path
from typing import Any

from legacy_ports import UserError, files, ports


def port(name: str) -> str:
    if name in (*ports.NAMES, "all"):
        return name
    close = difflib.get_close_matches(name, ports.NAMES, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(ports.NAMES)}, and all"
    raise argparse.ArgumentTypeError(f"unknown port {name!r}; {hint}")


def positive(kind: type) -> Any:
    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not 0 < value < float("inf"):
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what} above 0")
        return value

    return parse


def finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2**31 - 1")
    return int(text)


def seeds(text: str) -> list[int]:
    """Returns seeds between commas; an empty list for "all"."""
    return [] if text == "all" else [seed(part) for part in text.split(",")]


def seed_ranges(text: str) -> list[int]:
    """Returns seeds between commas, A:B for those from A to B - 1, each once."""
    found: list[int] = []
    for part in text.split(","):
        first, colon, end = part.partition(":")
        found += range(seed(first), seed(end)) if colon else [seed(first)]
        if colon and seed(first) >= seed(end):
            raise argparse.ArgumentTypeError(f"{part!r} is empty: A:B is A to B - 1")
    return list(dict.fromkeys(found))


def grid(text: str) -> tuple[str, list[str]]:
    """Returns an option, with underscores, and its values."""
    key, equals, values = text.partition("=")
    if not (key and equals and all(values.split(","))):
        raise argparse.ArgumentTypeError(f"{text!r} is not OPTION=VALUE,VALUE…")
    return key.lstrip("-").replace("-", "_"), values.split(",")


def name(text: str) -> str:
    if text in ("", ".", "..") or "/" in text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a folder's name")
    return text


def device(text: str) -> str:
    if text not in ("cpu", "auto") and not (text.startswith("gpu:") and text[4:].isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is none of cpu, gpu:N, auto")
    return text


def path(text: str) -> Path:
    try:
        return files.local(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def data(text: str) -> str:
    return text if text in ("auto", "bundled", "full") else str(path(text))


def restore(text: str) -> str:
    """Returns a run's folder as the options keep it, which TensorBoard shows."""
    try:
        files.check_utf8(path(text))
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def picture(text: str) -> Path:
    if Path(text).suffix not in (".png", ".svg"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a .png nor a .svg file")
    return path(text)


def json_file(text: str) -> Path:
    """Returns a file's name. It must end in .json, so that no port's name is taken for it."""
    if Path(text).suffix != ".json":
        raise argparse.ArgumentTypeError(f"{text!r} is no .json file; the ports go first: verify PORT --json")
    return path(text)
