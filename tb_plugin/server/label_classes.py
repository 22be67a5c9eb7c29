"""The classes of labels, as the tab lists and colors them."""

from typing import Any

import numpy as np

MAX_CLASSES = 1000  # in the legend
# The class of a point without a label, or whose class is not listed. Of more classes than bytes it is -1.
NO_CLASS = 255


def classify(labels: np.ndarray, names: list[str] | None) -> tuple[dict[str, Any], np.ndarray]:
    """Returns the classes of labels int32 [N], N at least 1, and the class of each point.

    The classes are the first 1,000 of `names`, or without names the first 1,000 labels that occur, in order.

    Returns:
      A dict for JSON: `names` and `counts` of the listed classes; `rest`, the number of points without a listed class;
      `others`, the number of classes that are not listed. And an array [N], the index of each point's class: uint8,
      with NO_CLASS for none, or of more than 255 classes int32, with -1 for none.
    """
    values = np.arange(len(names)) if names else np.unique(labels)
    listed = values[:MAX_CLASSES]
    few = len(listed) <= NO_CLASS
    nearest = np.minimum(np.searchsorted(listed, labels), len(listed) - 1)
    found = listed[nearest] == labels
    classes = np.where(found, nearest, NO_CLASS if few else -1).astype(np.uint8 if few else np.int32)
    counts = np.bincount(nearest[found], minlength=len(listed)).tolist()
    return {
        "names": names[:MAX_CLASSES] if names else [str(value) for value in listed],
        "counts": counts,
        "rest": len(labels) - sum(counts),
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
