"""Times, not verdicts: `tox -e bench`."""

import subprocess
import sys

import pytest

COMMANDS = {
    "python": ["-c", "pass"],  # the floor
    "help": ["-m", "legacy_ports", "--help"],
    "run --help": ["-m", "legacy_ports", "run", "--help"],
    "list": ["-m", "legacy_ports", "list"],
    "import tf1": ["-c", "import legacy_ports.tf1"],
    "read the full MNIST": ["-c", "from legacy_ports.data import batches, mnist; batches.read_data_sets(mnist.load())"],
}


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_command(benchmark, args):
    benchmark.pedantic(
        subprocess.run,
        args=([sys.executable, *args],),
        kwargs={"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL},
        rounds=5,
        warmup_rounds=1,
    )


def test_a_default_run(benchmark, tmp_path):
    benchmark.pedantic(
        subprocess.run,
        args=([sys.executable, "-m", "legacy_ports", "run", "vandenburg", "--quiet", "--logdir", tmp_path],),
        kwargs={"check": True},
        rounds=1,
    )
