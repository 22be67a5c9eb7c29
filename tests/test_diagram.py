"""Drawings of networks show which layers belong to encoder, code and decoder."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from legacy_ports.plots import diagram

NETWORKS = {
    "vandenburg": [("input", (784,)), ("tanh", (50,)), ("code", (2,)), ("tanh", (50,)), ("output", (784,))],
    "conv": [
        ("input", (28, 28, 1)),
        ("conv", (14, 14, 4)),
        ("codings", (16,)),
        ("dense", (320,)),
        ("output", (28, 28, 1)),
    ],
}


def colors(png):
    picture = np.asarray(Image.open(BytesIO(png)).convert("RGB")).reshape(-1, 3)
    return {f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.unique(picture, axis=0)}


@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
def test_encoder_code_and_decoder_are_told_apart(layers):
    assert set(diagram.COLORS.values()) <= colors(diagram.network_diagram(layers, "title"))


def test_another_network_is_another_drawing():
    drawings = {diagram.network_diagram(layers, "title") for layers in NETWORKS.values()}
    drawings.add(diagram.network_diagram([("a", (784,)), ("b", (3,)), ("c", (784,))], "title"))
    assert len(drawings) == 3
