"""The colors of classes: far apart for every kind of color blindness, and legible on their background."""

import itertools

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE

PAPER = {False: 255, True: 0x30}  # style.css
APART = 14  # in CAM02-UCS, where 1 is just seen; Petroff's ten come to 14.5


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def colors(request, modules):
    names = modules.evaluate(
        'async dark => { const {classColor} = await import("./lib/palette.js"); '
        "return Array.from({length: 10}, (_, i) => classColor(i, dark)); }",
        request.param,
    )
    return request.param, np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in names]) / 255


@pytest.mark.parametrize("blindness", [None, "deuteranomaly", "protanomaly", "tritanomaly"])
def test_classes_are_told_apart(colors, blindness):
    seen = colors[1]
    if blindness:
        seen = cspace_convert(seen, {"name": "sRGB1+CVD", "cvd_type": blindness, "severity": 100}, "sRGB1").clip(0, 1)
    assert min(deltaE(a, b, input_space="sRGB1") for a, b in itertools.combinations(seen, 2)) > APART


def test_dark_paper_leaves_them_legible(colors):
    """A contrast of 3, as WCAG asks of graphics; on white Petroff's lighter ones have less, and shapes help."""

    def luminance(rgb):
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    dark, rgb = colors
    paper = luminance(np.full(3, PAPER[dark] / 255))
    lighter, darker = np.maximum(luminance(rgb), paper), np.minimum(luminance(rgb), paper)
    assert ((lighter + 0.05) / (darker + 0.05)).min() >= (2.95 if dark else 1.5)
