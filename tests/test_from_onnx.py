"""Decoders converted from ONNX models: exported by PyTorch, and written node by node."""

import io
import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="NOT TESTED with ONNX: the extra `frameworks` is not installed")
torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `frameworks` is not installed")

from helpers.architectures import ARCHITECTURES  # noqa: E402 - it needs PyTorch
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tb_plugin.decoder import Decoder  # noqa: E402
from tb_plugin.from_onnx import from_onnx  # noqa: E402
from tb_plugin.from_torch import from_torch  # noqa: E402

random = np.random.default_rng(0)


def model_of(nodes, weights, dims, out, opset=18):
    """Returns a model of nodes (kind, inputs, output, attributes) with weights by name; `out` is its output."""
    made = [
        helper.make_node(kind, inputs, [output] if isinstance(output, str) else output, name=f"n{number}", **attributes)
        for number, (kind, inputs, output, attributes) in enumerate(nodes)
    ]
    graph = helper.make_graph(
        made,
        "decoder",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", dims])],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def drawn(*shape):
    return random.normal(size=shape).astype(np.float32) / 2


def regressor(activation, out_activation, opset=18):
    """Returns a scikit-learn MLPRegressor of 3-8-6 as its converter to ONNX writes it: MatMul, Add, activation."""
    nodes = [
        ("Cast", ["z"], "cast", {"to": 1}),
        ("MatMul", ["cast", "w1"], "m1", {}),
        ("Add", ["m1", "b1"], "a1", {}),
        (activation, ["a1"], "h", {}),
        ("MatMul", ["h", "w2"], "m2", {}),
        ("Add", ["m2", "b2"], "a2", {}),
        (out_activation, ["a2"], "out", {}),
        ("Reshape", ["out", "shape"], "variable", {}),
    ]
    weights = {"w1": drawn(3, 8), "b1": drawn(8), "w2": drawn(8, 6), "b2": drawn(1, 6), "shape": np.array([-1, 6])}
    return model_of(nodes, weights, 3, "variable", opset)


@pytest.mark.parametrize("activation", ["Tanh", "Relu", "Sigmoid"])
def test_a_regressor_of_scikit_learn(activation):
    decoder = from_onnx(regressor(activation, "Identity"), 3)
    assert [layer.kind for layer in decoder.layers] == ["dense", activation.lower(), "dense"]


def exported(model, dims, options, **export):
    """Returns the bytes of a PyTorch model as ONNX."""
    shape = options.get("input_shape") or (dims,)

    class Exported(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, z):
            return getattr(self.inner, options["method"])(z) if "method" in options else self.inner(z)

    file = io.BytesIO()
    torch.onnx.export(Exported().eval(), (torch.randn(2, *shape),), file, **export)
    return file.getvalue()


NAMES = [
    *("linear VAE", "DCGAN", "convolutional VAE", "ResNet for MNIST", "tiny latent decoder"),
    *(
        "diffusion VAE with attention",
        "discrete VAE",
        "SIREN",
        "super-resolution",
        "NVAE cells",
        "signals",
        "MLP-Mixer",
    ),
]


def converted_alike(name, **export):
    model, options = ARCHITECTURES[name]()
    dims = options.pop("dims")
    expected = from_torch(model, dims, **options)
    order = options.get("image_order") or ("CHW" if len(expected.output_shape) == 3 else None)
    given = {key: options[key] for key in ("value_range", "image_shape") if key in options}
    decoder = from_onnx(exported(model, dims, options, **export), dims, image_order=order, **given)
    codes = random.normal(size=(4, dims)).astype(np.float32)
    found = Decoder.from_blob(decoder.to_blob())(codes)
    np.testing.assert_allclose(found, expected(codes), rtol=1e-4, atol=1e-4)
    assert found.std(axis=0).max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_models_of_pytorch_as_exported_today(name):
    converted_alike(name, dynamo=True, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), verbose=False)


@pytest.mark.parametrize("name", NAMES)
def test_models_of_pytorch_as_exported_before_for_two_codes(name):
    converted_alike(name, dynamo=False)


def test_without_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    from_onnx(regressor("Tanh", "Sigmoid"), 3)


