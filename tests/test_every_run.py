"""What every port's run leaves: its figures, and what it logs for the Latent tab, read through the plugin's routes."""

import json
from fnmatch import fnmatch

import numpy as np
import pytest
from helpers.js_decoder import assert_same
from helpers.latent import Routes
from PIL import Image, ImageSequence

from legacy_ports import ports
from legacy_ports.run.latent import due
from tb_plugin.encoder import Encoder

DIMS = {"vandenburg": 2, "kajuvonen": 100, "smith": 128, "mathybit_dense": 16, "mathybit_conv": 16}
STEPS = {"vandenburg": 501, "kajuvonen": 201, "smith": 200, "mathybit_dense": 302, "mathybit_conv": 3}
# The quick tests train these in other files already, maybe on the other processor.
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in ("kajuvonen", "mathybit_conv") else name
    for name in ports.NAMES
]


@pytest.fixture
def routes(short_run):
    return lambda name: Routes(short_run(name).folder)


@pytest.mark.parametrize(
    ("steps", "every", "expected"),
    [
        (10000, 500, set(range(0, 10001, 500))),
        (15000, 300, set(range(0, 15001, 300))),
        (3000, 300, set(range(0, 3001, 150))),
        (10001, 500, {*range(0, 10001, 500), 10001}),
        (3, 500, {0, 1, 2, 3}),
    ],
)
def test_when_codes_are_logged(steps, every, expected):
    assert due(steps, every) == expected


@pytest.mark.parametrize("name", NAMES)
def test_codes_decoder_errors_labels_and_images_go_together(name, routes, bundled):
    get = routes(name)
    (described,) = [space for spaces in get.get("/runs").get_json().values() for space in spaces.values()]
    assert (described["points"], described["dims"], described["image_shape"]) == (1000, DIMS[name], [28, 28, 1])
    assert (
        described["kept"]
        == described["logged"]
        == len(due(STEPS[name], {"vandenburg": 500, "kajuvonen": 100, "smith": 50}.get(name, 300)))
    )
    where = {"run": ".", "tag": "codes"}
    np.testing.assert_array_equal(get.array("/labels", **where), bundled.arrays.test_labels)
    images = get.array("/images", **where)
    np.testing.assert_array_equal(images[..., 0], bundled.arrays.test_images)
    for step in (0, STEPS[name]):
        codes = get.array("/codes", **where, step=step)[:20]
        decoded = get.array("/decode", **where, step=step, codes=json.dumps(codes.tolist()))
        errors = np.square(decoded.reshape(20, 784) - images[:20].reshape(20, 784) / 255.0).mean(axis=1)
        np.testing.assert_allclose(get.array("/errors", **where, step=step)[:20], errors, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_encoder_gives_the_codes_of_tensorflow(name, routes, bundled, modules):
    get, images = routes(name), bundled.arrays.test_images
    half = 2.0**-11 if DIMS[name] >= 64 else 0  # codes that are stored as float16 are rounded
    for step in (0, STEPS[name]):
        where = {"run": ".", "tag": "codes", "step": step}
        encoder = Encoder.from_blob(get.get("/encoder", **where).data)
        codes = get.array("/codes", **where)
        off = np.abs(encoder(images) - codes)
        assert (off <= 1e-4 * np.maximum(1, np.abs(codes)) + half * np.abs(codes)).all()
        assert step or np.ptp(codes, axis=0).max() > 0.1  # mathybit_dense may saturate later
        some = images[:5].reshape(5, -1) / np.float32(255)
        assert_same(modules, encoder, some, 1e-4)


def test_the_walk_of_the_post_is_where_the_tab_starts(routes):
    get = routes("vandenburg")
    codes = get.array("/codes", run=".", tag="codes", step=501)
    walk = get.get("/step", run=".", tag="codes", step=501).get_json()["walk"]
    assert walk["center"] == pytest.approx(codes.mean(axis=0).tolist(), rel=1e-5)
    assert walk["radius"] == pytest.approx(np.linalg.norm(codes - codes.mean(axis=0), axis=1).mean(), rel=1e-5)
    assert routes("smith").get("/step", run=".", tag="codes", step=0).get_json()["walk"] is None


@pytest.mark.parametrize("name", NAMES)
def test_a_run_makes_each_listed_figure_and_no_other_and_none_is_blank(name, short_run):
    run, listed = short_run(name), ports.facts(name).figures
    files = sorted(path.name for path in (run.folder / "figures").iterdir())
    assert sorted(run.manifest["figures"]) == files
    assert {pattern for pattern in listed for file in files if fnmatch(file, pattern)} == listed.keys()
    for file in files:
        assert any(fnmatch(file, pattern) for pattern in listed)
        for frame in ImageSequence.Iterator(Image.open(run.folder / "figures" / file)):
            pixels = np.asarray(frame.convert("L"))
            assert min(pixels.shape) >= 200, file
            assert np.ptp(pixels) > 100, file
            assert (pixels != np.median(pixels)).mean() > 0.01, file
