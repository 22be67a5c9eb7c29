"""Conversion of a TensorFlow function into a decoder: follows the operations that it adds to a graph.

What depends on no code, e.g. a variable, is computed now by TensorFlow, so weights are those of this moment.
`tensorflow_operations` has the operations that a decoder can compute.

TensorFlow is not imported before a function here is called.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin.convert.builder import GraphBuilder
from tb_plugin.convert.conversion import Means, NotSaid, Pictures, check, failure
from tb_plugin.convert.tensorflow_images import Spread
from tb_plugin.convert.tensorflow_operations import OPERATIONS
from tb_plugin.convert.tensors import Tensor, Tensors
from tb_plugin.decoder import Decoder

_BATCH = 3  # of the codes that are followed
_SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")  # depend on the shape of their input only
_RANDOM = ("Random", "StatelessRandom", "StatefulRandom", "TruncatedNormal", "ParameterizedTruncated", "Multinomial")


def from_tensorflow(
    function: Callable[..., Any],
    dims: int,
    *,
    input_shape: Sequence[int] | None = None,
    condition: Any = None,
    value_range: tuple[float, float] | str | None = None,
    image_shape: Sequence[int] | None = None,
    image_order: str | None = None,
) -> Decoder:
    """Returns a TensorFlow 2 function as a decoder for codes [N, dims].

    The decoder is compared with the function on random codes before it is returned.

    Args:
      function: any function of a batch of codes float32 [N, dims] that returns their pictures, e.g. a method of a
        `tf.Module`, or `lambda z: model(z, training=False)`.
      dims: the length of a code.
      input_shape: the shape of a code as the function takes it, e.g. (1, 1, dims); by default (dims,).
      condition: what the function takes beside the codes and what is the same for all of them, without a batch axis:
        an integer for a class, an array, e.g. a one-hot class; or a tuple of several.
      value_range: (low, high) of the pixels, which become 0..1; "logits" applies a sigmoid; by default they are 0..1.
      image_shape: [height, width, channels] of the pictures if the function returns vectors.
      image_order: the order in such a vector, "HWC" or "CHW". Needed if it has several channels.

    Returns:
      The decoder. Its pictures are what the function returns, e.g. [height, width, channels].

    Raises:
      ValueError: the function fails on codes, does something that a decoder cannot (the message says what and where),
        or the decoder differs from it by more than 1e-4.
    """
    shape = (dims,) if input_shape is None else tuple(int(size) for size in input_shape)
    means = Pictures(value_range, image_shape, image_order, channels_first=False)
    return convert_function(function, shape, means, condition)


def convert_function(function: Callable[..., Any], shape: tuple[int, ...], means: Means, condition: Any = None) -> Any:
    """Returns a function of inputs [N, *shape] as a decoder or an encoder, as `from_tensorflow` does.

    Args:
      function: the function.
      shape: the shape of an input as the function takes it.
      means: what input and output mean.
      condition: as in `from_tensorflow`.

    Raises:
      ValueError: as `from_tensorflow`.
    """
    import tensorflow as tf

    dims, gives = math.prod(shape), means.network.gives
    more = condition if isinstance(condition, tuple) else () if condition is None else (condition,)

    def run(inputs: Any) -> Any:
        """Returns what the function makes of inputs [N, dims]."""
        arrays = [np.asarray(each) for each in more]
        arrays = [each.astype(np.float32) if each.dtype == np.float64 else each for each in arrays]
        return function(
            tf.reshape(inputs, (inputs.shape[0], *shape)),
            *(np.broadcast_to(each, (inputs.shape[0], *each.shape)) for each in arrays),
        )

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)  # so that a tf.function's operations are seen
    try:
        traced = tf.compat.v1.wrap_function(run, [tf.TensorSpec([_BATCH, dims], tf.float32)])
        output = traced.structured_outputs
    except NotSaid:
        raise
    except Exception as error:
        raise failure("function", means, [_BATCH, *shape], error) from error
    finally:
        tf.config.run_functions_eagerly(eager)
    if not hasattr(output, "op"):
        raise ValueError(
            f"the function returns a {type(output).__name__}; give one that returns the {gives}: lambda x: f(x)[0]"
        )
    inputs = traced.inputs[0]

    def fetch(tensors: list[Any]) -> list[np.ndarray]:
        return [np.asarray(each) for each in traced.prune(inputs, tensors)(tf.zeros([_BATCH, dims]))]

    made = convert(inputs, output, fetch, (dims,), means)
    return check(made, lambda numbers: means.array(np.asarray(run(tf.constant(numbers)), np.float64)))


def convert(
    codes: Any, output: Any, fetch: Callable[[list[Any]], list[np.ndarray]], shape: Sequence[int], means: Means
) -> Any:
    """Returns the network of a graph's operations between two of its tensors, not yet compared with the graph.

    Args:
      codes: the tensor [N, *shape] that is the input: codes, or images of an encoder.
      output: the tensor that is the output.
      fetch: returns the values of tensors when the input is zeros [3, *shape].
      shape: the shape of an input.
      means: what input and output mean.

    Raises:
      ValueError: an operation is not supported; the message says which and where.
    """
    t = Tensors(GraphBuilder(math.prod(shape)), _BATCH)
    operations = _reached(codes, [output], fetch)
    dependent = {_key(codes)}
    for operation in operations:
        if operation.type not in _SHAPES and any(_key(each) in dependent for each in operation.inputs):
            dependent.update(map(_key, operation.outputs))
    following = [each for each in operations if any(_key(result) in dependent for result in each.outputs)]
    fixed = {
        _key(each): each for operation in following for each in _inputs(operation, fetch) if _key(each) not in dependent
    }
    for each in _reached(codes, list(fixed.values()), fetch):
        if each.type.startswith(_RANDOM):
            raise ValueError(
                f"{each.type} at {each.name!r}: it draws random numbers; leave them out, e.g. training=False"
            )
    values: dict[Any, Any] = {
        _key(codes): t.reshape(t.codes, (_BATCH, *shape)),
        **dict(zip(fixed, fetch(list(fixed.values())) if fixed else [])),
    }
    for operation in following:
        inputs = [values[_key(each)] for each in _inputs(operation, fetch)]
        results = _operation(t, operation, inputs)
        values.update(zip(map(_key, operation.outputs), results))
    found = values.get(_key(output))
    if not isinstance(found, Tensor):
        raise ValueError(f"the {means.network.gives} do not depend on the {means.network.takes}")
    if found.batch != 0 or found.merged:
        raise ValueError(f"the output is {list(found.shape)} for {_BATCH} {means.network.takes}, they must come first")
    return means.made(t.graph, found.value)


def _key(tensor: Any) -> tuple[str, int]:
    return tensor.op.name, tensor.value_index


def _reached(codes: Any, outputs: list[Any], fetch: Callable[[list[Any]], list[np.ndarray]]) -> list[Any]:
    """Returns the operations that contribute to the outputs, each after those that it reads."""
    done: dict[str, Any] = {}
    stack = [(each.op, False) for each in outputs]
    while stack:
        operation, ready = stack.pop()
        if operation.name in done or operation is codes.op:
            continue
        if ready:
            done[operation.name] = operation
        else:
            stack += [(operation, True), *((each.op, False) for each in _inputs(operation, fetch))]
    return list(done.values())


def _inputs(operation: Any, fetch: Callable[[list[Any]], list[np.ndarray]]) -> list[Any]:
    """Returns the inputs of an operation: of a Merge, which ends TensorFlow 1's `cond`, that of the branch taken."""
    inputs = list(operation.inputs)
    if operation.type != "Merge":
        return inputs
    for each in inputs:
        switch = _switch(each)
        if switch is not None and bool(fetch([switch.op.inputs[1]])[0]) == bool(switch.value_index):
            return [each]
    return inputs


def _switch(tensor: Any) -> Any:
    """Returns the output of the Switch that begins the branch in which a tensor is computed."""
    seen, left = set(), [tensor]
    while left:
        each = left.pop()
        if each.op.type == "Switch":
            return each
        if each.op.name not in seen:
            seen.add(each.op.name)
            left += [*each.op.inputs, *(result for op in each.op.control_inputs for result in op.outputs)]
    return None


def _operation(t: Tensors, operation: Any, inputs: list[Any]) -> Sequence[Any]:
    """Adds an operation to the graph, and returns its results."""
    kind = operation.type
    try:
        if kind not in OPERATIONS:
            way = "build the model with keras.backend.set_learning_phase(0)" if kind.endswith("If") else ""
            raise ValueError(f"this operation is not supported; {way or 'give `reconstructions` instead of a decoder'}")
        if any(isinstance(each, Spread) for each in inputs) and not kind.endswith(("ToSpaceND", "Conv2D", "dNative")):
            raise ValueError("it works within a dilated convolution, which is supported in two dimensions")
        result = OPERATIONS[kind](t, operation.get_attr, *inputs)
        return result if isinstance(result, list) else [result]
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{kind} at {operation.name!r}: {error}") from error
