"""Conversion of an ONNX model into a decoder, so of whatever a framework exports.

The nodes are followed one after the other. What depends on no code, e.g. the arithmetic of shapes, is computed by
`onnx.reference`. `onnx_operations` has the operations that a decoder can compute.

onnx is an optional package, not imported before `from_onnx` is called.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin.convert.builder import GraphBuilder
from tb_plugin.convert.conversion import Pictures, check, failure
from tb_plugin.convert.onnx_operations import OPERATIONS
from tb_plugin.convert.tensors import Tensor, Tensors
from tb_plugin.decoder import Decoder

_BATCH = 3  # of the codes that are followed, if the model takes any number


def from_onnx(
    model: Any,
    dims: int,
    *,
    input_shape: Sequence[int] | None = None,
    condition: dict[str, Any] | None = None,
    value_range: tuple[float, float] | str | None = None,
    image_shape: Sequence[int] | None = None,
    image_order: str | None = None,
) -> Decoder:
    """Returns an ONNX model as a decoder for codes [N, dims]. Needs the package onnx.

    The decoder is compared with the model on random codes before it is returned. The model is evaluated by onnxruntime
    if that is installed, else by `onnx.reference`, which takes longer.

    Args:
      model: the path of a file, its bytes, or an `onnx.ModelProto`. Its first input is codes, its first output is
        pictures.
      dims: the length of a code.
      input_shape: the shape of a code as the model takes it, e.g. (dims, 1, 1); by default what the model says.
      condition: the model's other inputs, by name, the same for all codes, without a batch axis.
      value_range: (low, high) of the pixels, which become 0..1; "logits" applies a sigmoid; by default they are 0..1.
      image_shape: [height, width, channels] of the pictures if the model returns vectors.
      image_order: the order in such a vector, or in an output of four axes: "CHW" (channels first, as PyTorch exports)
        or "HWC" (as Keras exports).

    Returns:
      The decoder. Its pictures are [height, width, channels] where the model returns four axes.

    Raises:
      ValueError: the model cannot be read, does something that a decoder cannot (the message says what and where), or
        the decoder differs from it by more than 1e-4.
    """
    proto = _read(model)
    graph = proto.graph
    known = {str(each.name) for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in known]
    if not inputs:
        raise ValueError("the model has no input")
    axes = [each.dim_value for each in inputs[0].type.tensor_type.shape.dim]
    size = axes[0] if axes and axes[0] > 0 else _BATCH  # exported for a fixed number of codes
    shape = tuple(map(int, input_shape or (axes[1:] if all(axes[1:]) else ()) or (dims,)))
    if int(np.prod(shape)) != dims:
        raise ValueError(f"dims: it is {dims}, the model takes codes of shape {list(shape)}")
    more = {name: np.asarray(value) for name, value in (condition or {}).items()}
    more = {name: value.astype(np.float32) if value.dtype == np.float64 else value for name, value in more.items()}
    names = [each.name for each in inputs[1:]]
    if sorted(more) != sorted(names):
        raise ValueError(
            f"condition: the model takes {names or 'nothing'} beside codes, it has {sorted(more) or 'nothing'}"
        )
    means = Pictures(value_range, image_shape, image_order, channels_first=image_order == "CHW")
    evaluate = _evaluator(proto)

    def run(codes: np.ndarray) -> np.ndarray:
        fixed = {name: np.broadcast_to(value, (size, *value.shape)) for name, value in more.items()}
        parts = []
        for start in range(0, len(codes), size):
            part = np.resize(codes[start : start + size], (size, dims)).reshape(size, *shape)
            try:
                parts.append(evaluate({inputs[0].name: part, **fixed}))
            except Exception as error:
                raise failure("model", means, part.shape, error) from error
        return np.concatenate(parts)[: len(codes)]

    t = Tensors(GraphBuilder(dims), size)
    values: dict[str, Any] = {inputs[0].name: t.reshape(t.codes, (size, *shape))}
    values.update({name: np.broadcast_to(value, (size, *value.shape)) for name, value in more.items()})
    found = _follow(t, proto, values)
    if not isinstance(found, Tensor):
        raise ValueError("the model's pictures do not depend on the codes")
    if found.batch != 0 or found.merged:
        raise ValueError(f"the model returns {list(found.shape)} for {size} codes, they must come first")
    if len(found.value.shape) == 3 and image_order is None:
        raise ValueError(
            f"image_order: the model returns {list(found.shape)}, are the channels first, "
            '"CHW", or last, "HWC"? Give one'
        )
    return check(means.made(t.graph, found.value), lambda codes: means.array(run(codes)))


def _read(model: Any) -> Any:
    """Returns the model as an `onnx.ModelProto`, with functions of its own in place of their calls."""
    import onnx
    from onnx import inliner

    try:
        if isinstance(model, (str, os.PathLike)):
            model = onnx.load(model)
        elif isinstance(model, bytes):
            model = onnx.load_from_string(model)
    except Exception as error:
        raise ValueError(f"the model cannot be read: {str(error).strip().splitlines()[0]:.300}") from error
    if not isinstance(model, onnx.ModelProto):
        raise ValueError(f"the model is a {type(model).__name__}, it must be a path, bytes or an onnx.ModelProto")
    return inliner.inline_local_functions(model) if model.functions else model


def _evaluator(proto: Any) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Returns a function of the model's inputs that returns its first output."""
    names = [proto.graph.output[0].name]
    try:
        import onnxruntime  # type: ignore[import-untyped, unused-ignore]

        session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
        return lambda inputs: session.run(names, inputs)[0]
    except Exception:  # it is not installed, or is older than the model
        from onnx.reference import ReferenceEvaluator

        reference = ReferenceEvaluator(proto)
        return lambda inputs: np.asarray(list(reference.run(names, inputs))[0])


