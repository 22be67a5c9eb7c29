"""Trains a port's model: in a session step by step, or with many steps fused into one XLA computation.

The fused computation repeats the port's own step: its ops are cut out of the graph and become the body of a loop over
batches. XLA updates only resource variables, and TensorFlow 1 made reference variables. So each reference variable gets
a resource that takes its value before the loop and gives it back afterwards, and the ops on it become those on the
resource. Between two calls the graph's variables hold the weights, as if the session had trained them.

XLA adds the terms of some sums one after another, an image's for one, so the mean of 156,800 (mathybit_dense) may be
1e-4 off. TensorFlow adds them in a tree. So the loop adds in float64.
"""

import math
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, groupby
from typing import Any

import numpy as np

from legacy_ports import UserError
from legacy_ports.tf1 import CallableOptions, quiet, tf

STEPS = 100  # in one XLA computation, at most
_BYTES = 2**26  # of their batches, at most

# Trains on each of the batches float32 [N, ...]; yields the losses before the updates, as float32.
Train = Callable[[Iterable[np.ndarray]], Generator[Any, None, None]]


def session(sess: tf.Session, model: Any) -> Train:
    """Returns the training in the session, a `run` for each step.

    Args:
      model: the port's tensors: x, loss and train_step.
    """
    options = CallableOptions(feed=[model.x.name], fetch=[model.loss.name], target=[_train_op(model).name])
    # As in tf-keras: `make_callable` prepares each call anew, as long as a fifth of a step of vandenburg.
    step = sess._make_callable_from_options(options)

    def train(batches: Iterable[np.ndarray]) -> Generator[Any, None, None]:
        for batch in batches:
            yield step(batch)[0]

    return train


def fused(sess: tf.Session, model: Any) -> Train:
    """Returns the training of many steps in one XLA computation. How many are taken at once changes no bit.

    While one computation runs, the caller gets the losses of the one before, and the batches of the next are drawn. So
    up to 2 * `STEPS` batches are drawn before their losses are yielded.

    Args:
      model: the port's tensors: x, loss and train_step.

    Raises:
      UserError: the step cannot be fused. Where XLA finds that out, the first loss raises it.
    """
    loop = _loop(sess, model)
    buffers: dict[tuple[int, ...], Iterator[np.ndarray]] = {}  # XLA compiles a loop for each shape

    def train(batches: Iterable[np.ndarray]) -> Generator[Any, None, None]:
        computing = None
        with ThreadPoolExecutor(1) as worker:
            for shape, same in groupby(batches, np.shape):
                if shape not in buffers:
                    buffers[shape] = _two_buffers(shape)
                    with quiet():  # TensorFlow 2.15 tells that XLA compiles
                        worker.submit(loop, next(buffers[shape]), 0).result()
                while count := _fill(buffer := next(buffers[shape]), same):
                    done = computing.result() if computing else ()
                    computing = worker.submit(loop, buffer, count)
                    yield from done
            if computing:
                yield from computing.result()

    return train


def _train_op(model: Any) -> tf.Operation:
    """Returns the op of a model's train_step, which is the op or its tensor."""
    return getattr(model.train_step, "op", model.train_step)


