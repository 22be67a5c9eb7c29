"""NumPy arrays of what frameworks call an array: tensors on any device and of any type, lists of them, data frames."""

import operator
from typing import Any

import numpy as np


def array(name: str, value: Any) -> np.ndarray:
    """Returns any framework's array, or a list of arrays of one shape, as an array.

    bfloat16 and the float8 types become float32, because NumPy has no such types. Text has dtype object.

    Raises:
      ValueError: it is no array. The message starts with `name`.
    """
    try:
        made = _local(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{name}: the rows have different lengths, or something in them is not a number") from error
    if made.dtype.kind == "V" and "float" in made.dtype.name:  # the types of ml_dtypes, which JAX brings
        made = made.astype(np.float32)
    elif made.dtype.kind == "S":
        made = np.char.decode(made, "utf-8", "replace").astype(object)
    elif made.dtype.kind == "U":
        made = made.astype(object)
    elif made.dtype.kind == "O" and made.size:
        plain = made.tolist()  # a data frame whose columns have several types is one of objects
        if all(isinstance(item, (bool, int, float, np.generic)) for item in np.ravel(made)):
            made = np.asarray(plain)
    return made


def numbers(name: str, value: Any) -> np.ndarray:
    """Returns real numbers as float32.

    Raises:
      ValueError: something is no number, or not finite in float32.
    """
    given = array(name, value)
    if given.dtype.kind not in "fiub":
        raise ValueError(f"{name}: dtype is {_type_of(given)}, it must be a type of real numbers")
    with np.errstate(over="ignore"):
        given = given.astype(np.float32)
    require_finite(name, given)
    return given


def integer(name: str, value: Any, below: int) -> int:
    """Returns an integer from 0 to `below` - 1, which may be a tensor or array without axes.

    Raises:
      ValueError: it is something else.
    """
    number = value
    try:
        if hasattr(number, "shape"):
            number = _local(number)[()]
        number = operator.index(number)
    except (TypeError, ValueError, IndexError):
        raise ValueError(f"{name}: it is {value!r:.80}, it must be an integer from 0") from None
    if number < 0:
        raise ValueError(f"{name}: it is {number}, it must be an integer from 0")
    if number >= below:
        raise ValueError(
            f"{name}: it is {number}, the limit is {below - 1:,}; count steps, and not time in nanoseconds"
        )
    return number


def is_missing(value: Any) -> bool:
    """Returns whether a value stands for none, as None, NaN and the NA of pandas do."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def require_finite(name: str, given: np.ndarray) -> None:
    """Raises ValueError if a number is not finite; the message says how many are not, and where the first is."""
    if not np.isfinite(given).all():
        bad = np.argwhere(~np.isfinite(given))
        raise ValueError(
            f"{name}: {len(bad):,} of {given.size:,} numbers are not finite (NaN, infinite or too large "
            f"for float32), the first is at {bad[0].tolist()}"
        )


def require_one_per_point(name: str, given: np.ndarray, points: int) -> np.ndarray:
    """Returns an array [N] or [N, 1] as [N].

    Raises:
      ValueError: it has another shape.
    """
    if given.shape not in ((points,), (points, 1)):
        raise ValueError(f"{name}: shape is {list(given.shape)}, it must be [{points}] with one for each code")
    return given.reshape(points)


def _type_of(given: np.ndarray) -> str:
    return "text" if given.dtype.kind == "O" and all(isinstance(item, str) for item in given.flat) else str(given.dtype)


def _local(value: Any) -> np.ndarray:
    """Returns an array in this process's memory. Types that NumPy does not know keep their name."""
    if hasattr(value, "detach"):  # a PyTorch tensor, which may have a gradient or be on a GPU
        value = value.detach()
        if str(value.layout) != "torch.strided":
            value = value.to_dense()
        if value.is_floating_point() and str(value.dtype) not in ("torch.float16", "torch.float32", "torch.float64"):
            value = value.float()
        return np.asarray(value.cpu().resolve_neg())
    if hasattr(value, "__cuda_array_interface__") and hasattr(value, "get"):  # CuPy
        return np.asarray(value.get())
    if hasattr(value, "toarray"):  # a sparse matrix of SciPy
        return np.asarray(value.toarray())
    if hasattr(value, "__next__"):
        raise TypeError("an iterator is no array")
    if isinstance(value, (list, tuple)) and any(
        hasattr(item, "__array__") or isinstance(item, (list, tuple)) for item in value
    ):
        return np.stack([_local(item) for item in value])
    if isinstance(value, (list, tuple)) and any(isinstance(item, str) or item is None for item in value):
        return np.array(value, object)
    return np.asarray(value)
