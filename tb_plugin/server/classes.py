"""The classes that labels are of, as the tab lists and colours them."""

from typing import Any

import numpy as np

NO_CLASS = 255  # a point has no label, or one that is not listed


def classes(labels: np.ndarray, names: list[str] | None) -> tuple[dict[str, Any], np.ndarray]:
    """The classes of labels int32 [N], N from 1: the first 255 of `names`, or without names of the labels that occur.

    Returns:
      For JSON: `names` and `counts` of the classes, in order; `rest`, how many points are of none of them; `others`,
      how many classes are not listed. And uint8 [N]: the index of each point's class, or NO_CLASS.
    """
    values = np.arange(len(names)) if names else np.unique(labels)
    listed = values[:NO_CLASS]
    nearest = np.minimum(np.searchsorted(listed, labels), len(listed) - 1)
    of = np.where(listed[nearest] == labels, nearest, NO_CLASS).astype(np.uint8)
    counts = np.bincount(of, minlength=NO_CLASS + 1).tolist()
    return {
        "names": names[:NO_CLASS] if names else [str(value) for value in listed],
        "counts": counts[: len(listed)],
        "rest": counts[NO_CLASS],
        "others": len(values) - len(listed),
    }, of
