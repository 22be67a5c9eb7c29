"""Columns of texts, as the Projector has for its points, as arguments of `LatentWriter.add`."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin.validation import MAX_CLASS_NAME, MAX_CLASSES
from tb_plugin.writer.columns import MAX_TEXT

_LABELS = ("label", "labels", "class", "classes", "category", "target")


def of_rows(rows: Sequence[Sequence[Any]], header: Sequence[str], points: int) -> dict[str, list[str]]:
    """Returns columns by name, with a text for each of the points, of rows of values.

    Raises:
      ValueError: there are more or fewer rows than points, or a row does not fit the header.
    """
    if len(rows) != points:
        raise ValueError(f"metadata: there are {len(rows):,} rows for {points:,} points, there must be one for each")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise ValueError(f"metadata: row {number:,} has {len(row)} values, the header has {len(header)}")
    names = _different(header)
    return {name: [str(getattr(row[i], "item", lambda v=row[i]: v)()) for row in rows] for i, name in enumerate(names)}


def arguments(columns: dict[str, list[str]]) -> dict[str, Any]:
    """Returns the labels and class names of the column that has classes, and the others as metadata.

    It is the first one that is named label or class, or else the first whose values are not all different. Another
    column is numbers where all its texts are; a point without a text has no value.

    Warns of columns that are left out, because their texts are too long.
    """
    fitting = {name: values for name, values in columns.items() if _are_classes(values)}
    named = [name for name in fitting if name.lower() in _LABELS]
    repeated = [name for name in fitting if len(set(fitting[name])) < len(fitting[name])]
    chosen = next(iter([*named, *repeated, *fitting]), None)
    left = [name for name, values in columns.items() if max(map(len, values), default=0) > MAX_TEXT]
    if left:
        warnings.warn(
            f"metadata: the columns {', '.join(left)} are left out; a text has more than {MAX_TEXT:,} characters",
            stacklevel=3,
        )
    made = {} if chosen is None else _labels(columns[chosen])
    others = {name: _values(columns[name]) for name in columns if name != chosen and name not in left}
    return made | ({"metadata": others} if others else {})


def _different(header: Sequence[str]) -> list[str]:
    """Returns names for columns of which some have none, or the same."""
    names: list[str] = []
    for i, name in enumerate(header, 1):
        name = str(name).strip() or f"column {i}"
        names.append(name if name not in names else f"{name} ({i})")
    return names


def _values(values: list[str]) -> Any:
    """Returns the numbers float64 [N] that texts stand for, or the texts; NaN or None where there is none."""
    try:
        numbers = [float(value) if value else math.nan for value in values]
    except ValueError:
        numbers = []
    if numbers and all(math.isfinite(number) for number, value in zip(numbers, values) if value):
        return np.array(numbers)
    return [value or None for value in values]


def _are_classes(values: list[str]) -> bool:
    different = set(values)
    return _integers(values) is not None or (
        len(different) <= MAX_CLASSES and max(map(len, different)) <= MAX_CLASS_NAME
    )


def _labels(values: list[str]) -> dict[str, Any]:
    integers = _integers(values)
    if integers is not None:
        return {"labels": integers}
    names = sorted(set(values) - {""})  # a point without a text has no class
    numbers = {name: i for i, name in enumerate(names)} | {"": -1}
    return {"labels": np.array([numbers[value] for value in values], np.int32), "class_names": names or None}


def _integers(values: list[str]) -> np.ndarray | None:
    """Returns the values as int32, or None if they are not all integers as Python writes them."""
    try:
        integers = [int(value) for value in values]
    except ValueError:
        return None
    fit = all(str(i) == value and abs(i) < 2**31 for i, value in zip(integers, values))
    return np.array(integers, np.int32) if fit else None
