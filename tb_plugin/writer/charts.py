"""The chart of a decoder that returns vectors and no pictures, as gene counts or spectra: its axes and limits."""

import json
import math
from typing import Any

import numpy as np

from tb_plugin.decoder import Decoder
from tb_plugin.writer import arrays

MAX_CHARACTERS = 65_536  # of a chart in JSON, because the list of all latent spaces holds it
MAX_TITLE = 200  # characters

_KEYS = {"at", "x", "y", "range"}
_SAMPLE = 64  # codes whose outputs give the limits
_QUICK_WORK = 2 * 10**8  # as Decoder.work counts: a tenth of a second


def chart(value: Any) -> dict[str, Any]:
    """Returns what a user says of a chart, as valid JSON.

    Its keys are those that were given of `at`, the names or the numbers of the outputs; `x` and `y`, the titles of the
    axes; and `range`, the limits of the axis up.

    Raises:
      ValueError: something is invalid.
    """
    if not isinstance(value, dict) or not value or not value.keys() <= _KEYS:
        raise ValueError("chart: it must be a dict with some of at, x, y and range")
    said: dict[str, Any] = {}
    for key in ("x", "y"):
        if key in value:
            if not isinstance(value[key], str) or len(value[key]) > MAX_TITLE:
                raise ValueError(
                    f"chart: {key} is {value[key]!r:.40}, it must be a text of at most {MAX_TITLE} characters"
                )
            said[key] = value[key]
    if "range" in value:
        limits = [float(bound) for bound in arrays.numbers("chart's range", value["range"]).ravel()]
        if len(limits) != 2 or not limits[0] < limits[1]:
            raise ValueError(f"chart: range is {value['range']!r:.40}, it must be (lowest, highest)")
        said["range"] = limits
    if "at" in value:
        said["at"] = _outputs(value["at"])
    if len(json.dumps(said)) > MAX_CHARACTERS:
        raise ValueError(f"chart: it has more than {MAX_CHARACTERS:,} characters; leave out at, or shorten the names")
    return said


def _outputs(value: Any) -> list[str] | list[float]:
    given = arrays.array("chart's at", value)
    if given.ndim == 1 and given.dtype.kind == "O" and all(isinstance(name, str) for name in given):
        return [str(name) for name in given]
    numbers = given.astype(np.float64) if given.ndim == 1 and given.dtype.kind in "fiu" else np.zeros(0)
    ways = np.sign(np.diff(numbers))
    if not len(numbers) or not np.isfinite(numbers).all() or not (abs(ways.sum()) == len(ways) == np.abs(ways).sum()):
        raise ValueError("chart: at must be a name for each output, or a number for each that only grows or only falls")
    return [float(number) for number in numbers]


def require_fits(said: dict[str, Any], decoder: Decoder | None, image_shape: Any) -> None:
    """Raises ValueError if a chart cannot show a decoder's output."""
    if decoder is None:
        raise ValueError("chart: there is no decoder, whose output it would show")
    if not is_vector(decoder, image_shape):
        raise ValueError(
            f"chart: the decoder returns pictures of {list(image_shape or decoder.output_shape)}; a chart shows vectors"
        )
    if "at" in said and len(said["at"]) != decoder.output_shape[0]:
        raise ValueError(f"chart: at has {len(said['at']):,}, the decoder returns {decoder.output_shape[0]:,} numbers")


def is_vector(decoder: Decoder, image_shape: Any) -> bool:
    """Returns whether a decoder's output is a vector that is no picture of `image_shape` (H, W, C) or None."""
    return len(decoder.output_shape) == 1 and not (image_shape and math.prod(image_shape) == decoder.output_shape[0])


class Limits:
    """The limits of the axis up, the same for all steps until an output exceeds them."""

    def __init__(self) -> None:
        self._low, self._high = math.inf, -math.inf

    def including(self, decoder: Decoder, codes: np.ndarray) -> list[float]:
        """Returns round limits that include the outputs for a sample of codes, and those of the calls before."""
        some = next(count for count in (_SAMPLE, 4, 1) if decoder.work(count) <= _QUICK_WORK or count == 1)
        values = decoder(codes[:: max(1, len(codes) // some)][:some])
        values = values[np.isfinite(values)]
        if len(values):
            self._low = min(self._low, float(values.min()))
            self._high = max(self._high, float(values.max()))
        return rounded(self._low, self._high) if self._low <= self._high else [0.0, 1.0]


def rounded(low: float, high: float) -> list[float]:
    """Returns round limits that include low <= high, and 0 if it is near."""
    if low > 0 and low < 0.5 * high:
        low = 0.0
    if high < 0 and high > 0.5 * low:
        high = 0.0
    span = high - low or abs(high) or 1.0
    if low == high:
        low, high = low - span / 2, high + span / 2
    unit = max(10.0 ** math.floor(math.log10(span)) / 2, 1e-300)  # a power of 10 may be 0
    return [float(f"{bound:.9g}") for bound in (math.floor(low / unit) * unit, math.ceil(high / unit) * unit)]
