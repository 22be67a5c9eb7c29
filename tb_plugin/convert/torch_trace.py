"""What a PyTorch model computes: it is run once while PyTorch's `make_fx` notes every operation.

What depends on no code is computed now. `aten` has the operations that a decoder can compute.

PyTorch is not imported before a function is called.
"""

import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tb_plugin.convert.aten import OPERATIONS, Aten
from tb_plugin.convert.builder import GraphBuilder, Value

# Operations that make a constant of a tensor's shape, and of nothing else of it.
_OF_A_SHAPE = ("zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full")


@contextmanager
def evaluation(module: Any) -> Iterator[None]:
    """Puts what is run into eval() mode, without gradients, and leaves it and PyTorch's random state as they were.

    Args:
      module: the module that decodes, or None. A function may call modules that nobody knows before they are called.
    """
    import torch
    from torch.nn.modules.module import register_module_forward_pre_hook

    trained = []

    def evaluate(each: Any, *inputs: Any) -> None:
        if getattr(each, "training", False):
            trained.append(each)
            each.training = False

    quick = [torch.autocast(kind, enabled=False) for kind in {"cpu", *(["cuda"] if torch.cuda.is_available() else [])}]
    with _without_triton(), torch.no_grad(), torch.random.fork_rng(), quick[0], quick[-1]:
        hook = register_module_forward_pre_hook(evaluate)
        try:
            for each in module.modules() if module is not None else ():
                evaluate(each)
            yield
        finally:
            hook.remove()
            for each in trained:
                each.training = True


@contextmanager
def _without_triton() -> Iterator[None]:
    """Lets PyTorch do without Triton if TensorFlow is loaded: both have an LLVM, and a second one ends the process.

    None in `sys.modules` is Python's way to say that a package is not installed.
    """
    blocked = "tensorflow" in sys.modules and "triton" not in sys.modules
    if blocked:
        sys.modules["triton"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if blocked:
            del sys.modules["triton"]


def trace(run: Callable[[Any], Any], codes: Any) -> Any:
    """Returns the operations that `run` applies to codes, as a graph of torch.fx."""
    import inspect

    from torch.fx.experimental.proxy_tensor import make_fx

    more: Any = {"record_stack_traces": True} if "record_stack_traces" in inspect.signature(make_fx).parameters else {}
    return make_fx(_reading(run), pre_dispatch=True, **more)(codes)


def add_trace(traced: Any, graph: GraphBuilder, batch: int, takes: str = "codes", gives: str = "pictures") -> Value:
    """Adds the operations of a trace to `graph`, and returns the output.

    Args:
      traced: what `trace` returned.
      graph: has no layers yet.
      takes, gives: the names of input and output in errors.
      batch: the number of inputs that were traced. With 1 the model may move the batch axis, or merge it with others.

    Raises:
      ValueError: an operation is not supported, or moves the batch axis of several codes; the message says which one,
        and where it was computed.
    """
    output = list(traced.graph.nodes)[-1].args[0]
    if not hasattr(output, "op"):
        kind = "nothing" if output is None else f"a {type(output).__name__.removeprefix('immutable_')} of {len(output)}"
        raise ValueError(f"the model returns {kind}; give a function that returns the {gives}: lambda x: model(x)[0]")
    aten = Aten(graph, batch, whole=batch == 1)
    found = _interpret(traced, aten, [aten.codes])
    if not isinstance(found, Value):
        raise ValueError(
            f"the model's {gives} do not depend on the {takes}, or it leaves PyTorch in between, e.g. for NumPy"
        )
    if not aten.whole:
        return found
    if found.shape[0] != 1:
        raise ValueError(f"the model returns {list(found.shape)} for one of the {takes}")
    return graph.reshape(found, found.shape[1:])


def _interpret(traced: Any, aten: Aten, inputs: Sequence[Value]) -> Any:
    """Adds the operations of a trace to the graph of `aten`, and returns the output, a value or several."""
    import torch

    values: dict[Any, Any] = {}
    nodes, left = list(traced.graph.nodes), iter(inputs)
    output = nodes[-1].args[0]
    needed = _reached(nodes[-1])
    for node in nodes:
        if node.op == "placeholder":
            values[node] = next(left)
        elif node not in needed:
            if node.op == "call_function" and _writes(node) and needed & _reached(node.args[0]):
                raise ValueError(
                    f"{node.target}{_place(node)}: it writes into a part of a tensor; use torch.cat instead"
                )
        elif node.op == "get_attr":
            values[node] = getattr(traced, node.target)
        elif node.op == "call_function":
            values[node] = _operation(aten, node, values)
    return torch.fx.node.map_arg(output, values.get)


def _writes(node: Any) -> bool:
    """Returns whether an operation writes into its first argument."""
    return getattr(getattr(node.target, "_schema", None), "is_mutable", False) and hasattr(node.args[0], "op")


def _reached(output: Any) -> set[Any]:
    """Returns the nodes that contribute to the output."""
    reached, left = set(), [output]
    while left:
        node = left.pop()
        if node not in reached:
            reached.add(node)
            left += node.all_input_nodes
    return reached


def _operation(aten: Aten, node: Any, values: dict[Any, Any]) -> Any:
    """Returns the value of a node: computed by PyTorch if it depends on no code, else added to the graph."""
    import torch

    args, kwargs = (torch.fx.node.map_arg(given, values.get) for given in (node.args, node.kwargs))
    flat = [*args, *kwargs.values(), *(x for given in args if isinstance(given, (list, tuple)) for x in given)]
    depends = any(isinstance(given, Value) for given in flat)
    name = node.target.__name__ if callable(node.target) else str(node.target)
    name = name.split(".")[0]
    if name not in OPERATIONS:
        name = name.removesuffix("_")  # in place
    try:
        if depends and name in _OF_A_SHAPE:
            shape_only = torch.zeros(aten.full(args[0]))
            return node.target(shape_only, *args[1:], **kwargs)
        if depends and name in OPERATIONS:
            return OPERATIONS[name](aten, *args, **kwargs)
        if depends and name == "getitem":
            return args[0][args[1]]
        if depends and (smaller := _decomposed(aten, node.target, args, kwargs)):
            return _interpret(smaller, aten, [x for x in torch.utils._pytree.tree_flatten((args, kwargs))[0]
                                              if isinstance(x, Value)])  # fmt: skip
        if torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ()) and _draws(name, args, kwargs):
            raise ValueError("it draws random numbers; give a function that draws none")
        if depends:
            raise ValueError("this operation is not supported; give `reconstructions` instead of a decoder")
        return node.target(*args, **kwargs)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{node.target}{_place(node)}: {error}") from error


