"""The ports, one file each. Their facts are read from the files without running them.

A port's module has a docstring (its provenance: the post on the first line, the post's address on the second) and these
literals:

    OPTIONS   the post's values of the options of `run`; a tuple holds choices, the post's first
    HELP      what each option does that not every port has
    FIGURES   the figures of a run, each with a text for readers who cannot see it
    ENGINE    what trains it: "fused" where that is faster and the same run, else "session"; see `run.training`
    PROOF     what its proof needs: see `Proof`

For a run the module has `main`; for a replay `feed`, its batches, and `build`, its graph: a tuple of x, codes, output,
loss, train_step. Only `load` imports the module, and TensorFlow with it. A file whose name begins with _ is no port.
"""

import ast
import functools
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

COMMON = ("steps", "batch_size", "learning_rate")  # the options that every port has
RUN_ONLY = ("epochs", "restore", "classifier")  # options that a replay does not need
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


class Proof(NamedTuple):
    """What the proof of a port needs beside its recordings."""

    weights: int  # of the post's network, by its layers
    networks: dict[str, str]  # variant -> its layers, see `proof.gradients`: written here, not read from the graph
    # variant -> {steps: the largest relative error of a step's loss over the first so many}; the port is one, too
    tolerances: dict[str, dict[int, float]]
    norms: dict[int, float]  # steps -> the largest relative error of a variable's norm over the first so many
    milestones: dict[str, tuple[int, ...]]  # data -> steps at which a run is held against the distribution
    window: dict[str, int]  # data -> how many steps before a milestone are averaged
    variants: dict[str, dict[str, Any]] = {}  # variant -> the options that make it
    # variant -> data -> {seed: steps}: for these seeds the last tolerance holds over so many steps
    horizons: dict[str, dict[str, dict[int, int]]] = {}
    plateau: dict[str, float] = {}  # data -> the loss in which a share of the runs gets stuck


class Facts(NamedTuple):
    """What a port's file says of it."""

    docstring: str
    options: dict[str, Any]
    help: dict[str, str]
    figures: dict[str, str]  # file name or pattern -> what is to be seen
    engine: str
    proof: Proof


@functools.cache
def facts(name: str) -> Facts:
    """Reads the facts of a port from its source, without importing TensorFlow."""
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
    literals = {
        ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0]): node.value
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value
    }
    options, texts, figures, engine, proof = (
        ast.literal_eval(literals[key]) for key in ("OPTIONS", "HELP", "FIGURES", "ENGINE", "PROOF")
    )
    return Facts(ast.get_docstring(tree) or "", options, texts, figures, engine, Proof(**proof))


def load(name: str) -> ModuleType:
    """Imports a port's module, and TensorFlow."""
    return importlib.import_module(f"legacy_ports.ports.{name}")


def post_value(default: Any) -> Any:
    """Returns the post's own value of an option, given as OPTIONS has it."""
    return default[0] if isinstance(default, tuple) else default


def post_options(name: str) -> dict[str, Any]:
    """Returns the options of a port with the post's own values."""
    return {key: post_value(value) for key, value in facts(name).options.items()}


def variant(name: str, options: dict[str, Any]) -> str:
    """Names what is run: the port, or the port with its options that are not the post's, e.g. "vandenburg_relu".

    How long a run goes, its batch size, its learning rate and what is no option of the port, e.g. a seed, have no part
    in the name.
    """

    def named(key: str, value: Any) -> str:
        return key if value is True else value if isinstance(value, str) else f"{key}={value:g}"

    post = post_options(name)
    own = post.keys() - {*COMMON, *RUN_ONLY}
    changed = {key: value for key, value in options.items() if key in own and value != post[key]}
    return "_".join([name, *(named(key, value) for key, value in sorted(changed.items()))])
