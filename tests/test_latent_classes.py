"""The classes of labels: which are listed, and which class each point has."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tb_plugin.server.label_classes import NO_CLASS, classify

INT32 = st.integers(-(2**31), 2**31 - 1)


def as_described(labels, names):
    """Returns what the docstring of `classify` says, computed label by label."""
    kinds = list(range(len(names))) if names else sorted(set(labels))
    listed = kinds[:NO_CLASS]
    of = [listed.index(label) if label in listed else NO_CLASS for label in labels]
    return {
        "names": [names[kind] if names else str(kind) for kind in listed],
        "counts": [of.count(k) for k in range(len(listed))],
        "rest": of.count(NO_CLASS),
        "others": len(kinds) - len(listed),
    }, of


@given(st.lists(st.one_of(INT32, st.integers(-5, 400)), min_size=1, max_size=600))
def test_labels_without_names(labels):
    listed, classes = classify(np.array(labels, np.int32), None)
    assert classes.dtype == np.uint8
    assert (listed, classes.tolist()) == as_described(labels, None)


@given(st.data(), st.integers(1, 300))
def test_labels_with_names(data, count):
    names = [f"class {k}" for k in range(count)]
    labels = data.draw(st.lists(st.one_of(st.integers(-1, count - 1), INT32), min_size=1, max_size=50))
    listed, classes = classify(np.array(labels, np.int32), names)
    assert (listed, classes.tolist()) == as_described(labels, names)


def test_no_names_are_none():
    listed, classes = classify(np.array([7, 7], np.int32), [])
    assert (listed, classes.tolist()) == as_described([7, 7], None)
