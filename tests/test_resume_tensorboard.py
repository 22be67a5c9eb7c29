"""TensorBoard shows no step of a resumed run twice, whether it ran all the time or starts afterwards."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from helpers.commands import LEGACY_PORTS
from helpers.latent import TensorBoard

from legacy_ports.run.latent import due

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
STEPS = 300
RUN = [*LEGACY_PORTS, "run"]


class Board(TensorBoard):
    """A TensorBoard that reads a run while it is written."""

    def __init__(self, logdir, load_fast):
        super().__init__(logdir, "--samples_per_plugin=images=100", f"--load_fast={load_fast}", "--reload_interval=1")

    def answer(self, path):
        """Returns an answer of TensorBoard's own plugins or the Latent tab as JSON."""
        try:
            with urllib.request.urlopen(f"{self.url}data/plugin/{path}", timeout=300) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError:  # there is no such data yet
            return None

    def losses(self):
        """Returns the step and the value of each loss."""
        points = self.answer("scalars/scalars?run=smith%2Fa&tag=loss") or []
        return [(step, value) for _, step, value in points]

    def steps_of_codes(self):
        spaces = (self.answer("latent/runs") or {}).get("smith/a", {})
        return spaces["codes"]["steps"] if spaces else []

    def figures(self):
        tags = (self.answer("images/tags") or {}).get("smith/a", {})
        return {
            tag: len(self.answer(f"images/images?run=smith%2Fa&tag={tag.replace('/', '%2F')}&sample=0")) for tag in tags
        }

    def wait_for(self, step):
        """Waits until the losses reach a step, and then for another reload."""
        deadline = time.monotonic() + 120
        while (self.losses() or [(0, 0)])[-1][0] < step and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(3)


def go(args, number=None, at=None):
    """Runs the command line, and sends it a signal when it has logged step `at`."""
    process = subprocess.Popen([*RUN, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if number and line.startswith(f"Step {at}:"):
            process.send_signal(number)
            number = None
    process.communicate(timeout=300)


@pytest.mark.parametrize("load_fast", ["true", "false"], ids=["rust", "python"])
def test_no_step_twice(tmp_path, load_fast):
    onlooker = Board(tmp_path, load_fast)
    try:
        go(
            [
                "smith",
                "--data",
                "bundled",
                "--steps",
                STEPS,
                "--save-every",
                "40",
                "--latent-points",
                "20",
                "--logdir",
                tmp_path,
                "--name",
                "a",
            ],
            signal.SIGINT,
            70,
        )
        onlooker.wait_for(70)
        go(["--resume", tmp_path / "smith/a"], signal.SIGKILL, 150)
        onlooker.wait_for(130)
        assert onlooker.losses()[-1][0] > 120  # it has read steps beyond the last checkpoint, which must go
        go(["--resume", tmp_path / "smith/a"])
        onlooker.wait_for(STEPS)
        new = Board(tmp_path, load_fast)
        try:
            new.wait_for(STEPS)
            for board in (new, onlooker):
                losses = board.losses()
                assert [step for step, _ in losses] == list(range(1, STEPS + 1))
                assert board.steps_of_codes() == sorted(due(STEPS, 50))
                assert set(board.figures().values()) == {1}
            assert new.losses() == onlooker.losses()
        finally:
            new.stop()
    finally:
        onlooker.stop()
