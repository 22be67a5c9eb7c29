"""Checks that the sizes of all layers share, and the units of work."""

import math
from typing import Any, NamedTuple

MAX_VALUES = 2**22  # numbers that a layer may hold for one picture
MAX_OPTION = 2**12  # of strides, padding and upsampling
MAX_RANK = 8  # axes: an einsum of two images of vectors has seven in between

# Work is counted in multiplications of large matrices, about 0.3 ns each. Small matrices cost more: an amount for each
# number in a layer's output, one for each channel in and out of each position in a kernel, one for each position in a
# kernel that does not depend on the batch size, and one for each small matrix of a product of many.
WORK_PER_VALUE = 40
WORK_PER_CHANNEL = 8
WORK_PER_POSITION = 20_000
WORK_PER_MATRIX = 3_000

Shape = tuple[int, ...]


class Size(NamedTuple):
    """The output of a layer for one picture, and what computing it costs.

    Attributes:
      shape: the shape of the output.
      work: the work for each picture.
      batch_work: the work for a batch of any size, in addition.
      values: the most numbers that the layer holds at a time for one picture, without those of its inputs.
    """

    shape: Shape
    work: int
    batch_work: int
    values: int


def require(condition: Any, message: str) -> None:
    """Raises a ValueError with `message` unless a condition holds."""
    if not condition:
        raise ValueError(message)


def require_image(shape: Shape) -> None:
    """Raises a ValueError unless this is the shape of an image."""
    require(len(shape) == 3, f"the input is {list(shape)}, it must be [height, width, channels]")


def is_ints(value: Any, count: int | None = None, low: int = 0, most: int = MAX_OPTION) -> bool:
    """Returns whether `value`, parsed from JSON, is a list of `count` integers (None: any number) in low ... most."""
    return (
        isinstance(value, list)
        and count in (None, len(value))
        and all(type(number) is int and low <= number <= most for number in value)
    )


def sized(shape: Shape, work: int = 0, batch_work: int = 0, values: int = 0) -> Size:
    """Returns the Size of an output, to whose `work` and `values` those of the output itself are added.

    Raises:
      ValueError: the output is empty or too large.
    """
    values = max(values, math.prod(shape))
    require(all(length > 0 for length in shape), f"the output is an empty picture, {list(shape)}")
    require(len(shape) <= MAX_RANK, f"the output has {len(shape)} axes, the limit is {MAX_RANK}")
    require(values <= MAX_VALUES, f"one picture takes {values:,} values, the limit is {MAX_VALUES:,}")
    return Size(shape, work + WORK_PER_VALUE * math.prod(shape), batch_work, values)
