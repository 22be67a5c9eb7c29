"""Keras models that `from_keras` must convert or refuse, for tf_keras and for Keras 3 on each of its backends.

    python -m helpers.keras_models tf_keras|tf_keras-graph|tensorflow|jax|torch

A process of its own for each, because one process has one Keras and one backend. It prints a line for each model.
"""

import os
import sys

NAME = sys.argv[1] if __name__ == "__main__" else ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if NAME.startswith("tf_keras"):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
elif NAME:
    os.environ["KERAS_BACKEND"] = NAME

import numpy as np  # noqa: E402 - after the environment
import pytest  # noqa: E402

from tb_plugin.decoder import Decoder  # noqa: E402
from tb_plugin.encoder import Encoder  # noqa: E402
from tb_plugin.from_keras import encoder_from_keras, from_keras  # noqa: E402

random = np.random.default_rng(0)


def models(keras, three):
    """Yields (name, model, options of `from_keras`)."""
    L = keras.layers

    def chain(*layers, dims=3, shape=None):
        return keras.Sequential([L.InputLayer((dims,) if shape is None else shape), *layers])

    def image(*layers):
        return chain(L.Dense(4 * 5 * 6), L.Reshape((4, 5, 6)), *layers)

    slope = {"negative_slope" if three else "alpha": 0.1}
    inner = keras.Sequential([L.Dense(24, activation="elu"), L.Dropout(0.5), L.Dense(36, activation="gelu")])
    yield (
        "each kind",
        chain(
            inner,
            L.LeakyReLU(**slope),
            L.Reshape((3, 4, 3)),
            L.Conv2D(5, 3, strides=2, padding="same", activation="swish"),
            L.UpSampling2D((2, 3)),
            L.BatchNormalization(),
            L.Conv2DTranspose(4, 4, strides=2, padding="same", use_bias=False),
            L.ELU(alpha=0.5),
            L.Conv2D(4, 2, padding="valid"),
            L.Activation("softmax"),
            L.Permute((3, 1, 2)),
            L.ReLU(),
            L.Softmax(),
            L.Rescaling(2.0, 0.1),
            L.Flatten(),
            L.Dense(12, activation="sigmoid"),
            L.GaussianNoise(0.3),
            L.Activation("tanh"),
        ),
        {},
    )
    yield "a single layer", chain(L.Dense(4)), {}
    yield "a single normalization", chain(L.BatchNormalization()), {}
    yield "a range", chain(L.Dense(4, activation="tanh")), {"value_range": (-1, 1)}
    yield "logits", chain(L.Dense(12)), {"value_range": "logits", "image_shape": (2, 2, 3), "image_order": "CHW"}
    yield "normalizations", image(L.LayerNormalization(), L.Conv2D(6, 1), L.GroupNormalization(3), L.Dense(5)), {}
    yield "a normalization of vectors", chain(L.Dense(12), L.LayerNormalization(), L.UnitNormalization()), {}
    yield "bilinear", image(L.UpSampling2D(2, interpolation="bilinear"), L.Conv2D(3, 3, activation="relu6")), {}
    yield "resizing", image(L.Resizing(9, 7)), {}
    yield "pooling", image(L.AveragePooling2D(3, 2, "same"), L.MaxPooling2D(2)), {}
    yield "global pooling", image(L.GlobalAveragePooling2D(), L.Dense(4)), {}
    yield "global maximum", image(L.GlobalMaxPooling2D(keepdims=True)), {}
    yield "crop and pad", image(L.ZeroPadding2D(((1, 2), (0, 3))), L.Cropping2D(((0, 1), (2, 0)))), {}
    yield "depthwise", image(L.DepthwiseConv2D(3, depth_multiplier=2), L.SeparableConv2D(4, 3, padding="same")), {}
    yield "dilated", image(L.Conv2D(4, 2, dilation_rate=2), L.Conv2D(4, 3, padding="same", dilation_rate=(1, 2))), {}
    if NAME != "tf_keras-graph":  # there it is a call of a compiled function
        yield "in groups", image(L.Conv2D(4, 3, groups=2, padding="same")), {}
    yield "transposed", image(L.Conv2DTranspose(4, 3, strides=(2, 3)), L.Conv2DTranspose(2, 2, padding="same")), {}
    yield "padded transposed", image(L.Conv2DTranspose(4, 5, strides=2, padding="same", output_padding=1)), {}
    yield "one dimension", chain(
        L.Dense(24), L.Reshape((6, 4)), L.Conv1DTranspose(3, 4, strides=2, padding="same"), L.Conv1D(2, 3),
        L.UpSampling1D(2),
    ), {}  # fmt: skip
    yield "prelu", image(L.PReLU(), L.PReLU(shared_axes=[1, 2]), L.Conv2D(1, 1)), {}
    yield "repeat", chain(L.RepeatVector(4), L.Dense(3), L.Flatten()), {}
    names = "relu elu selu gelu softplus softsign hard_sigmoid exponential mish linear swish"
    names += " leaky_relu relu6 silu hard_silu celu log_softmax" if three else ""
    for name in names.split():
        yield f"activation {name}", chain(L.Dense(7, activation=name)), {}

    codes = keras.Input((3,))
    a, shared = L.Dense(8, activation="tanh")(codes), L.Dense(8)
    parts = [shared(a), shared(L.Multiply()([a, a]))]
    merged = L.Concatenate()([L.Add()([a, *parts]), L.Average()(parts), L.Maximum()(parts), L.Subtract()(parts)])
    merged = L.Concatenate()([merged, L.Dot(1)(parts), L.Minimum()([*parts, a])])
    nested = keras.Model(codes, merged)
    yield "merges", keras.Model(codes, L.Dense(5)(nested(L.Dense(3)(codes)))), {}
    x = L.Reshape((2, 2, 8))(L.Dense(32)(codes))
    y = L.Conv2D(8, 3, padding="same")(L.Activation("swish")(L.GroupNormalization(4)(x)))
    z = L.Add()([x, y])
    z = L.Add()([z, L.MultiHeadAttention(2, 4)(z, z)])
    yield "residual", keras.Model(codes, L.Conv2DTranspose(1, 3, strides=2, activation="sigmoid")(z)), {}
    yield "lambda", chain(L.Dense(4), L.Lambda(lambda x: x * 2 + x[:, 1:2] ** 2)), {}
    yield "a code as an image", chain(L.Conv2DTranspose(4, 3), L.Conv2D(1, 1), shape=(1, 1, 3)), {}


