"""What PyTorch's operations (ATen's) become in a decoder's graph: each has a line in OPERATIONS of its module.

An operation gets its arguments as PyTorch has them. A tensor that depends on the codes is a `Value`; all others are
PyTorch's tensors. PyTorch's axis 0 is the batch axis, which a `Value` does not have.
"""

from collections.abc import Callable
from typing import Any

from tb_plugin.convert.aten import arithmetic, images, norms, shapes
from tb_plugin.convert.aten.context import Aten

__all__ = ["OPERATIONS", "Aten"]

# By the name of the operation, without the _ that ends the name of one in place.
OPERATIONS: dict[str, Callable[..., Any]] = {
    **arithmetic.OPERATIONS,
    **shapes.OPERATIONS,
    **images.OPERATIONS,
    **norms.OPERATIONS,
}
