"""What a user says of each point, in columns: `metadata={"writer": [...], "length": [...]}`. Numbers or texts."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tb_plugin import codec
from tb_plugin.writer import arrays

MAX_COLUMNS = 256
MAX_COLUMN_NAME = 200  # characters
MAX_TEXT = 2000  # characters
MAX_COLUMN_BYTES = 48 * 2**20  # so that a column fits into an answer


class Column(NamedTuple):
    """A column as it is stored.

    Attributes:
      about: `name`; `type`, "number" or "text"; `missing`, how many points have no value; and of numbers `range`
        (lowest and highest, or None if all are missing), of texts `distinct`, how many different ones there are.
      blob: see `codec`.
    """

    about: dict[str, Any]
    blob: bytes


def columns(metadata: Any, points: int) -> list[Column]:
    """Returns the columns of a user's metadata: a dict of arrays [N], or a data frame.

    Raises:
      ValueError: something is invalid; the message names the column.
    """
    if hasattr(metadata, "columns") and hasattr(metadata, "iloc"):  # pandas
        metadata = {name: metadata.iloc[:, i] for i, name in enumerate(metadata.columns)}
    if not isinstance(metadata, Mapping) or not 1 <= len(metadata) <= MAX_COLUMNS:
        raise ValueError(f"metadata: it must be a dict or data frame of 1 to {MAX_COLUMNS} columns")
    for name in metadata:
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_COLUMN_NAME:
            raise ValueError(
                f"metadata: a column's name is {name!r:.80}, it must be a string of 1 to {MAX_COLUMN_NAME} characters"
            )
    return [_column(name, values, points) for name, values in metadata.items()]


def _column(name: str, values: Any, points: int) -> Column:
    where = f"metadata[{json.dumps(name, ensure_ascii=False)}]"
    given = arrays.require_one_per_point(where, arrays.array(where, values), points)
    if given.dtype.kind == "O":
        about, made = _objects(where, given)
    elif given.dtype.kind in "mM":
        about, made = _texts(where, [None if np.isnat(value) else str(value) for value in given])
    elif given.dtype.kind in "fiub":
        about, made = _numbers(where, given, ~np.isnan(given) if given.dtype.kind == "f" else np.ones(points, bool))
    else:
        raise ValueError(f"{where}: dtype is {given.dtype}, it must be numbers or texts")
    if sum(array.nbytes for array in made) > MAX_COLUMN_BYTES:
        raise ValueError(f"{where}: it has more than {MAX_COLUMN_BYTES // 2**20} MiB")
    return Column({"name": name, **about}, codec.pack({}, *made, compress=True))


def _objects(where: str, given: np.ndarray) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Returns a column of Python objects: texts or numbers, and None, NaN or the like where there is none."""
    values = [None if arrays.is_missing(value) else value for value in given]
    some = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in some):
        return _texts(where, values)
    try:
        if any(isinstance(value, str) for value in some):
            raise TypeError
        there = np.array([value is not None for value in values])
        return _numbers(where, np.array([0 if value is None else value for value in values], np.float64), there)
    except (TypeError, ValueError):
        other = next(value for value in some if not isinstance(value, str))
        raise ValueError(f"{where}: one is {other!r:.40}, they must all be numbers or all texts") from None


def _texts(where: str, values: list[str | None]) -> tuple[dict[str, Any], list[np.ndarray]]:
    index: dict[str | None, int] = {text: i for i, text in enumerate(dict.fromkeys(v for v in values if v is not None))}
    if index and max(map(len, filter(None, index)), default=0) > MAX_TEXT:
        raise ValueError(f"{where}: a text has more than {MAX_TEXT:,} characters")
    encoded = [str(text).encode("utf-8", "replace") for text in index]
    of = np.array([index.get(value, -1) for value in values], np.int32)
    lengths = np.array([len(text) for text in encoded], np.int32)
    about = {"type": "text", "distinct": len(index), "missing": int((of < 0).sum())}
    return about, [of, lengths, np.frombuffer(b"".join(encoded), np.uint8)]


def _numbers(where: str, given: np.ndarray, there: np.ndarray) -> tuple[dict[str, Any], list[np.ndarray]]:
    wide = np.where(there, given, 0).astype(np.float64)
    arrays.require_finite(where, wide)
    if given.dtype.kind in "iu" and (np.abs(wide) >= 2**53).any():
        raise ValueError(f"{where}: an integer is beyond 2^53, where numbers are rounded; log them as texts")
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    made: list[np.ndarray] = [narrow if (narrow == wide).all() else wide]
    if not there.all():
        made.append(there.astype(np.uint8))
    limits = [float(wide[there].min()), float(wide[there].max())] if there.any() else None
    return {"type": "number", "range": limits, "missing": int((~there).sum())}, made


def texts(blob_arrays: list[np.ndarray]) -> list[str | None]:
    """Returns the texts of a text column's arrays, one for each point."""
    of, lengths, data = blob_arrays
    ends = np.cumsum(lengths)
    whole = data.tobytes()
    distinct = [whole[end - length : end].decode() for end, length in zip(ends.tolist(), lengths.tolist())]
    return [None if i < 0 else distinct[i] for i in of.tolist()]


def values(about: dict[str, Any], blob_arrays: list[np.ndarray]) -> np.ndarray:
    """Returns a column as it was logged: numbers float64 [N] with NaN, or texts, objects [N] with None."""
    if about["type"] == "text":
        return np.array(texts(blob_arrays), object)
    numbers, *there = blob_arrays
    return np.where(there[0], numbers, np.nan) if there else numbers.astype(np.float64)
