"""A resumed run is the run that never stopped: the same losses, weights, batches, events and figures, to the bit."""

import os
import signal
from contextlib import redirect_stdout, suppress
from io import StringIO

import pytest
from same import assert_same, state

from legacy_ports import UserError, checkpoints, cli, ports
from legacy_ports.recorder import Run
from legacy_ports.tf1 import tf

STEPS, EPOCH = 13, 4


@pytest.fixture(scope="module")
def few(bundled):
    """100 digits to train on, in batches of 32: an epoch ends within every fourth step."""
    a = bundled.arrays
    return bundled._replace(arrays=a._replace(train_images=a.train_images[:100], train_labels=a.train_labels[:100],
                                              test_images=a.test_images[:50], test_labels=a.test_labels[:50]))


@pytest.fixture
def train(few, tmp_path, monkeypatch):
    """Trains a port for a few steps, of short epochs, and has it break off."""
    def train(name, run_name, stop=None, error=None, resume=False, save_every=5, **changes):
        """SIGINT comes, or `error` is raised, while step `stop` is under way; returns the Run."""
        facts, port = ports.facts(name), ports.load(name)
        for constant in {"save_every", "steps_per_epoch"} & vars(port).keys():
            monkeypatch.setattr(port, constant, EPOCH)
        options = {**{key: ports.post_value(value) for key, value in facts.options.items()},
                   "steps": STEPS, "batch_size": 32, "seed": 3, **changes}
        run = Run(name, facts.docstring, options, few, tmp_path, run_name, latent_points=20, save_every=save_every,
                  resume=tmp_path / name / run_name if resume else None)
        taken = run.batch_loss

        def batch_loss(loss):
            taken(loss)
            if run.step == stop:
                if error:
                    raise error
                os.kill(os.getpid(), signal.SIGINT)

        run.batch_loss = batch_loss
        with tf.Graph().as_default(), redirect_stdout(StringIO()) as printed:
            with suppress(KeyboardInterrupt, type(error) if error else KeyboardInterrupt), run:
                port.main(run, **options)
        run.printed = printed.getvalue()
        return run
    return train


@pytest.mark.parametrize("name", ports.NAMES)
def test_a_resumed_run_is_the_run_that_never_stopped(name, train):
    """Broken off between two checkpoints and resumed: as the run in one piece. Both are stopped before the figures."""
    whole = train(name, "whole", stop=STEPS - 1)
    train(name, "parts", stop=7, error=RuntimeError("broken"))
    parts = train(name, "parts", stop=STEPS - 1, resume=True)
    assert [each["step"] for each in parts.manifest["resumed"]] == [5]
    assert parts.manifest["status"] == whole.manifest["status"] == "interrupted"
    assert parts.manifest["curve"]["mean_loss"]
    assert parts.manifest["losses"]
    assert len(state(parts.folder, STEPS)[1]) >= 8  # the generator's five, the batches' three, and what the port keeps
    assert_same(parts.folder, whole.folder, STEPS)

