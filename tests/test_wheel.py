"""The wheel, built and installed in clean environments with its dependencies: needs a package index."""

import os
import shlex
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.wheel, pytest.mark.timeout(1800)]
REPOSITORY = Path(__file__).parents[1]
READ = """
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]).Reload()
print([event.step for event in events.Scalars("Loss")], len(events.Tags()["images"]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, REPOSITORY], check=True)
    return next(folder.glob("legacy_ports-*.whl"))


class Environment:
    """A virtual environment in a folder, in which commands are run."""

    def __init__(self, folder, requirement):
        self.folder, self.scripts = folder, folder / "venv" / "bin"
        venv.create(folder / "venv", with_pip=True, upgrade_deps=True)  # today's pip resumes a download that breaks off
        self.run("pip", "install", requirement)

    def run(self, command, *words, check=True):
        """Runs a command of the environment, out of sight of `tests` and the checkout; shows what a failed one says."""
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TF_USE_LEGACY_KERAS")}
        done = subprocess.run(
            [self.scripts / command, *words],
            check=False,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert not check or done.returncode == 0, f"{command} {words}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done

    def installed(self):
        """Returns the names of what is installed."""
        listed = self.run("pip", "list", "--format", "freeze").stdout
        return {line.split("==")[0].lower() for line in listed.splitlines()}


def test_the_wheel_has_the_whole_tab(wheel):
    tab = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "tb_plugin/static").rglob("*.*")}
    assert "tb_plugin/static/index.js" in tab
    assert tab <= set(zipfile.ZipFile(wheel).namelist())


def test_the_base_then_the_posts(wheel, tmp_path):
    """The base writes the demo and names the extra; what it says to type installs the posts, which then run."""
    base = Environment(tmp_path, wheel)
    assert not {"tensorflow", "tf-keras", "scipy", "scikit-learn", "matplotlib", "mlxtend"} & base.installed()
    base.run("python", "-m", "tb_plugin.demo", "--logdir", "demo")
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["pca-16", "pca-2"]
    served = "from tb_plugin.loader import LatentLoader; from tensorboard.plugins.base_plugin import TBContext\n"
    base.run("python", "-c", served + "assert LatentLoader().load(TBContext()) is not None")
    assert "vandenburg" in base.run("legacy-ports", "list").stdout
    refused = base.run("legacy-ports", "run", "vandenburg", check=False)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    said = shlex.split(refused.stderr.partition("; type: ")[2])

    base.run(*said)  # from here on the environment has the posts
    shown = base.run("legacy-ports", "run", "vandenburg", "--steps", "50", "--data", "bundled", "--name", "a")
    assert "completed: 50 steps" in shown.stdout
    figures = len(list((tmp_path / "runs/vandenburg/a/figures").iterdir()))
    assert base.run("python", "-c", READ, "runs/vandenburg/a").stdout == f"[0] {3 + figures}\n"
    base.run("legacy-ports", "verify", "vandenburg", "--steps", "20", "--data", "bundled")
