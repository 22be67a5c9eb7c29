"""Real digits for all tests: the bundled ones always, the full set where it is at hand."""

import functools
import os

import pytest
from helpers.node import Modules
from hypothesis import settings

from legacy_ports.data import folder, mnist

# Where nobody can look into a failure at once, the same examples are tried each time.
settings.register_profile("repeatable", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def bundled():
    return mnist.load("bundled")


@pytest.fixture(scope="session")
def full():
    if not folder.complete(mnist.home()):
        pytest.skip(
            f"NOT TESTED on the full MNIST: it is not in {mnist.home()}; `legacy-ports fetch` gets it, "
            "or name its folder in $LEGACY_PORTS_DATA"
        )
    return mnist.load("full")


@pytest.fixture(scope="session")
def short_run(bundled, tmp_path_factory):
    """Makes a short run of a port on the bundled digits, made once."""
    from helpers.runs import SHORT, run_port  # TensorFlow comes with it

    return functools.cache(lambda name: run_port(name, bundled, tmp_path_factory.mktemp(name), **SHORT[name]))


@pytest.fixture(scope="session")
def modules():
    """Loads the tab's modules in Node: `modules.evaluate(script, argument)`."""
    modules = Modules()
    yield modules
    modules.close()
