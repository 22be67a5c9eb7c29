"""Imported once, by the process that tests fork others from: TensorFlow, and the bundled digits."""

import functools

from legacy_ports.data import mnist
from legacy_ports.ports import vandenburg  # noqa: F401

mnist._bundled = functools.cache(mnist._bundled)
mnist._bundled()
