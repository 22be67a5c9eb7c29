"""The wheel, built and installed in a clean environment with its dependencies: needs a package index."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.wheel, pytest.mark.timeout(1800)]
REPOSITORY = Path(__file__).parents[1]


def test_the_wheel_in_a_clean_environment(tmp_path):
    """Builds the wheel, installs it elsewhere with its dependencies, runs a port, reads the events back."""
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, REPOSITORY], check=True)
    (wheel,) = tmp_path.glob("legacy_ports-*.whl")
    tab = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "tb_plugin/static").rglob("*.*")}
    assert "tb_plugin/static/index.js" in tab
    assert tab <= set(zipfile.ZipFile(wheel).namelist())
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / "bin"
    subprocess.run([scripts / "pip", "install", wheel], check=True, timeout=1200)

    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TF_USE_LEGACY_KERAS")}
    subprocess.run(
        [scripts / "legacy-ports", "run", "vandenburg", "--steps", "50", "--data", "bundled", "--name", "a"],
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    code = (
        "import sys; from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "events = EventAccumulator(sys.argv[1]).Reload()\n"
        "print([e.step for e in events.Scalars('Loss')], len(events.Tags()['images']))"
    )
    shown = subprocess.run(
        [scripts / "python", "-c", code, "runs/vandenburg/a"],
        check=True,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout
    assert shown == f"[0] {3 + len(list((tmp_path / 'runs/vandenburg/a/figures').iterdir()))}\n"
    subprocess.run(
        [scripts / "legacy-ports", "verify", "vandenburg", "--steps", "20", "--data", "bundled"],
        check=True,
        cwd=tmp_path,
        env=environment,
    )
