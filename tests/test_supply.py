"""What the package depends on: bounds below and above, and constraints that lie within them."""

import ast
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def requirements():
    """The requirements in setup.py, by name."""
    call = next(
        node
        for node in ast.walk(ast.parse((ROOT / "setup.py").read_text()))
        if isinstance(node, ast.keyword) and node.arg == "install_requires"
    )
    return {
        canonicalize_name(requirement.name): requirement
        for requirement in map(Requirement, ast.literal_eval(call.value))
    }


def pins(name):
    """The versions in a constraints file, by name."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    return {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in lines)}


def test_every_dependency_has_bounds():
    assert len(requirements()) > 10
    for requirement in requirements().values():
        assert sorted(spec.operator for spec in requirement.specifier) == ["<", ">="], requirement


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-oldest.txt"])
def test_the_constraints_lie_within_the_bounds(name):
    for dependency, requirement in requirements().items():
        assert pins(name)[dependency] in requirement.specifier, requirement


def test_the_oldest_constraints_are_the_lower_bounds():
    for dependency, requirement in requirements().items():
        low = next(Version(spec.version) for spec in requirement.specifier if spec.operator == ">=")
        assert pins("constraints-oldest.txt")[dependency].release[: len(low.release)] == low.release, requirement
