"""Mutants of a program's source: each has one number, one operator, one function or one statement changed."""

import ast
import copy
from collections.abc import Iterator

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
FUNCTIONS = {"np.tanh": "np.asarray", "np.sqrt": "np.asarray", "np.zeros": "np.ones", "random.normal": "random.uniform"}


def generated(source: str) -> Iterator[tuple[str, str]]:
    """Yields what is changed, and the source with the change."""
    tree = ast.parse(source)
    for position, node in enumerate(ast.walk(tree)):
        for change in range(_changes(node)):
            changed = copy.deepcopy(tree)
            other = list(ast.walk(changed))[position]
            line = ast.get_source_segment(source, node) or ""
            _change(other, change)
            text = ast.unparse(ast.fix_missing_locations(changed))
            yield f"line {node.lineno}: {line} -> {ast.unparse(other)}", text


def _changes(node: ast.AST) -> int:
    """Returns how many mutants a node gives."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value:
        return 2
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return 1
    return int(
        isinstance(node, ast.Attribute)
        and ast.unparse(node) in FUNCTIONS
        or isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        or isinstance(node, ast.AugAssign)
    )


def _change(node: ast.AST, which: int) -> None:
    if isinstance(node, ast.Constant):
        whole = isinstance(node.value, int)
        node.value = node.value * 2 if which else node.value // 2 if whole else node.value / 2
    elif isinstance(node, ast.BinOp):
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Attribute):
        other = ast.parse(FUNCTIONS[ast.unparse(node)], mode="eval").body
        node.__dict__.update(other.__dict__)
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd()
    elif isinstance(node, ast.AugAssign):
        node.__class__ = ast.Expr  # type: ignore[assignment]