def subclassed(keras):
    """Returns a built and an unbuilt model with a `call` of one's own."""

    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.b, self.a = keras.layers.Dense(9), keras.layers.Dense(8, activation="relu")

        def call(self, codes, training=None):
            return keras.activations.sigmoid(self.b(self.a(codes)))

    built = Mine()
    built(np.zeros((2, 3), np.float32))
    return built, Mine()


def randomized(model):
    drawn = [random.normal(size=weights.shape) / 3 for weights in model.get_weights()]
    model.set_weights(
        [
            np.abs(numbers) + 0.5 if "variance" in getattr(variable, "path", variable.name) else numbers
            for variable, numbers in zip(model.weights, drawn)
        ]
    )


def same(name, model, options):
    decoder = Decoder.from_blob(from_keras(model, **options).to_blob())
    shape = model.input_shape[1:] if hasattr(model, "input_shape") else (3,)
    codes = random.normal(size=(5, *shape)).astype(np.float32)
    expected = np.asarray(model.predict(codes, verbose=0))
    if options.get("value_range") == "logits":
        expected = (1 / (1 + np.exp(-expected))).reshape(-1, 3, 2, 2).transpose(0, 2, 3, 1)
    elif options:
        expected = (expected + 1) / 2
    found = decoder(codes.reshape(5, -1))
    assert found.shape == expected.shape, (name, found.shape, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4, err_msg=name)
    assert found.std(axis=0).max() > 1e-4, f"{name}: the pictures do not depend on the codes"
    return decoder