def _draws(name: str, args: Any, kwargs: Any) -> bool:
    """Returns whether an operation draws random numbers that may do so."""
    if name == "scaled_dot_product_attention":
        return bool(kwargs.get("dropout_p", (*args, 0, 0)[4]))
    return not name.endswith("dropout") or bool(args[1] and args[2])


def _decomposed(aten: Aten, operation: Any, args: Any, kwargs: Any) -> Any:
    """Returns an operation as a trace of smaller ones, or None if PyTorch does not know any."""
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.utils import _pytree as pytree

    flat, form = pytree.tree_flatten((args, kwargs))

    def call(*tensors: Any) -> Any:
        left = iter(tensors)
        given, named = pytree.tree_unflatten([next(left) if isinstance(x, Value) else x for x in flat], form)
        return operation(*given, **named)

    table = {op: smaller for op, smaller in torch._decomp.core_aten_decompositions().items()
             if op.__name__.split(".")[0] not in OPERATIONS}  # fmt: skip
    examples = [torch.rand(aten.full(x)) for x in flat if isinstance(x, Value)]
    with torch.backends.mkldnn.flags(enabled=False):  # it has operations of its own, e.g. for an LSTM
        made = make_fx(call, decomposition_table=table)(*examples)
    return None if any(node.target is operation for node in made.graph.nodes) else made


def _place(node: Any) -> str:
    """Returns the line of the model at which a node was computed, e.g. ' at "x = self.mix(x)" (model.py:12)'."""
    frames = (getattr(node, "stack_trace", None) or "").strip().split('File "')
    for frame in reversed(frames):
        where, _, line = frame.partition("\n")
        if where and not where.startswith(_not_the_model()):
            path, _, rest = where.partition('", line ')
            return f' at "{line.strip()}" ({Path(path).name}:{rest.split(",")[0]})'
    return ""


def place_of(error: Exception) -> str:
    """Returns the line of the model that raised an error."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_not_the_model()):
            return f' at "{frame.line}" ({Path(frame.filename).name}:{frame.lineno})'
    return ""


def _not_the_model() -> tuple[str, ...]:
    import torch

    return str(Path(torch.__file__).parent), str(Path(__file__).parents[1])


def _reading(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns `run` so that `make_fx` lets it read the numbers of tensors that depend on no code.

    Raises (the function that is returned):
      ValueError: a number is read that depends on the codes.
    """
    import torch
    from torch import Tensor
    from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing
    from torch.overrides import TorchFunctionMode
    from torch.utils._pytree import tree_flatten

    reads = {Tensor.item, Tensor.tolist, Tensor.__bool__, Tensor.__int__, Tensor.__float__, Tensor.__index__}
    checks = {torch.isnan, torch.isinf, torch.isfinite, Tensor.isnan, Tensor.isinf, Tensor.isfinite}  # of no code
    dependent: dict[int, Tensor] = {}  # by their ids, which are theirs as long as they are here

    class Reading(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = tree_flatten((args, kwargs))[0]
            depends = any(id(x) in dependent for x in given)
            if function in reads:
                if depends:
                    raise ValueError("it reads a number that depends on the codes, and a decoder cannot branch on it")
                with disable_proxy_modes_tracing():
                    return function(*args, **(kwargs or {}))
            result = function(*args, **(kwargs or {}))
            if depends and function not in checks:
                written = given[:1] if getattr(function, "__name__", "").endswith("_") else []
                dependent.update({id(x): x for x in [*tree_flatten(result)[0], *written] if isinstance(x, Tensor)})
            return result

    def traced(codes: Any) -> Any:
        dependent[id(codes)] = codes
        validates = torch.distributions.Distribution._validate_args
        torch.distributions.Distribution.set_default_validate_args(False)  # it would read what depends on the codes
        try:
            with Reading():
                return run(codes)
        finally:
            torch.distributions.Distribution.set_default_validate_args(validates)

    return traced
