"""The parameters of a request. A parameter that is missing or invalid raises BadRequest, which says what it must be."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, overload

import numpy as np

MAX_DECODE_CODES = 1000
MAX_PAGE_SPACES = 4

_MAX_NUMBER = 1e30  # so that sums and products of numbers stay within float32


class BadRequest(ValueError):
    """An error for an invalid parameter; the message is sent to the client."""


class Params:
    """The parameters of a request, by name."""

    def __init__(self, args: Mapping[str, str]):
        self._args = args

    def __contains__(self, name: str) -> bool:
        return name in self._args

    def text(self, name: str) -> str:
        """Returns a string, which must be given."""
        value = self._args.get(name)
        if not value:
            raise BadRequest(f"The parameter {name} is missing.")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Returns one of `choices`; the first is the default."""
        value = self._args.get(name, choices[0])
        if value not in choices:
            raise BadRequest(f"The parameter {name} must be {' or '.join(choices)}.")
        return value

    @overload
    def integer(self, name: str, default: int, low: int, high: int) -> int: ...

    @overload
    def integer(self, name: str, default: int | None, low: int, high: int) -> int | None: ...

    def integer(self, name: str, default: int | None, low: int, high: int) -> int | None:
        """Returns an integer from `low` to `high`."""
        value = self._args.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,19}", value) or not low <= int(value) <= high:
            raise BadRequest(f"The parameter {name} must be an integer from {low} to {high}.")
        return int(value)

    def number(self, name: str, default: float) -> float:
        """Returns a finite number below 1e30."""
        value = self._args.get(name)
        return default if value is None else self._float(name, value)

    def vector(self, name: str, dims: int, default: Any = None) -> np.ndarray:
        """Returns float32 [dims] of numbers separated by commas. Without a default it must be given."""
        value = self._args.get(name)
        if value is None:
            if default is None:
                raise BadRequest(f"The parameter {name} is missing.")
            return np.asarray(default, np.float32)
        numbers = value.split(",", dims)
        if len(numbers) != dims:
            raise BadRequest(f"The parameter {name} must be {dims} numbers, separated by commas.")
        return np.array([self._float(name, number) for number in numbers], np.float32)

    def codes(self, name: str) -> np.ndarray:
        """Returns float32 [n, D] of JSON, [[number, ...], ...]: n from 1 to MAX_DECODE_CODES, any D."""
        try:
            rows = json.loads(self.text(name))
            with np.errstate(over="ignore"):
                array = (
                    np.asarray(rows, np.float32) if isinstance(rows, list) and len(rows) <= MAX_DECODE_CODES else None
                )
        except (ValueError, TypeError, OverflowError, RecursionError):
            array = None
        if array is None or array.ndim != 2 or not array.size or not np.isfinite(array).all():
            raise BadRequest(
                f"The parameter {name} must be JSON, [[number, ...], ...], of 1 to {MAX_DECODE_CODES:,} codes of "
                "finite numbers."
            )
        return array

    def spaces(self, name: str) -> list[tuple[str, str]]:
        """Returns the runs and tags of JSON, [[run, tag], ...]: 1 to MAX_PAGE_SPACES."""
        try:
            pairs = json.loads(self.text(name))
        except (ValueError, RecursionError):
            pairs = None
        valid = isinstance(pairs, list) and all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs
        )
        if not valid or not 1 <= len(pairs) <= MAX_PAGE_SPACES:
            raise BadRequest(f"The parameter {name} must be JSON, [[run, tag], ...], of 1 to {MAX_PAGE_SPACES} pairs.")
        return [(run, tag) for run, tag in pairs]

    @staticmethod
    def _float(name: str, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not abs(number) < _MAX_NUMBER:
            raise BadRequest(f"The parameter {name} must consist of numbers below {_MAX_NUMBER:g}.")
        return number
