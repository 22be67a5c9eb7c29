"""The ports, one file each. Their facts are read from the files without running them.

A port's module has a docstring (its provenance: the post on the first line, the post's address on the
second) and two literals: `OPTIONS`, the post's values of what `run` can change (a tuple holds choices, the
post's first), and `FIGURES`, what a run draws, each with a text for who cannot see it. For a run it has
`main`; for a replay `feed`, its batches, and `build`, its graph: a tuple of x, codes, output, loss,
train_step. Only `load` imports it, and TensorFlow with it.
"""

import ast
import functools
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

COMMON = ("steps", "batch_size", "learning_rate")  # the options that every port has
RUN_ONLY = ("epochs", "restore", "classifier")  # how far a run goes, from where, what comes after: nothing to a replay
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


class Facts(NamedTuple):
    """What a port's file says of it."""

    docstring: str
    options: dict[str, Any]
    figures: dict[str, str]  # file name or pattern -> what is to be seen


@functools.cache
def facts(name: str) -> Facts:
    """The facts of a port, from its source: TensorFlow is not imported."""
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
    literals = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    return Facts(ast.get_docstring(tree) or "", *(ast.literal_eval(literals[key]) for key in ("OPTIONS", "FIGURES")))


def load(name: str) -> ModuleType:
    """The port's module; imports TensorFlow."""
    return importlib.import_module(f"legacy_ports.ports.{name}")


def post_value(default: Any) -> Any:
    """The post's own value of an option, given as OPTIONS has it."""
    return default[0] if isinstance(default, tuple) else default
