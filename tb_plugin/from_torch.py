"""Conversion of a PyTorch model into a decoder or an encoder.

It follows what the model computes, whatever modules it is made of.
What depends on no input is computed now, so weights are those of this moment. `torch_trace` follows the model.

PyTorch is not imported before `from_torch` is called.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin.convert import torch_trace
from tb_plugin.convert.builder import GraphBuilder
from tb_plugin.convert.conversion import Codes, Means, NotSaid, Pictures, check, failure
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder

_BATCH = 3  # of the inputs that are followed


def from_torch(
    model: Any,
    dims: int,
    *,
    method: str | None = None,
    input_shape: Sequence[int] | None = None,
    condition: Any = None,
    value_range: tuple[float, float] | str | None = None,
    image_shape: Sequence[int] | None = None,
    image_order: str | None = None,
) -> Decoder:
    """Returns a PyTorch model as a decoder for codes [N, dims]. Needs PyTorch 2.1 or newer.

    The model is converted as it computes in `eval()` mode, and left as it was. The decoder is compared with the model
    on random codes before it is returned.

    Args:
      model: a module, or any function of a batch of codes, e.g. `lambda z: vae.decode(z)[0]`.
      dims: the length of a code.
      method: the name of the model's method that decodes, e.g. "decode"; by default the model is called.
      input_shape: the shape of a code as the model takes it, e.g. (dims, 1, 1) or (4, 8, 8); by default (dims,).
      condition: what the model takes beside the codes and what is the same for all of them, without a batch axis: an
        integer for a class, an array, e.g. a one-hot class; a tuple of several; or a dict of arguments by name.
      value_range: (low, high) of the model's pixels, which become 0..1; "logits" applies a sigmoid; by default they
        are 0..1.
      image_shape: [height, width, channels] of the pictures if the model returns vectors.
      image_order: the order in such a vector, "HWC" or "CHW". Needed if it has several channels.

    Returns:
      The decoder. Its pictures are [height, width, channels] where the model returns [N, channels, height, width].

    Raises:
      ValueError: the model fails on codes, does something that a decoder cannot (the message says what and where), or
        the decoder differs from it by more than 1e-4.
    """
    means = Pictures(value_range, image_shape, image_order, channels_first=True)
    decode, module = _function(model, method)
    shape = (dims,) if input_shape is None else tuple(int(size) for size in input_shape)
    if isinstance(dims, bool) or not isinstance(dims, (int, np.integer)) or dims < 1:
        raise ValueError(f"dims: it is {dims!r}, it must be the length of a code, an integer from 1")
    if math.prod(shape) != dims:
        raise ValueError(f"input_shape: it is {list(shape)}, it must have {dims} numbers, as a code has")
    return convert(decode, module, dims, shape, means, condition)


def encoder_from_torch(
    model: Any,
    input_shape: Sequence[int],
    *,
    method: str | None = None,
    output: int | str | None = None,
    condition: Any = None,
    value_range: tuple[float, float] | None = None,
) -> Encoder:
    """Returns a PyTorch model as an encoder of images. Needs PyTorch 2.1 or newer.

    It is converted and compared as `from_torch` does with a decoder.

    Args:
      model: a module, or any function of a batch of images.
      input_shape: the shape of an image as the model takes it, e.g. (1, 28, 28), channels first, or (784,).
      method: the name of the model's method that encodes, e.g. "encode"; by default the model is called.
      output: the index or the key of the codes where the model returns several tensors, e.g. 0 for the mean of a
        variational autoencoder.
      condition: as in `from_torch`.
      value_range: (low, high) of the pixels that the model takes: what it takes for black and for white. By default
        (0, 1), as the tab shows them; after torchvision's Normalize(mean, std) it is (-mean / std, (1 - mean) / std).

    Returns:
      The encoder. It takes pixels in 0..1, in the order height, width, channels.

    Raises:
      ValueError: as `from_torch`, or the model returns several tensors and `output` is missing.
    """
    means = Codes(tuple(int(size) for size in input_shape), value_range, output, channels_first=True)
    encode, module = _function(model, method)

    def run(images: Any, *arguments: Any, **named: Any) -> Any:
        if len(means.input_shape) == 3:
            channels, *sides = means.input_shape
            images = images.reshape(len(images), *sides, channels).permute(0, 3, 1, 2)
        images = images.reshape(len(images), *means.input_shape)
        return means.codes(encode(means.scaled(images), *arguments, **named))

    return convert(run, module, means.dims, (means.dims,), means, condition)


def convert(
    function: Callable[..., Any], module: Any, dims: int, shape: Sequence[int], means: Means, condition: Any = None
) -> Any:
    """Returns a function of inputs [N, *shape] as a decoder or an encoder, as `from_torch` does.

    Args:
      function: the function.
      module: the module that it belongs to, which is put into eval() mode, or None.
      dims: the numbers of an input.
      shape: the shape of an input as the function takes it.
      means: what input and output mean.
      condition: as in `from_torch`.

    Raises:
      ValueError: as `from_torch`.
    """
    import torch

    arguments, named = _condition(condition)
    parameters = () if module is None else module.parameters()
    parameter = next((each for each in parameters if each.is_floating_point()), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    dtype = torch.float32 if parameter is None else parameter.dtype
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"the model computes in {str(dtype)[6:]}; give a copy in float32: copy.deepcopy(model).float()"
        )

    takes, gives = means.network.takes, means.network.gives

    def run(inputs: Any) -> Any:
        """Returns what the model makes of inputs [N, dims]."""

        def batched(value: Any) -> Any:
            tensor = torch.as_tensor(value, device=device)
            tensor = tensor.to(dtype) if tensor.is_floating_point() else tensor
            return tensor.expand(len(inputs), *tensor.shape)

        more = {key: batched(value) for key, value in named.items()}
        return function(inputs.reshape(len(inputs), *shape), *map(batched, arguments), **more)

    def outputs(inputs: np.ndarray) -> np.ndarray:
        output = run(torch.as_tensor(inputs, dtype=dtype, device=device))
        return means.array(output.detach().cpu().double().numpy())

    def follow(batch: int) -> Any:
        """Returns the network that a trace of `batch` inputs makes."""
        try:
            traced = torch_trace.trace(run, torch.randn(batch, dims, dtype=dtype, device=device))
        except NotSaid:
            raise
        except Exception as error:
            vector = (
                isinstance(means, Pictures)
                and len(shape) == 1
                and re.search(r"\b[34]D\b", str(error).strip().partition("\n")[0])
            )
            hint = f"; does it take input_shape=({dims}, 1, 1)?" if vector else ""
            given = [batch, *getattr(means, "input_shape", shape)]
            raise failure("model", means, given, error, torch_trace.place_of(error), hint) from error
        graph = GraphBuilder(dims)
        return check(means.made(graph, torch_trace.add_trace(traced, graph, batch, takes, gives)), outputs)

    with torch_trace.evaluation(module):
        try:
            return follow(_BATCH)
        except ValueError as first:
            try:  # with one code the batch axis may be moved, or be merged with others
                return follow(1)
            except ValueError:
                raise first from None


def _function(model: Any, method: str | None) -> tuple[Callable[..., Any], Any]:
    """Returns what decodes or encodes, and the module that it belongs to, or None."""
    import torch

    model = getattr(model, "_orig_mod", model)  # of torch.compile
    decode = model if method is None else getattr(model, method, None)
    if not callable(decode):
        what = f"has no method {method!r}" if method else "cannot be called"
        raise ValueError(f"the {type(model).__name__} {what}; give a module or a function of codes")
    owner = getattr(decode, "__self__", model)
    return decode, owner if isinstance(owner, torch.nn.Module) else None


def _condition(condition: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(condition, dict):
        return (), condition
    return (condition if isinstance(condition, tuple) else () if condition is None else (condition,)), {}
