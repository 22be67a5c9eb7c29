"""Reads a script or a notebook, of Python 3 or 2, as code that runs today.

What only Python 2 accepts is Python 2: its `print` statement, its names such as xrange, its modules such as urllib2.
Such a script gets what it relied on: integers that divide to integers, and map, filter, zip and range that are lists.
"""

import ast
import builtins
import functools
import io
import json
import tokenize
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError

# The modules of Python 2 under their names of today.
MODULES = {
    "ConfigParser": "configparser", "Queue": "queue", "StringIO": "io", "cPickle": "pickle", "cStringIO": "io",
    "urllib": "legacy_ports.original.urls", "urllib2": "urllib.request", "urlparse": "urllib.parse",
}  # fmt: skip


class Source(NamedTuple):
    """A script that was read."""

    path: Path
    text: bytes  # as it is in the file; of a notebook: the text of its code cells
    code: Any  # compiled
    names: dict[str, Any]  # what it finds in the place of builtins
    modules: dict[str, str]  # renamed: what it imports -> what it gets


def port_of(script: Path) -> str:
    """Returns the folder of a script's runs, in that of all runs."""
    return f"exec/{script.stem}"


def read(path: Path) -> Source:
    """Reads a script or a notebook.

    Raises:
      UserError: it cannot be read, or is neither Python 3 nor Python 2.
    """
    raw = text(path)
    try:
        source = io.TextIOWrapper(io.BytesIO(raw), tokenize.detect_encoding(io.BytesIO(raw).readline)[0]).read()
    except (UnicodeDecodeError, SyntaxError) as error:
        raise UserError(f"{path}: not a Python script ({error})") from None
    try:
        return _compiled(path, raw, source)
    except SyntaxError as error:
        line = f"{path}:{error.lineno}: {error.msg}"
        raise UserError(f"{line}; neither Python 3 nor Python 2 with print statements") from None
    except (ValueError, RecursionError, MemoryError) as error:  # a null byte; nested too deeply
        raise UserError(f"{path}: not a Python script ({str(error) or type(error).__name__})") from None


def _compiled(path: Path, raw: bytes, source: str) -> Source:
    try:
        tree = ast.parse(source, str(path))
        python2 = _needs_python_2(tree)
    except SyntaxError:
        try:
            tree, python2 = ast.parse(_statements(source), str(path)), True
        except (SyntaxError, tokenize.TokenError):
            python2 = False
        if not python2:
            raise
    if not python2:
        return Source(path, raw, compile(tree, str(path), "exec"), {}, {"urllib": "legacy_ports.original.urls"})
    if not _imports_division(tree):
        tree = ast.fix_missing_locations(_Division().visit(tree))
    return Source(path, raw, compile(tree, str(path), "exec"), NAMES, MODULES)


def text(path: Path) -> bytes:
    """Returns a script's text; of a notebook, the text of its code cells.

    Raises:
      UserError: it cannot be read.
    """
    try:
        raw = path.read_bytes()
        return _cells(raw) if path.suffix == ".ipynb" else raw
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a notebook ({error})") from None


def _cells(raw: bytes) -> bytes:
    """Returns the code cells of a notebook, in their order; lines for IPython or the shell become comments."""
    lines = []
    for cell in json.loads(raw)["cells"]:
        if cell["cell_type"] == "code":
            lines += "".join(cell["source"]).splitlines() + [""]
    return "\n".join("pass  # " + line if line.startswith(("%", "!")) else line for line in lines).encode()


