"""The pytest fixture `curve_band`: a training run must lie within the band of recorded runs.

pytest imports this in each of its runs, so it imports nothing but pytest until a test asks for the fixture.
"""

from collections.abc import Callable, Sequence
from os import PathLike

import pytest


@pytest.fixture
def curve_band(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Asserts that training curves lie within a band that `legacy-ports band make` wrote.

        def test_training(curve_band):
            curve_band("band.json", train(seed=7))

    Its arguments are the file, relative to the test's folder, and one or more curves: a positive loss per step, each of
    another seed. Several curves see more than one can.
    """

    def check(file: str | PathLike[str], *curves: Sequence[float]) -> None:
        __tracebackhide__ = True
        from legacy_ports import UserError
        from legacy_ports.sweep import band

        if not curves:
            pytest.fail("curve_band needs a curve beside the band's file", pytrace=False)
        try:
            complaint = band.read(request.path.parent / file).complaint(*curves)
        except (UserError, ValueError) as error:
            complaint = str(error)
        if complaint:
            pytest.fail(f"{file}: {complaint}", pytrace=False)

    return check
