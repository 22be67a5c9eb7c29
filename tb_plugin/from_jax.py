"""Conversion of a JAX function into a decoder: follows what it computes, be it flax's, Keras's or one's own.

The function is traced once on a few codes with `jax.make_jaxpr`. What depends on no code is computed now, so weights
are those of this moment. `jax_primitives` has the primitives that a decoder can compute.

JAX is not imported before `from_jax` is called.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin.convert.builder import GraphBuilder
from tb_plugin.convert.conversion import Means, NotSaid, Pictures, check, failure
from tb_plugin.convert.jax_primitives import PRIMITIVES
from tb_plugin.convert.recognition import NUMBERS, recognized
from tb_plugin.convert.tensors import Tensor, Tensors
from tb_plugin.decoder import Decoder
from tb_plugin.graph.layer import Layer

_BATCH = 3  # of the codes that are followed


def from_jax(
    function: Callable[..., Any],
    dims: int,
    *,
    input_shape: Sequence[int] | None = None,
    condition: Any = None,
    value_range: tuple[float, float] | str | None = None,
    image_shape: Sequence[int] | None = None,
    image_order: str | None = None,
) -> Decoder:
    """Returns a JAX function as a decoder for codes [N, dims].

    The decoder is compared with the function on random codes before it is returned.

    Args:
      function: any function of a batch of codes float32 [N, dims] that returns their pictures, e.g. of flax
        `lambda z: model.apply(variables, z, method="decode")`, or a module of flax.nnx in `eval()`.
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
    return convert(function, shape, Pictures(value_range, image_shape, image_order, channels_first=False), condition)


def convert(function: Callable[..., Any], shape: tuple[int, ...], means: Means, condition: Any = None) -> Any:
    """Returns a function of inputs [N, *shape] as a decoder or an encoder, as `from_jax` does.

    Args:
      function: the function.
      shape: the shape of an input as the function takes it.
      means: what input and output mean.
      condition: as in `from_jax`.

    Raises:
      ValueError: as `from_jax`.
    """
    import jax
    import jax.numpy as jnp

    more = condition if isinstance(condition, tuple) else () if condition is None else (condition,)
    dims, takes, gives = math.prod(shape), means.network.takes, means.network.gives

    def run(inputs: Any) -> Any:
        """Returns what the function makes of inputs [N, dims]."""
        arrays = map(jnp.asarray, more)
        return function(
            inputs.reshape(len(inputs), *shape),
            *(jnp.broadcast_to(each, (len(inputs), *each.shape)) for each in arrays),
        )

    inputs = jnp.asarray(np.random.RandomState(0).normal(size=(_BATCH, dims)), jnp.float32)
    try:
        traced, output = jax.make_jaxpr(run, return_shape=True)(inputs)
    except NotSaid:
        raise
    except Exception as error:
        raise failure("function", means, [_BATCH, *shape], error) from error
    if not hasattr(output, "shape"):
        raise ValueError(
            f"the function returns a {type(output).__name__}; give one that returns the {gives}: lambda x: f(x)[0]"
        )
    tensors = Tensors(GraphBuilder(dims), _BATCH)
    (found,) = _interpret(tensors, traced.jaxpr, traced.consts, [tensors.codes])
    if not isinstance(found, Tensor):
        raise ValueError(f"the function's {gives} do not depend on the {takes}")
    if found.batch != 0:
        raise ValueError(f"the function returns {list(found.shape)} for {_BATCH} {takes}, they must come first")
    made = means.made(tensors.graph, found.value)
    return check(made, lambda inputs: means.array(np.asarray(run(jnp.asarray(inputs)), np.float64)))


def _interpret(t: Tensors, jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    """Adds the equations of a jaxpr that contribute to its outputs to the graph, and returns the outputs."""
    values: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments]))

    def read(variable: Any) -> Any:
        return variable.val if hasattr(variable, "val") else values[variable]

    needed = {variable for variable in jaxpr.outvars if not hasattr(variable, "val")}
    equations = []
    for equation in reversed(jaxpr.eqns):
        if needed.intersection(equation.outvars):
            equations.append(equation)
            needed.update(variable for variable in equation.invars if not hasattr(variable, "val"))
    for equation in reversed(equations):
        results = _equation(t, equation, [read(variable) for variable in equation.invars])
        values.update(zip(equation.outvars, results))
    return [read(variable) for variable in jaxpr.outvars]


