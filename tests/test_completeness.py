"""What every port must have: a provenance, recordings, a tolerance, a row in README."""

from pathlib import Path

import pytest

from legacy_ports import ports
from legacy_ports.proof import recordings

HEADINGS = [
    "What the post says",
    "What the post shows",
    "What changed, and why",
    "Open questions",
    "Running this gives",
]
README = (Path(__file__).parents[1] / "README.md").read_text()


def test_there_are_five():
    assert ports.NAMES == ["kajuvonen", "mathybit_conv", "mathybit_dense", "smith", "vandenburg"]


@pytest.mark.parametrize("name", ports.NAMES)
def test_the_provenance_has_all_headings_and_a_text_under_each(name):
    docstring, options, _ = ports.facts(name)
    lines = docstring.splitlines()
    assert " - " in lines[0]
    positions = [lines.index(heading) for heading in HEADINGS]
    assert positions == sorted(positions)
    for position in positions:
        assert lines[position + 1].startswith("    ")
        assert len(lines[position + 1].split()) > 4
    assert set(ports.COMMON) <= options.keys()


@pytest.mark.parametrize("name", ports.NAMES)
def test_recordings_tolerance_and_readme(name):
    for source in ("full", "bundled"):
        assert recordings.pinned(name, source)
    assert name in recordings.TOLERANCES
    assert f"| `{name}" in README
