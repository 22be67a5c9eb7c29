"""A warning where a decoder's pictures lie outside 0..1: clipped, they would be wrong without a word."""

import warnings

import numpy as np
import pytest
from helpers import latent

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.summary import LatentWriter

codes, _, images, _ = latent.arrays()


def ending_in(*activations, scale=3.0, shape=(6, 6)):
    random = np.random.default_rng(0)
    made = [layers.dense(random.normal(0, scale, (2, 36)), random.normal(0, scale, 36)), *activations]
    return Decoder(2, [*made, layers.reshape(shape)] if shape else made)


@pytest.mark.parametrize(
    ("decoder", "more", "warned"),
    [
        (ending_in("tanh"), {}, True),
        (ending_in("linear"), {}, True),
        (ending_in("tanh", shape=None), {"images": images}, True),
        (ending_in("sigmoid"), {}, False),
        (ending_in("linear", scale=0.02), {}, False),  # by a little
        (ending_in("linear", shape=None), {}, False),  # no pictures
    ],
)
def test_a_decoder_out_of_range_is_warned_of_once_for_a_name(tmp_path, decoder, more, warned):
    with LatentWriter(tmp_path) as writer, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in ("a", "b"):
            for step in range(3):
                writer.add(name, step, codes, decoder=decoder, **more)
    said = [str(warning.message) for warning in caught]
    assert len(said) == (2 if warned else 0)
    assert all("value_range=(-1, 1)" in text for text in said)


def test_only_some_pictures_of_a_large_decoder_are_decoded(tmp_path, monkeypatch):
    decoded = []
    call = Decoder.__call__
    monkeypatch.setattr(Decoder, "__call__", lambda self, given: decoded.append(len(given)) or call(self, given))
    with LatentWriter(tmp_path) as writer:
        writer.add("a", 0, codes, decoder=ending_in("sigmoid"))
        writer.add("b", 0, codes[:1], decoder=ending_in("sigmoid"))
    assert decoded == [4, 1]