def _equation(t: Tensors, equation: Any, operands: list[Any]) -> Sequence[Any]:
    """Returns the results of an equation: computed by JAX if they depend on no code, else added to the graph."""
    name, inner = equation.primitive.name, _inner(equation)
    depends = any(isinstance(operand, Tensor) for operand in operands)
    if name.startswith(("random_", "threefry", "rng_")) and not name.endswith(("wrap", "seed")):
        raise ValueError(f"{name}{_place(equation)}: it draws random numbers; draw them before, or leave them out")
    if inner is not None:
        jaxpr, constants = getattr(inner, "jaxpr", inner), getattr(inner, "consts", ())
        layer = _activation(equation, jaxpr, constants, operands) if depends else None
        if layer is not None:
            return [t.map(layer, next(x for x in operands if isinstance(x, Tensor)))]
        return _interpret(t, jaxpr, constants, operands)
    try:
        if not depends:
            results = equation.primitive.bind(*operands, **equation.params)
            return results if equation.primitive.multiple_results else [results]
        if name == "ne" and equation.invars[0] is equation.invars[1]:  # isnan
            return [np.zeros(operands[0].shape, bool)]
        if name not in PRIMITIVES:
            raise ValueError("this primitive is not supported; give `reconstructions` instead of a decoder")
        arrays = [x if isinstance(x, Tensor) else np.asarray(x) for x in operands]
        result = PRIMITIVES[name](t, *arrays, **equation.params)
        return result if isinstance(result, list) else [result]
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{name}{_place(equation)}: {error}") from error


# The primitives that call a jaxpr once.
_CALLS = {
    *("jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"),
    *("checkpoint", "remat", "remat2"),
}


def _inner(equation: Any) -> Any:
    """Returns the jaxpr that an equation calls once, or None."""
    if equation.primitive.name not in _CALLS:
        return None
    return next(equation.params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in equation.params)


# The activations that JAX and flax have as functions of their own, which would take several layers.
_POINTWISE = {
    *(
        "add",
        "sub",
        "mul",
        "div",
        "max",
        "min",
        "neg",
        "exp",
        "expm1",
        "log",
        "log1p",
        "logistic",
        "tanh",
        "erf",
        "erfc",
    ),
    *("sqrt", "square", "abs", "integer_pow", "pow", "sign", "clamp", "gt", "lt", "ge", "le", "ne", "eq", "and", "or"),
    *("not", "select_n", "broadcast_in_dim", "convert_element_type", "stop_gradient"),
}


def _activation(equation: Any, jaxpr: Any, constants: Sequence[Any], operands: list[Any]) -> Layer | None:
    """Returns the layer that computes a call, if it is a function of each number that a decoder has as an activation.

    The call is evaluated on some numbers: its name says nothing.
    """
    import jax

    (x, *others), outputs = [operand for operand in operands if isinstance(operand, Tensor)], equation.outvars
    if others or len(outputs) != 1 or outputs[0].aval.shape != x.shape or not _is_pointwise(jaxpr):
        return None
    if not all(isinstance(operand, Tensor) or np.size(operand) == 1 for operand in operands):
        return None
    size = int(np.prod(x.shape))
    found = []
    for start in range(0, len(NUMBERS), size):
        given = np.resize(NUMBERS[start : start + size], x.shape).astype(np.float32)
        (result,) = jax.core.eval_jaxpr(
            jaxpr, constants, *(given if isinstance(operand, Tensor) else operand for operand in operands)
        )
        found.append(np.asarray(result, np.float32).ravel()[: min(size, len(NUMBERS) - start)])
    return recognized(np.concatenate(found))


def _is_pointwise(jaxpr: Any) -> bool:
    return all(
        equation.primitive.name in _POINTWISE
        if (inner := _inner(equation)) is None
        else _is_pointwise(getattr(inner, "jaxpr", inner))
        for equation in jaxpr.eqns
    )


def _place(equation: Any) -> str:
    """Returns the line at which an equation was traced, e.g. ' at model.py:12', or ''."""
    try:
        from jax._src import source_info_util

        source = equation.source_info
        try:
            frame = source_info_util.user_frame(source.traceback)
        except AttributeError:  # before version 0.7
            frame = source_info_util.user_frame(source)
    except Exception:  # it is no public part of JAX
        return ""
    return f" at {frame.file_name.rsplit('/')[-1]}:{frame.start_line}" if frame else ""
