"""What every port must have: a provenance, recordings, a tolerance, a row in README, its figures."""

from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from legacy_ports import ports, reference

HEADINGS = ["What the post says", "What the post shows", "What changed, and why", "Open questions",
            "Running this gives"]
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
        assert reference.pinned(name, source)
    assert name in reference.TOLERANCES
    assert f"| `{name}" in README


@pytest.mark.parametrize("name", ports.NAMES)
def test_a_run_makes_each_listed_figure_and_no_other_and_none_is_blank(name, short_run):
    run, listed = short_run(name), ports.facts(name).figures
    files = sorted(path.name for path in (run.folder / "figures").iterdir())
    assert sorted(run.manifest["figures"]) == files
    assert {pattern for pattern in listed for file in files if fnmatch(file, pattern)} == listed.keys()
    for file in files:
        assert any(fnmatch(file, pattern) for pattern in listed)
        for frame in ImageSequence.Iterator(Image.open(run.folder / "figures" / file)):
            pixels = np.asarray(frame.convert("L"))
            assert min(pixels.shape) >= 200, file
            assert np.ptp(pixels) > 100, file
            assert (pixels != np.median(pixels)).mean() > 0.01, file
