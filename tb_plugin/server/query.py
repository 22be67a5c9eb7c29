"""The parameters of a request: each is what it should be, or a BadRequest that says what it should be."""

import json
import math
import re
from typing import Any, overload

import numpy as np

MAX_CODES = 1000


class BadRequest(ValueError):
    """A parameter that is nonsense; the message is for the client."""


class Params:
    """Reads the query of a request."""

    def __init__(self, args: Any):
        self._args = args

    def __contains__(self, name: str) -> bool:
        return name in self._args

    def text(self, name: str) -> str:
        """A text that must be given."""
        value = self._args.get(name)
        if not value:
            raise BadRequest(f"{name}: it is missing")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`, the first of which is the default."""
        value = self._args.get(name, choices[0])
        if value not in choices:
            raise BadRequest(f"{name}: it can be {' or '.join(choices)}")
        return value

    @overload
    def integer(self, name: str, default: int, low: int, high: int) -> int: ...

    @overload
    def integer(self, name: str, default: int | None, low: int, high: int) -> int | None: ...

    def integer(self, name: str, default: int | None, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        value = self._args.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,19}", value) or not low <= int(value) <= high:
            raise BadRequest(f"{name}: a whole number from {low} to {high}")
        return int(value)

    def number(self, name: str, default: float) -> float:
        """A finite number, within what float32 can hold."""
        value = self._args.get(name)
        return default if value is None else self._float(name, value)

    def vector(self, name: str, dims: int, default: Any = None) -> np.ndarray:
        """float32 [D] of numbers between commas."""
        value = self._args.get(name)
        if value is None:
            if default is None:
                raise BadRequest(f"{name}: it is missing")
            return np.asarray(default, np.float32)
        numbers = value.split(",", dims)
        if len(numbers) != dims:
            raise BadRequest(f"{name}: {dims} numbers, with commas between them")
        return np.array([self._float(name, number) for number in numbers], np.float32)

    def codes(self, name: str) -> np.ndarray:
        """float32 [n, D] of JSON, [[number, ...], ...], n from 1 to MAX_CODES, any D."""
        try:
            rows = json.loads(self.text(name))
            with np.errstate(over="ignore"):
                array = np.asarray(rows, np.float32) if isinstance(rows, list) and len(rows) <= MAX_CODES else None
        except (ValueError, TypeError, OverflowError, RecursionError):
            array = None
        if array is None or array.ndim != 2 or not array.size or not np.isfinite(array).all():
            raise BadRequest(f"{name}: JSON, [[number, ...], ...], 1 to {MAX_CODES:,} codes of finite numbers")
        return array

    @staticmethod
    def _float(name: str, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not abs(number) < 1e30:
            raise BadRequest(f"{name}: a number, and not a huge one")
        return number
