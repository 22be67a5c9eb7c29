"""What the package depends on: bounds, constraints that lie within them, and commands without the extra `ports`."""

import runpy
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from legacy_ports import cli
from legacy_ports.cli import list_ports

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def declared():
    """Returns what setup.py says, by the names of its arguments."""
    said = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", said.update)
        runpy.run_path(str(ROOT / "setup.py"))
    return said


@pytest.fixture(scope="module")
def requirements(declared):
    """Returns the requirements of the base, `ports` and `remote`, by name."""
    lines = [*declared["install_requires"], *declared["extras_require"]["ports"], *declared["extras_require"]["remote"]]
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


def pins(name):
    """Returns the versions in a constraints file, by name."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    return {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in lines)}


def test_the_base_is_small_and_brings_nothing_of_the_posts(declared):
    base = {canonicalize_name(Requirement(line).name) for line in declared["install_requires"]}
    assert base == {"tensorboard", "numpy", "pillow", "google-crc32c", "setuptools"}


def test_every_dependency_has_bounds(requirements):
    assert len(requirements) > 10
    for name, requirement in requirements.items():
        operators = sorted(spec.operator for spec in requirement.specifier)
        assert operators == ([">="] if name == "fsspec" else ["<", ">="]), requirement


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-oldest.txt"])
def test_the_constraints_lie_within_the_bounds(requirements, name):
    for dependency, requirement in requirements.items():
        assert pins(name)[dependency] in requirement.specifier, requirement


def test_the_oldest_constraints_are_the_lower_bounds(requirements):
    for dependency, requirement in requirements.items():
        low = next(Version(spec.version) for spec in requirement.specifier if spec.operator == ">=")
        assert pins("constraints-oldest.txt")[dependency].release[: len(low.release)] == low.release, requirement


def test_the_command_line_knows_what_the_extra_brings(declared):
    brought = {canonicalize_name(Requirement(line).name) for line in declared["extras_require"]["ports"]}
    installed = packages_distributions()
    assert {canonicalize_name(name) for module in cli.PORTS_EXTRA for name in installed[module]} == brought


def legacy_ports(*words):
    """Runs the command line where nothing of the extra `ports` can be imported."""
    script = (
        "import sys\nfrom legacy_ports import cli\n"
        "sys.modules.update(dict.fromkeys(cli.PORTS_EXTRA))\nsys.exit(cli.main(sys.argv[1:]))"
    )
    return subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["list"], ["run", "--help"], ["verify", "--help"]])
def test_these_need_no_extra(words):
    done = legacy_ports(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["run", "vandenburg"],
        ["run", "--resume", str(ROOT / "docs/runs")],
        ["fetch"],
        ["verify", "all"],
        ["compare", str(ROOT / "docs/runs/vandenburg-default.json")],
    ],
    ids=lambda words: words[0],
)
def test_every_other_command_names_the_extra_and_what_to_type(words):
    done = legacy_ports(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("legacy-ports: this command needs the extra `ports` (")
    assert done.stderr.endswith("type: pip install 'legacy-ports[ports]'\n")
    assert done.stderr.count("\n") == 1


def test_another_missing_module_is_an_error_of_ours(monkeypatch):
    monkeypatch.setattr(list_ports, "_list", lambda args: __import__("no_such_module"))
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        cli.main(["list"])
