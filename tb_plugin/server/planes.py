"""The planes that requests ask for. Planes of principal components are computed once and remembered."""

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from tb_plugin.server import projection
from tb_plugin.server.projection import Plane
from tb_plugin.server.query import BadRequest, Params
from tb_plugin.server.reader import Reader
from tb_plugin.server.spaces import Space

METHODS = ("axes", "pca", "auto", "map")
MAX_PLANES = 64  # remembered


class Planes:
    """The planes through the codes that `reader` reads."""

    def __init__(self, reader: Reader):
        self._reader = reader
        self._planes: OrderedDict[tuple[Any, ...], Plane] = OrderedDict()
        self._fitting = threading.Lock()

    def requested(
        self, ctx: Any, params: Params, method: str, space: Space, step: int, codes: np.ndarray
    ) -> tuple[Plane, dict[str, Any]]:
        """Returns the plane that a request asks for, and the parameters that select it, defaults included.

        Args:
          ctx: TensorBoard's context of the request.
          params: the request's parameters.
          method: one of METHODS.
          space: the latent space.
          step: the step of `codes`.
          codes: float32 [N, D].
        """
        last = codes.shape[1] - 1
        if method == "auto":
            method = "pca" if last > 1 else "axes"
        if method == "axes":
            i, j = params.integer("i", 0, 0, last), params.integer("j", min(1, last), 0, last)
            return projection.axes(codes, i, j), {"plane": method, "i": i, "j": j}
        count = params.integer("components", 2, 2, projection.MAX_COMPONENTS)
        fit = space.resolve(params.integer("fit", step, -(2**63), 2**63 - 1))
        plane = self._principal(ctx, space, fit, codes if fit == step else None)
        if len(plane.origin) != codes.shape[1]:
            raise BadRequest("The codes of the step that the parameter fit names have another width.")
        return plane.first(count), {"plane": method, "fit": fit, "components": count}

    def _principal(self, ctx: Any, space: Space, step: int, codes: np.ndarray | None) -> Plane:
        """Returns the principal components of a step, whose codes are read if they are not given."""
        key = space.key(step)
        plane = self._planes.get(key)
        if plane is None:
            with self._fitting:  # so that each plane is computed once, and one at a time
                plane = self._planes.get(key)
                if plane is None:
                    codes = self._reader.codes(ctx, space, step) if codes is None else codes
                    plane = self._planes[key] = projection.principal(codes, projection.MAX_COMPONENTS)
                    if len(self._planes) > MAX_PLANES:
                        self._planes.popitem(last=False)
        return plane
