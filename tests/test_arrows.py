"""The arrows between the parts of the code: which module may import which.

A table lists the rooms of one language, each with the rooms that it may import. It may also import what those may. A
room is a package or a module. A module belongs to the room with the longest name that fits.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PYTHON = {
    "tb_plugin": [],  # the package itself, which imports nothing
    "tb_plugin.metadata": [],
    "tb_plugin.gif": [],
    "tb_plugin.files": [],
    "tb_plugin.codec": ["tb_plugin.metadata"],
    "tb_plugin.graph": ["tb_plugin"],
    "tb_plugin.layers": ["tb_plugin.graph"],
    "tb_plugin.network": ["tb_plugin.layers", "tb_plugin.codec"],
    "tb_plugin.decoder": ["tb_plugin.network"],
    "tb_plugin.encoder": ["tb_plugin.network"],
    "tb_plugin.writer.arrays": [],
    "tb_plugin.validation": ["tb_plugin.decoder", "tb_plugin.encoder", "tb_plugin.writer.arrays"],
    "tb_plugin.convert": ["tb_plugin.decoder", "tb_plugin.encoder"],
    "tb_plugin.from_torch": ["tb_plugin.convert"],
    "tb_plugin.from_jax": ["tb_plugin.convert"],
    "tb_plugin.from_tensorflow": ["tb_plugin.convert"],
    "tb_plugin.from_onnx": ["tb_plugin.convert"],
    "tb_plugin.from_keras": ["tb_plugin.from_torch", "tb_plugin.from_jax", "tb_plugin.from_tensorflow"],
    "tb_plugin.events": ["tb_plugin.metadata"],
    "tb_plugin.writer": ["tb_plugin.validation", "tb_plugin.events"],
    "tb_plugin.summary": ["tb_plugin.writer"],
    "tb_plugin.digits": ["tb_plugin"],
    "tb_plugin.demo": ["tb_plugin.summary", "tb_plugin.digits"],
    "tb_plugin.server": ["tb_plugin.validation", "tb_plugin.gif", "tb_plugin.files"],
    "tb_plugin.loader": ["tb_plugin.server"],
    "tb_plugin.add_latent": ["tb_plugin.summary"],
    "tb_plugin.callbacks": ["tb_plugin.add_latent", "tb_plugin.from_keras"],
    "tb_plugin.from_projector": ["tb_plugin.summary"],
    "tb_plugin.read": ["tb_plugin.events", "tb_plugin.server", "tb_plugin.writer"],
    "tb_plugin.export": ["tb_plugin.events", "tb_plugin.server"],
    "legacy_ports": [],
    "legacy_ports.files": ["legacy_ports", "tb_plugin.files"],
    "legacy_ports.tf1": ["legacy_ports"],
    "legacy_ports.data": ["legacy_ports.files"],
    "legacy_ports.plots": ["legacy_ports.files"],
    "legacy_ports.run": [
        "legacy_ports.data",
        "legacy_ports.plots",
        "legacy_ports.tf1",
        "tb_plugin",
        "tb_plugin.summary",
        "tb_plugin.events",
    ],
    "legacy_ports.ports": ["legacy_ports.run", "tb_plugin.from_keras", "tb_plugin.gif"],
    "legacy_ports.proof": ["legacy_ports.ports"],
    "legacy_ports.original": ["legacy_ports.run"],
    "legacy_ports.sweep": ["legacy_ports.proof"],
    "legacy_ports.cli": ["legacy_ports.sweep", "legacy_ports.original"],
    "legacy_ports.__main__": ["legacy_ports.cli"],
}
# Packages that nothing in a package may import, even if they are installed.
FORBIDDEN: dict[str, set[str]] = {
    "legacy_ports": set(),
    "tb_plugin": {"tensorflow", "keras", "tf_keras", "torch", "jax", "flax", "onnx", "onnxruntime", "legacy_ports"},
}
# But for the functions that get the user's model: `test_from_keras` holds that the modules alone import nothing.
USERS = {
    "tb_plugin.from_torch": {"torch"},
    "tb_plugin.convert.torch_trace": {"torch"},
    "tb_plugin.from_jax": {"jax"},
    "tb_plugin.convert.jax_primitives": {"jax"},
    "tb_plugin.from_tensorflow": {"tensorflow"},
    "tb_plugin.from_keras": {"tensorflow"},
    "tb_plugin.from_onnx": {"onnx", "onnxruntime"},
}


def python_modules(package: str) -> Iterator[tuple[str, Path]]:
    """Yields the name and path of each module of a package."""
    for path in (ROOT / package).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def python_imports(package: str) -> dict[str, set[str]]:
    """Returns what each module of a package imports, anywhere in its text: modules of the package, or other packages.

    Imports of TYPE_CHECKING and inside of functions count as well, because a reader has to follow them.
    """
    names = {name for name, _ in python_modules(package)}
    imports: dict[str, set[str]] = {}
    for module, path in python_modules(package):
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: relative imports are not used here"
                imported = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {name if name in names else str(node.module) for name in imported}
        imports[module] = found
    return imports


def allowed(table: dict[str, list[str]], room: str) -> set[str]:
    """Returns the rooms that a room may import: itself, those in the table, and what they may import."""
    return {room}.union(*(allowed(table, below) for below in table[room]))


def room_of(table: dict[str, list[str]], module: str) -> str | None:
    """Returns the room of a module, or None if the table has none for it. Separators are dots and slashes."""
    fits = [room for room in table if module == room or module.startswith((room + ".", room + "/"))]
    return max(fits, key=len, default=None)


def wrong_arrows(table: dict[str, list[str]], imports: dict[str, set[str]]) -> list[str]:
    """Returns a line for each import that the table does not allow, and for each module without a room of its own."""
    wrong = []
    for module, imported in imports.items():
        room = room_of(table, module)
        if room is None:
            wrong.append(f"{module} has no room in the table")
            continue
        for other in imported:
            target = room_of(table, other)
            if target is not None and target not in allowed(table, room):
                wrong.append(f"{module} imports {other}, and {room} may not import {target}")
    return sorted(wrong)


def cycle(imports: dict[str, set[str]]) -> list[str] | None:
    """Returns the modules of a circle of imports, or None if there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return None


@pytest.mark.parametrize("package", ["tb_plugin", "legacy_ports"])
def test_arrows_between_python_packages(package):
    imports = python_imports(package)
    assert wrong_arrows(PYTHON, imports) == []
    assert cycle(imports) is None


@pytest.mark.parametrize("package", FORBIDDEN)
def test_forbidden_packages(package):
    for module, imported in python_imports(package).items():
        found = {name.split(".")[0] for name in imported} & FORBIDDEN[package]
        assert found == USERS.get(module, set()), module


def test_every_room_exists():
    modules = {name for package in FORBIDDEN for name, _ in python_modules(package)}
    assert set(PYTHON) - modules == set()


def test_wrong_arrows_and_circles_are_found():
    table = {"a": [], "b": ["a"], "b.top": ["c"], "c": []}
    assert wrong_arrows(table, {"b.x": {"a.y", "b.z", "os"}, "b.top": {"c"}, "a.z": set()}) == []
    assert wrong_arrows(table, {"a.x": {"b.z"}, "b.x": {"b.top"}, "d": set()}) == [
        "a.x imports b.z, and a may not import b",
        "b.x imports b.top, and b may not import b.top",
        "d has no room in the table",
    ]
    assert cycle({"x": {"y"}, "y": {"z"}}) is None
    assert cycle({"x": {"y"}, "y": {"x"}}) in (["x", "y", "x"], ["y", "x", "y"])
