"""The classes of labels, as the tab lists and colors them."""

from typing import Any

import numpy as np

NO_CLASS = 255  # the class of a point without a label, or whose class is not listed


def classify(labels: np.ndarray, names: list[str] | None) -> tuple[dict[str, Any], np.ndarray]:
    """Returns the classes of labels int32 [N], N at least 1, and the class of each point.

    The classes are the first 255 of `names`, or without names the first 255 labels that occur, in order.

    Returns:
      A dict for JSON: `names` and `counts` of the listed classes; `rest`, the number of points without a listed class;
      `others`, the number of classes that are not listed. And uint8 [N], the index of each point's class or NO_CLASS.
    """
    values = np.arange(len(names)) if names else np.unique(labels)
    listed = values[:NO_CLASS]
    nearest = np.minimum(np.searchsorted(listed, labels), len(listed) - 1)
    classes = np.where(listed[nearest] == labels, nearest, NO_CLASS).astype(np.uint8)
    counts = np.bincount(classes, minlength=NO_CLASS + 1).tolist()
    return {
        "names": names[:NO_CLASS] if names else [str(value) for value in listed],
        "counts": counts[: len(listed)],
        "rest": counts[NO_CLASS],
        "others": len(values) - len(listed),
    }, classes


def for_points(labels: np.ndarray, names: list[str] | None) -> tuple[dict[str, Any], np.ndarray]:
    """Returns what a blob of points says of their labels [N], N at least 1: a part of its header, and an array [N].

    The part is `labels` with the classes, or `continuous` with the lowest and the highest label.
    """
    if labels.dtype.kind == "f":
        return {"continuous": [float(labels.min()), float(labels.max())]}, labels
    about, classes = classify(labels, names)
    return {"labels": about}, classes
