"""Mutants of the ports, generated from their source: each has one constant, one layer or one default changed.

In everything that `build` calls, every number is changed, every activation is lost, and every initializer and reduction
is replaced by its nearest relative. A change after which the graph cannot be built, or is the same graph, is no mutant.
"""

import ast
import copy
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from legacy_ports import ports
from legacy_ports.tf1 import new_graph, tf

# An activation, a reduction, an initializer or a pooling, and what takes its place.
RELATIVES = {
    "tf.nn.tanh": "tf.identity",
    "tf.nn.relu": "tf.identity",
    "'relu'": "'linear'",
    "'sigmoid'": "'linear'",
    "tf.reduce_mean": "tf.reduce_sum",
    "tf.truncated_normal": "tf.random_normal",
    "tf.glorot_uniform_initializer": "tf.glorot_normal_initializer",
    "tf.zeros_initializer": "tf.ones_initializer",
    "'zeros'": "'ones'",
    "glorot_uniform": "tf.glorot_normal_initializer",
}


def closure(tree: ast.Module) -> list[ast.FunctionDef]:
    """Returns the functions that `build` calls, and `build`, in the order of the source."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found, todo = set(), ["build"]
    while todo:
        name = todo.pop()
        found.add(name)
        names = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        todo += [other for other in names & functions.keys() if other not in found]
    return [function for name, function in functions.items() if name in found]


def generated(name: str) -> Iterator[tuple[str, types.ModuleType]]:
    """Yields the mutants that a port's source gives, each with what was changed."""
    module = ports.load(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    original = graph_of(module)
    seen: dict[str, int] = {}
    for position in range(sum(1 for function in closure(tree) for _ in ast.walk(function))):
        changed = copy.deepcopy(tree)
        functions = closure(changed)
        nodes = [node for function in functions for node in ast.walk(function)]
        if not _change(nodes[position]):
            continue
        other = types.ModuleType(module.__name__)
        other.__file__ = module.__file__
        exec(compile(ast.fix_missing_locations(changed), str(module.__file__), "exec"), other.__dict__)
        if graph_of(other) in (None, original):
            continue
        text = _described(functions, nodes[position])
        seen[text] = seen.get(text, 0) + 1
        yield text if seen[text] == 1 else f"{text}, number {seen[text]} of these", other


def graph_of(module: types.ModuleType) -> bytes | None:
    """Returns the graph that a module builds, with the op-level seeds; None where it cannot be built."""
    with new_graph() as graph:
        tf.set_random_seed(0)
        np.random.seed(0)
        try:
            module.build()
        except (ValueError, AttributeError, AssertionError, IndexError, TypeError):
            return None
        definition = graph.as_graph_def()
    for node in definition.node:
        node.attr.pop("_gradient_op_type", None)  # numbered anew with each graph
    return definition.SerializeToString(deterministic=True)


def _change(node: ast.AST) -> bool:
    """Changes a node in place. Returns whether there was anything to change."""
    if isinstance(node, (ast.Attribute, ast.Name, ast.Constant)) and ast.unparse(node) in RELATIVES:
        other = ast.parse(RELATIVES[ast.unparse(node)], mode="eval").body
        node.__class__ = type(other)
        node.__dict__.update(other.__dict__)
        return True
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        node.value = _other_number(node.value)
        return True
    return False


def _other_number(value: float) -> float:
    if isinstance(value, int):
        return value + 1
    if value == 0:
        return 0.1
    return float(f"{value * 1000:.6g}") if value < 1e-6 else value * 2 if value < 0.5 else value / 2


def _described(functions: list[ast.FunctionDef], node: ast.AST) -> str:
    """Returns the smallest call around a changed node, or the smallest statement, short and on one line."""
    around = [
        outer
        for function in functions
        for outer in ast.walk(function)
        if isinstance(outer, (ast.stmt, ast.Call)) and any(inner is node for inner in ast.walk(outer))
    ]
    smallest = min(around, key=lambda outer: sum(1 for _ in ast.walk(outer)))
    if isinstance(smallest, ast.FunctionDef):
        arguments = smallest.args.args[-len(smallest.args.defaults) :]
        name = next(a.arg for a, default in zip(arguments, smallest.args.defaults) if default is node)
        return f"{smallest.name}({name}={ast.unparse(node)})"
    text = " ".join(ast.unparse(smallest).split())
    if isinstance(smallest, ast.Call) and len(text) > 60:
        inside = [k for k in smallest.keywords if any(inner is node for inner in ast.walk(k))]
        if inside:
            return f"{ast.unparse(smallest.func)}({ast.unparse(inside[0])})"
    return text if len(text) <= 90 else f"{text[:87]}..."