def encoders(keras):
    """Compares encoders of images with what the models predict, and refuses those that do not say their codes."""
    L = keras.layers
    image = keras.Input((12, 8, 3))
    h = L.Flatten()(L.MaxPooling2D(2)(L.Conv2D(4, 3, padding="same", activation="relu")(image)))
    several = keras.Model(image, [L.Dense(3)(h), L.Dense(3)(h)])
    vector = keras.Sequential([L.InputLayer((20,)), L.Dense(5, activation="tanh"), L.Dense(2)])
    plain = keras.Sequential([L.InputLayer((6, 5)), L.Flatten(), L.Dropout(0.5), L.Dense(2)])
    for model, shape, options in [
        (several, (12, 8, 3), {"output": 0}),
        (several, (12, 8, 3), {"output": 1}),
        (vector, (20,), {}),
        (plain, (6, 5), {}),
        *([] if NAME.endswith("-graph") else [(plain, (6, 5), {"value_range": (-1, 1)})]),
    ]:
        randomized(model)
        images = random.random((4, *shape)).astype(np.float32)
        encoder = Encoder.from_blob(encoder_from_keras(model, **options).to_blob())
        given = 2 * images - 1 if "value_range" in options else images
        expected = model.predict(given, verbose=0)
        expected = expected[options["output"]] if "output" in options else expected
        np.testing.assert_allclose(encoder(images.reshape(4, -1)), expected, rtol=1e-4, atol=1e-4)
    for model, options, message in [
        (several, {}, "returns 2 tensors; say which one is the codes: output=0"),
        (several, {"output": "mean"}, "output: it is 'mean', the encoder returns 2"),
        (keras.Sequential([L.InputLayer((2, 2, 9)), L.Flatten(), L.Dense(2)]), {}, "input_shape: it is .2, 2, 9."),
        (keras.Sequential([L.Dense(2)]), {}, "not built.*call it on images first"),
    ]:
        with pytest.raises(ValueError, match=message) as error:
            encoder_from_keras(model, **options)
        assert "\n" not in str(error.value)


def refused(name, model, message, **options):
    with pytest.raises(ValueError, match=message) as error:
        from_keras(model, **options)
    assert "\n" not in str(error.value), f"{name}: {error.value}"


def main(keras, three):
    L = keras.layers
    failed = []
    for name, model, options in models(keras, three):
        randomized(model)
        try:
            decoder = same(name, model, options)
            print(f"{name}: {' '.join(layer.kind for layer in decoder.layers)}")
        except (ValueError, AssertionError) as error:
            failed.append(f"{name}: {str(error).strip()[:500]}")
    if not NAME.endswith("-graph"):
        built, unbuilt = subclassed(keras)
        kinds = [layer.kind for layer in same("subclassed", built, {}).layers]
        assert kinds == ["dense", "relu", "dense", "sigmoid"], kinds
        refused("unbuilt", unbuilt, "the Mine is not built.*call it on codes first")
    else:
        _, unbuilt = subclassed(keras)
        refused("unbuilt", unbuilt, "the Mine is not built.*call it on codes first")
    refused("unbuilt Sequential", keras.Sequential([L.Dense(4)]), "not built")
    a, b = keras.Input((3,)), keras.Input((2,))
    refused("two inputs", keras.Model([a, b], L.Concatenate()([a, b])), "several inputs.*hold all but the codes fixed")
    refused("length", keras.Sequential([L.InputLayer((None,)), L.Lambda(lambda x: x)]), "of a fixed length")
    refused("order", keras.Sequential([L.InputLayer((3,)), L.Dense(12)]), "HWC", image_shape=(2, 2, 3))
    cumulative = {"tensorflow": "Cumsum", "jax": "cumsum", "torch": "cumsum"}.get(NAME)
    if cumulative:
        model = keras.Sequential([L.InputLayer((3,)), L.Lambda(lambda x: keras.ops.cumsum(x, axis=1))])
        refused("cumsum", model, f"{cumulative}.*not supported")
    encoders(keras)
    assert not failed, "\n".join(failed)


if __name__ == "__main__":
    if NAME.startswith("tf_keras"):
        import tensorflow
        import tf_keras

        if NAME.endswith("-graph"):
            tensorflow.compat.v1.disable_v2_behavior()
            with tensorflow.compat.v1.Graph().as_default(), tensorflow.compat.v1.Session() as session:
                tensorflow.compat.v1.keras.backend.set_session(session)
                main(tf_keras, False)
        else:
            main(tf_keras, False)
    else:
        import keras

        assert keras.backend.backend() == NAME
        main(keras, True)