def _follow(t: Tensors, proto: Any, values: dict[str, Any]) -> Any:
    """Adds the nodes that contribute to the first output to the graph, and returns that output."""
    from onnx import numpy_helper

    graph, output = proto.graph, proto.graph.output[0].name
    values.update({str(each.name): numpy_helper.to_array(each) for each in graph.initializer})
    needed, nodes = {output}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    version = {each.domain: each.version for each in proto.opset_import}.get("", 1)
    for node in reversed(nodes):
        operands = [values[name] if name else None for name in node.input]
        values.update(zip(node.output, _node(t, node, operands, proto, version)))
    return values[output]


def _node(t: Tensors, node: Any, operands: list[Any], proto: Any, version: int) -> Sequence[Any]:
    """Returns the results of a node: computed by onnx if they depend on no code, else added to the graph."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    kind = node.op_type
    try:
        if kind.startswith("Random") or kind in ("Bernoulli", "Multinomial"):
            raise ValueError("it draws random numbers")
        if kind == "Shape" and isinstance(operands[0], Tensor):
            options = {each.name: each.i for each in node.attribute}
            return [np.asarray(operands[0].shape[options.get("start", 0) : options.get("end")], np.int64)]
        if any(each.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for each in node.attribute):
            raise ValueError("it has a graph of its own, which is not supported; export without control flow")
        if not any(isinstance(operand, Tensor) for operand in operands):
            names = [name for name in node.input if name]
            given = [onnx.helper.make_tensor_value_info(name, 0, None) for name in names]
            made = [onnx.helper.make_tensor_value_info(name, 0, None) for name in node.output]
            alone = onnx.helper.make_graph([node], "node", given, made)
            evaluator = ReferenceEvaluator(
                onnx.helper.make_model(alone, opset_imports=proto.opset_import, ir_version=proto.ir_version)
            )
            return list(evaluator.run(None, dict(zip(node.input, operands))))
        if kind not in OPERATIONS or node.domain not in ("", "ai.onnx"):
            raise ValueError("this operation is not supported; give `reconstructions` instead of a decoder")
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        attributes = {key: value.decode() if isinstance(value, bytes) else value for key, value in attributes.items()}
        result = OPERATIONS[kind](t, {**attributes, "opset": version}, *operands)
        return result if isinstance(result, list) else [result]
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise ValueError(f"{kind} at {node.name or node.output[0]!r}: {error}") from error