X = ["x"]  # [N, 4, 6] made of codes
OPERATIONS = {
    "Reshape by arithmetic of shapes": [
        ("Shape", X, "s", {}), ("Gather", ["s", "zero"], "n", {}), ("Concat", ["n", "rest"], "to", {"axis": 0}),
        ("Reshape", ["x", "to"], "y", {}),
    ],
    "Gemm": [("Flatten", X, "f", {}), ("Gemm", ["f", "w", "b"], "y", {"transB": 1, "alpha": 0.5, "beta": 2.0})],
    "Softmax": [("Softmax", X, "y", {"axis": 1})],
    "LayerNormalization": [("LayerNormalization", ["x", "six", "six"], "y", {"axis": -1})],
    "InstanceNormalization": [("InstanceNormalization", ["x", "four", "four"], "y", {})],
    "BatchNormalization": [("BatchNormalization", ["x", "four", "four", "four", "positive"], "y", {})],
    "ReduceL2": [("ReduceL2", ["x", "one"], "y", {"keepdims": 0})],
    "Slice backwards": [("Slice", ["x", "start", "end", "two", "step"], "y", {})],
    "Split": [("Split", ["x", "parts"], ["p", "q"], {"axis": 2}), ("Concat", ["q", "p"], "y", {"axis": -1})],
    "Pad": [("Pad", ["x", "pads"], "y", {"mode": "reflect"})],
    "Clip": [("Clip", ["x", "low", ""], "c", {}), ("Sub", ["x", "c"], "y", {})],
    "Pow": [("Mul", ["x", "x"], "p", {}), ("Pow", ["p", "half"], "y", {})],
    "Where": [("Greater", ["x", "low"], "m", {}), ("Neg", X, "n", {}), ("Where", ["m", "x", "n"], "y", {})],
    "Gather": [("Gather", ["x", "pick"], "y", {"axis": 2})],
    "Transpose": [("Transpose", X, "y", {"perm": [0, 2, 1]})],
    "MatMul of codes": [("Transpose", X, "t", {"perm": [0, 2, 1]}), ("MatMul", ["x", "t"], "y", {})],
    "Conv in one dimension": [("Conv", ["x", "kernel"], "y", {"pads": [1, 0], "group": 2, "strides": [2]})],
    "ConvTranspose in one dimension": [
        ("ConvTranspose", ["x", "kernel"], "y", {"group": 2, "strides": [2], "output_padding": [1], "pads": [1, 0]})
    ],
    "Resize": [("Resize", ["x", "", "scales"], "y", {"mode": "linear"})],
    "Expand": [("Unsqueeze", ["x", "one"], "u", {}), ("Expand", ["u", "wide"], "y", {})],
    "PRelu and HardSigmoid": [("PRelu", ["x", "slope"], "p", {}), ("HardSigmoid", ["p"], "y", {})],
}  # fmt: skip
WEIGHTS = {
    "zero": np.array([0]), "rest": np.array([3, 8]), "w": drawn(5, 24), "b": drawn(5), "six": drawn(6),
    "four": drawn(4), "positive": np.abs(drawn(4)) + 1, "one": np.array([1]), "start": np.array([-1]),
    "end": np.array([-9]), "two": np.array([2]), "step": np.array([-2]),
    "parts": np.array([2, 4]), "pads": np.array([0, 1, 2, 0, 0, 1]),
    "low": np.float32(0.1), "half": np.float32(0.5), "pick": np.array([[5, 0], [0, -1]]), "kernel": drawn(4, 2, 3),
    "scales": np.array([1, 1, 2], np.float32), "wide": np.array([1, 3, 1, 1]), "slope": drawn(4, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name):
    """`from_onnx` itself compares each with onnx's own evaluation."""
    nodes = [("MatMul", ["z", "code"], "m", {}), ("Reshape", ["m", "image"], "x", {}), *OPERATIONS[name]]
    weights = {"code": drawn(3, 24), "image": np.array([-1, 4, 6]), **WEIGHTS}
    decoder = from_onnx(model_of(nodes, weights, 3, "y"), 3, image_order="HWC")
    assert decoder(drawn(9, 3)).std(axis=0).max() > 1e-4


def test_other_inputs_are_a_condition():
    nodes = [("Concat", ["z", "class"], "c", {"axis": 1}), ("MatMul", ["c", "w"], "y", {})]
    model = model_of(nodes, {"w": drawn(5, 6)}, 3, "y")
    model.graph.input.append(helper.make_tensor_value_info("class", TensorProto.FLOAT, ["N", 2]))
    assert from_onnx(model, 3, condition={"class": [0.0, 1.0]}).output_shape == (6,)
    with pytest.raises(ValueError, match=r"condition: the model takes \['class'\] beside codes, it has nothing"):
        from_onnx(model, 3)


def test_what_cannot_be_is_refused_in_one_line(tmp_path):
    def simple(*nodes, **weights):
        return model_of(nodes, weights, 3, "y")

    image = simple(("Reshape", ["z", "s"], "y", {}), s=np.array([-1, 1, 1, 3]))
    for model, options, message in (
        (simple(("Det", ["z"], "y", {})), {}, "Det at 'n0': this operation is not supported; give `reconstructions`"),
        (simple(("RandomNormalLike", ["z"], "y", {})), {}, "RandomNormalLike at 'n0': it draws random numbers"),
        (simple(("Softmax", ["z"], "y", {"axis": 0})), {}, "Softmax at 'n0': it works along the batch axis"),
        (simple(("ReduceMean", ["z"], "y", {})), {}, "it reduces all pictures of a batch to one number"),
        (simple(("Gemm", ["w", "z"], "y", {"transB": 1}), w=drawn(3, 3)), {}, "they must come first"),
        (simple(("Identity", ["w"], "y", {}), w=drawn(3, 3)), {}, "do not depend on the codes"),
        (image, {}, 'image_order: the model returns .3, 1, 1, 3., are the channels first, "CHW", or last, "HWC"'),
        (simple(("Identity", ["z"], "y", {})), {"dims": 4}, r"dims: it is 4, the model takes codes of shape \[3\]"),
        (tmp_path / "none.onnx", {}, "the model cannot be read"),
        (b"no model", {}, "the model cannot be read|has no input"),
        ("a" * 3, {}, "the model cannot be read"),
        (3, {}, "it must be a path, bytes or an onnx.ModelProto"),
    ):
        with pytest.raises(ValueError, match=message) as error:
            from_onnx(model, **{"dims": 3, **options})
        assert "\n" not in str(error.value)