def _two_buffers(shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yields by turns two arrays float32 [K, N, ...] for the batches of one computation."""
    at_once = max(1, min(STEPS, _BYTES // (4 * math.prod(shape))))
    return cycle([_aligned((at_once, *shape)) for _ in range(2)])


def _fill(buffer: np.ndarray, batches: Iterator[np.ndarray]) -> int:
    """Copies each batch as it is drawn, while the processor's cache has it. Returns how many there were, at most K."""
    count = 0
    for place, batch in zip(buffer, batches):
        place[:] = batch
        count += 1
    return count


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Returns zeros float32 that TensorFlow takes as they lie in memory; an array at another address it copies."""
    size = 4 * math.prod(shape)
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64  # EIGEN_MAX_ALIGN_BYTES, tensorflow/c/tf_tensor.cc
    return memory[start : start + size].view(np.float32).reshape(shape)


def _loop(sess: tf.Session, model: Any) -> Callable[[np.ndarray, int], np.ndarray]:
    """Returns the loop: it takes batches [K, N, ...], trains on the first `count`, and returns their losses."""
    train_op = _train_op(model)
    step, variables = _cut(sess.graph, [model.loss.op.name, train_op.name])

    with sess.graph.as_default():
        handles, take, give_back = {}, [], []
        for name in variables:
            variable = handles[name] = sess.graph.get_tensor_by_name(f"{name}:0")
            if variable.dtype == tf.resource:
                continue
            kind = variable.dtype.base_dtype
            with tf.colocate_with(variable.op):
                handles[name] = tf.raw_ops.VarHandleOp(
                    dtype=kind, shape=variable.shape, shared_name=f"fused/{name}", name="fused"
                )
            take.append(tf.raw_ops.AssignVariableOp(resource=handles[name], value=tf.identity(variable)))
            give_back.append((variable, handles[name], kind))

        @tf.function(jit_compile=True, autograph=False)
        def loop(batches: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
            steps = tf.range(tf.shape(batches)[0])

            def body(i: tf.Tensor, losses: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                inputs = {f"{name}:0": tf.get_default_graph().capture(handle) for name, handle in handles.items()}
                inputs[model.x.name] = batches[i]
                loss, update = tf.import_graph_def(step, inputs, [model.loss.name, train_op.name])
                with tf.control_dependencies([update]):
                    return i + 1, tf.where(tf.equal(steps, i), tf.broadcast_to(loss, tf.shape(losses)), losses)

            losses = tf.zeros(tf.shape(steps), model.loss.dtype)
            return tf.while_loop(lambda i, _: i < count, body, (0, losses))[1]

        batches = tf.placeholder(model.x.dtype, [None, *model.x.shape.as_list()])
        count = tf.placeholder(tf.int32, [])
        with tf.control_dependencies(take):
            losses = loop(batches, count)
        with tf.control_dependencies([losses]):
            given = [
                tf.assign(variable, tf.raw_ops.ReadVariableOp(resource=handle, dtype=kind)).op
                for variable, handle, kind in give_back
            ]

    def call(values: np.ndarray, number: int) -> np.ndarray:
        try:
            # Not `sess.run`: a session may refuse that to others while its weights are those of a later step.
            return tf.Session.run(sess, [losses, *given], {batches: values, count: number})[0][:number]
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
            raise UserError(f"this model cannot be fused: {_reason(error)}; use --engine session") from None

    return call


def _reason(error: tf.errors.OpError) -> str:
    """Returns why XLA does not compile a step, in one line."""
    ops = sorted(set(re.findall(r"No registered '(\w+)'", error.message)))
    return f"XLA has no op {', '.join(ops)}" if ops else error.message.splitlines()[0]


def _cut(graph: tf.Graph, names: list[str]) -> tuple[tf.GraphDef, list[str]]:
    """Cuts the ops out of a graph that the ops `names` need, with all variables as placeholders of resources.

    Returns:
      The ops, and the names of the variables.

    Raises:
      UserError: an op has a state of its own, or no counterpart for a resource variable.
    """
    step = tf.graph_util.extract_sub_graph(graph.as_graph_def(), names)
    references = {node.name for node in step.node if node.op in ("Variable", "VariableV2")}
    variables = references | {node.name for node in step.node if node.op == "VarHandleOp"}
    for node in list(step.node):  # not those that are added
        on = node.input[0] if node.input else node.name
        if graph.get_operation_by_name(node.name).op_def.is_stateful and on not in variables:
            raise UserError(f"this model cannot be fused: its step has the op {node.op}; use --engine session")
        node.device = ""
        node.attr.pop("_class", None)  # names ops to be placed beside
        if node.name in variables:
            _become(node, "Placeholder")
            node.attr["dtype"].type = tf.resource.as_datatype_enum
        elif on in references:
            kind = node.attr["T"].type
            if node.op.startswith("Apply"):
                node.op = f"Resource{node.op}"
            elif node.op in _ON_RESOURCES:
                _become(node, _ON_RESOURCES[node.op])
                node.attr["dtype"].type = kind
            else:
                raise UserError(
                    f"this model cannot be fused: its step has the op {node.op} on a variable; use --engine session"
                )
        elif node.op in ("Mean", "Sum") and node.attr["T"].type == tf.float32.as_datatype_enum:
            _add_in_float64(step, node)
    return step, sorted(variables)


_ON_RESOURCES = {
    "Identity": "ReadVariableOp",
    "Assign": "AssignVariableOp",
    "AssignAdd": "AssignAddVariableOp",
    "AssignSub": "AssignSubVariableOp",
}


def _add_in_float64(step: tf.GraphDef, node: Any) -> None:
    """Makes a sum or mean float32 one of float64, between two casts. The second has the node's name."""
    single, double = tf.float32.as_datatype_enum, tf.float64.as_datatype_enum
    added = step.node.add()
    added.CopyFrom(node)
    added.name += "/float64"
    added.attr["T"].type = double
    wide = step.node.add(name=f"{node.name}/wide", op="Cast", input=[node.input[0]])
    added.input[0] = wide.name
    _become(node, "Cast")
    node.input[:] = [added.name]
    for cast, kinds in ((wide, (single, double)), (node, (double, single))):
        cast.attr["SrcT"].type, cast.attr["DstT"].type = kinds


def _become(node: Any, op: str) -> None:
    """Makes a node one of another op, without attributes."""
    node.op = op
    for key in list(node.attr):
        del node.attr[key]