def _needs_python_2(tree: ast.Module) -> bool:
    """Returns whether a script uses names or modules that only Python 2 has."""
    names = {node.id: node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ONLY_2 and node.id not in names:
            return not any(isinstance(each, ast.ExceptHandler) for each in ast.walk(tree))
        if isinstance(node, ast.Import) and any(each.name in MODULES.keys() - {"urllib"} for each in node.names):
            return not any(isinstance(each, ast.Try) for each in ast.walk(tree))
    return False


def _imports_division(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and "division" in {n.name for n in node.names}
        for node in tree.body
    )


def _statements(source: str) -> str:
    """Writes Python 2's print statements and `except Error, name` as Python 3 wants them."""
    lines = source.splitlines(keepends=True)
    edits: list[tuple[tuple[int, int], tuple[int, int], str]] = []
    statement: list[tokenize.TokenInfo] = []
    depth = 0

    def end() -> None:
        if not statement:
            return
        first = statement[0]
        if first.string == "print" and (len(statement) == 1 or statement[1].string != "="):
            edits.append(_print(statement, lines))
        if first.string == "except":
            for k, each in enumerate(statement):
                if each.string == "," and k + 1 < len(statement) and "(" not in [t.string for t in statement[:k]]:
                    edits.append((each.start, each.end, " as"))
        statement.clear()

    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING):
            continue
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        ends = token.string == ";" or token.string == ":" and "lambda" not in [each.string for each in statement]
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or ends and not depth:
            end()
        else:
            statement.append(token)
    for (row, start), (end_row, stop), text in sorted(edits, reverse=True):
        before, after = lines[row - 1][:start], lines[end_row - 1][stop:]
        lines[row - 1 : end_row] = [before + text + after]
    return "".join(lines)


def _print(statement: list[tokenize.TokenInfo], lines: list[str]) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Returns the edit that makes a call of a print statement."""
    begin, stop = statement[0].start, statement[-1].end
    if len(statement) == 1:
        return begin, stop, "print()"
    (row, column), (end_row, end_column) = statement[1].start, stop
    inside = lines[row - 1 : end_row]
    inside[-1] = inside[-1][:end_column]
    inside[0] = inside[0][column:]
    words, target = "".join(inside), ""
    if words.startswith(">>"):
        target, _, words = words[2:].partition(",")
        target = f", file={target.strip()}"
    more = ', end=" "' if words.rstrip().endswith(",") else ""
    return begin, stop, f"print({words.rstrip().rstrip(',')}{more}{target})".replace("(, ", "(")


class _Division(ast.NodeTransformer):
    """Gives `/` Python 2's meaning."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self._call(node.left, node.right) if isinstance(node.op, ast.Div) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        read: Any = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.copy_location(ast.Assign([node.target], self._call(read, node.value)), node)

    @staticmethod
    def _call(left: ast.expr, right: ast.expr) -> ast.Call:
        call = ast.Call(ast.Name("__divide__", ast.Load()), [left, right], [])
        return ast.copy_location(call, left)


def divide(a: Any, b: Any) -> Any:
    """Returns a / b as Python 2 had it: of two integers, or of arrays or tensors of integers, an integer."""
    return a // b if _whole(a) and _whole(b) else a / b


def _whole(value: Any) -> bool:
    if isinstance(value, (int, np.integer)):
        return True
    dtype = getattr(value, "dtype", None)
    return bool(getattr(dtype, "is_integer", getattr(dtype, "kind", "") in ("i", "u")))


def _round(number: float, digits: int = 0) -> float:
    """Rounds halves away from zero, to a float."""
    scaled = abs(number) * 10**digits
    return float(np.copysign(np.floor(scaled + 0.5) / 10**digits, number))


ONLY_2 = {"basestring", "long", "raw_input", "unichr", "unicode", "xrange"}
NAMES: dict[str, Any] = {
    "__divide__": divide,
    "basestring": str, "long": int, "raw_input": input, "unichr": chr, "unicode": str, "xrange": range,
    "filter": lambda *a: list(builtins.filter(*a)), "map": lambda *a: list(builtins.map(*a)),
    "range": lambda *a: list(builtins.range(*a)), "zip": lambda *a: list(builtins.zip(*a)),
    "reduce": functools.reduce, "round": _round,
}  # fmt: skip
