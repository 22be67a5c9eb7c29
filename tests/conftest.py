"""Real digits for all tests: the bundled ones always, the full set where it is at hand."""

import pytest

from legacy_ports import mnist


@pytest.fixture(scope="session")
def bundled():
    return mnist.load("bundled")


@pytest.fixture(scope="session")
def full():
    if not mnist.complete(mnist.home()):
        pytest.skip(f"NOT TESTED on the full MNIST: it is not in {mnist.home()}; `legacy-ports fetch` gets it, "
                    "or name its folder in $LEGACY_PORTS_DATA")
    return mnist.load("full")
