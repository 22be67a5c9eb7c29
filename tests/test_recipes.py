"""The programs in docs/recipes.md: each has at most 15 lines with code, runs, and logs a latent space.

Those that need a framework are slow; `tox -e frameworks` runs them.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tb_plugin

PAGE = (Path(__file__).parents[1] / "docs/recipes.md").read_text(encoding="utf-8")
FRAMEWORKS = {"keras", "lightning", "tensorflow", "torch"}


def programs():
    """Yields each program, named by its heading and the packages that it imports, marked if it needs a framework."""
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
            packages = set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))
            name = f"{section.splitlines()[0]} ({', '.join(sorted(packages))})"
            yield pytest.param(code, packages, id=name, marks=[pytest.mark.slow] if packages & FRAMEWORKS else [])


PROGRAMS = list(programs())


def test_there_are_programs():
    assert len(PROGRAMS) == PAGE.count("```python") >= 8


@pytest.mark.parametrize(("code", "packages"), PROGRAMS)
def test_a_program(code, packages, tmp_path):
    assert len(re.findall(r"^.*\S", code, re.MULTILINE)) <= 15
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert tb_plugin.read(tmp_path / "runs")
