"""An encoder as data: an ordered list of layers that turns images into codes.

    Encoder(784, [dense(w1, b1), "tanh", dense(w2, b2)])
    Encoder(784, [reshape((28, 28, 1)), conv2d(w1, b1), "relu", max_pool(2), flatten(), dense(w2, b2)])

An image is the vector of its pixels in 0..1, in the order height, width, channels. An encoder of pixels in another
range begins with a `scale`, e.g. `scale(2, -1)` for -1..1. `tb_plugin.layers` has the layers. Position 0 of the list is
the images.
"""

from typing import Any

import numpy as np

from tb_plugin.network import Network


class Encoder(Network):
    """A network that turns images, each of `dims` pixels, into codes [N, D]: `encoder(images)`."""

    kind = "encoder"
    takes = "images"
    gives = "codes"

    def __call__(self, images: Any) -> np.ndarray:
        """Returns the codes float32 [N, D] of images [N, height, width], [N, height, width, channels] or [N, dims].

        Args:
          images: floats in 0..1, or integers in 0..255, as `tb_plugin.read` returns them.

        Raises:
          ValueError: an image has another number of pixels.
        """
        given = np.asarray(images)
        units = given.astype(np.float32) / np.float32(255) if given.dtype.kind in "ui" else given.astype(np.float32)
        return super().__call__(units.reshape(len(units), -1) if units.ndim > 2 else units)
