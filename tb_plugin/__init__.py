"""The Latent plugin for TensorBoard: `tb_plugin.summary` logs a latent space, the Latent tab explores it.

`tb_plugin.read(folder)` reads what was logged. Nothing in this package imports TensorFlow.
"""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "read":  # imported when it is used, so that TensorBoard's start does not wait for it
        return importlib.import_module("tb_plugin.read")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
