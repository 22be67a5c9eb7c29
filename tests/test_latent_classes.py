"""The classes of labels: which are listed, and which class each point has."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tb_plugin.server.label_classes import MAX_CLASSES, NO_CLASS, classify

INT32 = st.integers(-(2**31), 2**31 - 1)


def as_described(labels, names):
    """Returns what the docstring of `classify` says, computed label by label."""
    kinds = list(range(len(names))) if names else sorted(set(labels))
    listed = kinds[:MAX_CLASSES]
    none = NO_CLASS if len(listed) <= NO_CLASS else -1
    place = {kind: i for i, kind in enumerate(listed)}
    of = [place.get(label, none) for label in labels]
    return {
        "names": [names[kind] if names else str(kind) for kind in listed],
        "counts": [of.count(k) for k in range(len(listed))],
        "rest": of.count(none),
        "others": len(kinds) - len(listed),
    }, of


@given(st.lists(st.one_of(INT32, st.integers(-5, 400)), min_size=1, max_size=600))
def test_labels_without_names(labels):
    listed, classes = classify(np.array(labels, np.int32), None)
    assert classes.dtype == (np.uint8 if len(listed["names"]) <= NO_CLASS else np.int32)
    assert (listed, classes.tolist()) == as_described(labels, None)


@given(st.data(), st.one_of(st.integers(1, 300), st.integers(990, 1010)))
def test_labels_with_names(data, count):
    names = [f"class {k}" for k in range(count)]
    labels = data.draw(st.lists(st.one_of(st.integers(-1, count - 1), INT32), min_size=1, max_size=50))
    listed, classes = classify(np.array(labels, np.int32), names)
    assert (listed, classes.tolist()) == as_described(labels, names)


def test_no_names_are_none():
    listed, classes = classify(np.array([7, 7], np.int32), [])
    assert (listed, classes.tolist()) == as_described([7, 7], None)


def test_of_more_classes_than_bytes_the_first_thousand_are_listed():
    labels = np.arange(1500, dtype=np.int32) % 1200
    listed, classes = classify(labels, None)
    assert classes.dtype == np.int32
    assert (listed, classes.tolist()) == as_described(labels.tolist(), None)
    assert (len(listed["names"]), listed["others"]) == (1000, 200)
