"""The gradients in NumPy: against differences of their own loss, and against TensorFlow's in every port."""

from typing import Any

import numpy as np
import pytest
from test_starts import VARIANTS

from legacy_ports import ports
from legacy_ports.proof import gradients, recordings
from legacy_ports.proof.distribution import port_of
from legacy_ports.proof.replay import replay

# A network of all layers, on images [4, 4, 1], with the shapes of its kernels.
LAYERS = "conv relu pool dense tanh dense relu 2x2x3 upsample conv sigmoid"
KERNELS = [(3, 3, 1, 2), (8, 5), (5, 12), (4, 4, 3, 1)]


def weights_of(kernels, seed=0):
    random = np.random.RandomState(seed)
    return [random.uniform(-0.7, 0.7, size) for shape in kernels for size in (shape, shape[-1:])]


def images(count, *shape):
    return np.random.RandomState(1).uniform(0, 1, (count, *shape))


def test_all_layers_are_in_the_network_of_the_next_test():
    assert set(LAYERS.split()) - {"2x2x3"} == set(gradients.LAYERS)


def test_gradients_are_the_slopes_of_the_loss():
    weights, x, step = weights_of(KERNELS), images(3, 4, 4, 1), 1e-6
    _, found, distance = gradients.loss_and_gradients(LAYERS, weights, x)
    assert distance.min() > 10 * step
    for weight, gradient in zip(weights, found):
        slopes = np.empty_like(weight)
        for place in np.ndindex(weight.shape):
            value, losses = weight[place], []
            for weight[place] in (value + step, value - step):
                losses.append(gradients.loss_and_gradients(LAYERS, weights, x)[0])
            weight[place] = value
            slopes[place] = (losses[0] - losses[1]) / (2 * step)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-9)


def test_an_image_at_an_edge_is_left_out():
    """Of two images one has a ReLU's input within float32's rounding of 0."""
    weights, x = [np.eye(2), np.zeros(2)], np.array([[0.5, 0.25], [0.5, 1e-9]])
    asked = []
    gradients.errors("dense relu", weights, x, lambda kept: asked.append(kept) or weights)
    np.testing.assert_array_equal(asked, [x[:1]])
    assert gradients.errors("dense relu", weights, x[1:], lambda kept: pytest.fail("there is none")) == [np.inf] * 2


@pytest.mark.parametrize("kernels", [KERNELS[:1], KERNELS[:3], [*KERNELS, (2, 2)], [KERNELS[0], (7, 5), *KERNELS[2:]]])
def test_other_variables_are_off_by_infinity(kernels):
    weights = weights_of(kernels)
    errors = gradients.errors(LAYERS, weights, images(3, 4, 4, 1), lambda kept: pytest.fail("there is none to ask for"))
    assert errors == [np.inf] * len(weights)


@pytest.mark.parametrize(("theirs", "error"), [(1.0, 0), (1.01, 0.01), (0.0, 1), (np.nan, np.inf), (np.inf, np.inf)])
def test_error_by_hand(theirs, error):
    weights, x = [np.eye(2) / 2, np.zeros(2)], np.array([[0.5, 0.25]])
    exact = gradients.loss_and_gradients("dense", weights, x)[1]
    found = gradients.errors("dense", weights, x, lambda kept: [exact[0] * theirs, exact[1]])
    assert found == [pytest.approx(error), 0]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_first_step_of_each_port_is_numpys(monkeypatch, bundled, variant):
    """Its loss in NumPy is the recorded one, so that the network in PROOF is the post's, whatever the port builds."""
    name = port_of(variant)
    run, proof = recordings.shipped(variant, "bundled").runs[1], ports.facts(name).proof
    asked: list[Any] = []
    errors = gradients.errors
    monkeypatch.setattr(gradients, "errors", lambda *args: asked.extend(args) or errors(*args))
    found = replay(ports.load(name), name, run, bundled, 1, **proof.variants.get(variant, {})).gradients
    assert len(found) == len(run.variables)
    assert max(found) < gradients.TOLERANCE / 20
    loss, _, distance = gradients.loss_and_gradients(*asked[:3])
    assert loss == pytest.approx(run.losses[0], rel=2e-5)
    assert (distance > gradients.EDGE).mean() > 0.15
