"""Encoders: their layers, how they are stored and read, and which are refused."""

import warnings

import numpy as np
import pytest
from helpers import latent

import tb_plugin
from tb_plugin import codec, digits, layers
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.metadata import FormatError
from tb_plugin.summary import LatentWriter
from tb_plugin.summary import latent as summary

random = np.random.default_rng(0)
IMAGES, LABELS = digits.draw(40)
KERNEL, BIAS = random.normal(size=(784, 2)).astype(np.float32) / 28, np.ones(2, np.float32)
DENSE = Encoder(784, [layers.dense(KERNEL, BIAS), "tanh"])
CODES = np.tanh(IMAGES.reshape(40, 784) @ KERNEL + BIAS)


def test_an_image_is_the_vector_of_its_pixels():
    for images in (IMAGES, IMAGES[..., None], IMAGES.reshape(40, 784)):
        np.testing.assert_allclose(DENSE(images), CODES, atol=1e-6)
    np.testing.assert_allclose(DENSE(np.round(IMAGES * 255).astype(np.uint8)), CODES, atol=0.02)
    kernel = random.normal(size=(5, 5, 1, 4))
    chain = [layers.reshape((28, 28, 1)), layers.conv2d(kernel), layers.max_pool(2), layers.flatten()]
    assert Encoder(784, [*chain, layers.dense(random.normal(size=(784, 3)))]).output_shape == (3,)
    with pytest.raises(ValueError, match=r"the images are \[40, 36\], this encoder takes \[N, 784\]"):
        DENSE(np.zeros((40, 6, 6)))
    with pytest.raises(ValueError, match=r"encoder layer 2 \(dense\)"):
        Encoder(784, ["tanh", layers.dense(np.ones((3, 2)))])


def test_integers_of_16_bits_are_as_short_as_float16_and_better():
    encoder = Encoder(
        784, [layers.dense(random.normal(size=(784, 100)) / 28), layers.dense(random.normal(size=(100, 3)))]
    )
    exact, blob = encoder(IMAGES), encoder.to_blob_of_integers()
    off = [np.abs(Encoder.from_blob(each)(IMAGES) - exact).max() for each in (blob, encoder.to_blob(float16=True))]
    assert off[0] < 1e-3 < 5 * off[0] < off[1]
    assert len(blob) < 0.55 * len(encoder.to_blob())
    header, arrays = codec.unpack(blob)
    for scaled in ([True], [True, False, True], [True] * 5, 7, None, [False] * 6):
        with pytest.raises(FormatError):
            Encoder.from_blob(codec.pack({**header, "scaled": scaled}, *arrays))


@pytest.mark.parametrize("float16", [False, True])
def test_it_is_logged_read_and_served(tmp_path, float16):
    with LatentWriter(str(tmp_path)) as writer:
        for step in (0, 5):
            encoder = Encoder(784, [layers.dense(KERNEL * (step + 1), BIAS), "tanh"])
            writer.add("codes", step, encoder(IMAGES), images=IMAGES, encoder=encoder, float16=float16)
        writer.add("codes", 9, CODES)
    space = tb_plugin.read(tmp_path)["."]["codes"]
    routes = latent.Routes(tmp_path)
    for step in (0, 5):
        codes = space[step].codes
        np.testing.assert_allclose(space[step].encoder(space[step].images), codes, atol=0.02)
        blob = routes.get("/encoder", run=".", tag="codes", step=step)
        np.testing.assert_allclose(Encoder.from_blob(blob.data)(IMAGES), codes, atol=1e-3 if float16 else 1e-6)
        assert routes.get("/step", run=".", tag="codes", step=step).get_json()["parts"] == ["codes", "encoder"]
    assert space[9].encoder is None
    answer = routes.get("/encoder", run=".", tag="codes", step=9)
    assert (answer.status_code, answer.text) == (404, "No encoder was logged at this step.")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"encoder": len}, "encoder: it is a builtin_function_or_method, it must be a tb_plugin.encoder.Encoder"),
        ({"encoder": Decoder(784, [layers.dense(KERNEL)])}, "encoder: it is a Decoder"),
        ({"decoder": DENSE}, "decoder: it is a Encoder"),
        ({"encoder": Encoder(36, [layers.dense(KERNEL[:36])])}, r"it takes 36 pixels, the images are \[28, 28, 1\]"),
        ({"encoder": Encoder(784, [layers.dense(KERNEL[:, :1])])}, r"its codes are \[1\], they must be \[2\]"),
        (
            {"encoder": Encoder(784, [layers.dense(KERNEL), layers.reshape((1, 1, 2))])},
            r"its codes are \[1, 1, 2\], they must be \[2\]; end it with flatten",
        ),
        ({"encoder": DENSE, "images": None}, "the shape of its images is not known; give images="),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, given, message):
    with LatentWriter(str(tmp_path)) as writer:
        with pytest.raises(ValueError, match=message) as error:
            writer.add("codes", 0, CODES, **{"images": IMAGES, **given})
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=message):
        summary("codes", CODES, index=0, **{"images": IMAGES, **given})


def test_an_encoder_of_other_pixels_is_told(tmp_path):
    wrong = Encoder(784, [layers.scale(2, -1), *DENSE.layers])
    with LatentWriter(str(tmp_path)) as writer:
        with pytest.warns(UserWarning, match=r"off the codes that you log by \d+%.*value_range=") as told:
            writer.add("a", 0, CODES, images=IMAGES, encoder=wrong)
        assert len(told) == 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            writer.add("a", 1, CODES, encoder=wrong)  # it is told once
            writer.add("b", 0, CODES, images=IMAGES, encoder=DENSE)
            noisy = CODES + random.normal(size=CODES.shape) * 0.01
            writer.add("c", 0, noisy, images=IMAGES, encoder=DENSE)


def test_the_demo_logs_one(tmp_path, monkeypatch):
    from tb_plugin import demo

    monkeypatch.setattr(demo, "LOGGED", {0})
    demo.write(str(tmp_path), 2)
    step = tb_plugin.read(tmp_path)["."]["digits"][0]
    np.testing.assert_allclose(step.encoder(step.images), step.codes, atol=0.05)  # of bytes
