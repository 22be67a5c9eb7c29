"""The colors of classes and numbers, for every kind of color blindness, and legible on their background."""

import itertools

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE

PAPER = {False: 255, True: 0x30}  # style.css
APART = 14  # in CAM02-UCS, where 1 is just seen; Petroff's ten come to 14.5


def luminance(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


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

    dark, rgb = colors
    paper = luminance(np.full(3, PAPER[dark] / 255))
    lighter, darker = np.maximum(luminance(rgb), paper), np.minimum(luminance(rgb), paper)
    assert ((lighter + 0.05) / (darker + 0.05)).min() >= (2.95 if dark else 1.5)


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def scale(request, modules):
    """Returns whether the paper is dark, and the colors of numbers float [255, 3], the lowest first."""
    table = modules.evaluate(
        'async dark => Array.from((await import("./lib/palette.js")).table("scale", dark))', request.param
    )
    return request.param, np.array(table).reshape(256, 4)[:255, :3] / 255


def test_equal_steps_of_a_number_are_equally_far_apart_for_the_eye(scale):
    steps = np.linalg.norm(np.diff(cspace_convert(scale[1][::8], "sRGB1", "CAM02-UCS"), axis=0), axis=1)
    assert steps.max() / steps.min() < 1.4, "in CAM02-UCS"
    assert steps.sum() > 80, "there are many steps between the ends"


@pytest.mark.parametrize("blindness", ["deuteranomaly", "protanomaly", "tritanomaly"])
def test_numbers_keep_their_order_for_the_color_blind(scale, blindness):
    space = {"name": "sRGB1+CVD", "cvd_type": blindness, "severity": 100}
    seen = cspace_convert(cspace_convert(scale[1], space, "sRGB1").clip(0, 1), "sRGB1", "CAM02-UCS")
    assert (np.diff(seen[::16, 0]) > 0).all(), "each is lighter than the one below"


def test_numbers_are_seen_on_their_paper(scale):
    dark, rgb = scale
    paper = luminance(np.full(3, PAPER[dark] / 255))
    lighter, darker = np.maximum(luminance(rgb), paper), np.minimum(luminance(rgb), paper)
    assert ((lighter + 0.05) / (darker + 0.05)).min() >= 1.75
