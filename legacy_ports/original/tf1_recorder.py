"""Records what a TensorFlow 1 script computes, so that `legacy-ports replay` can compare a run on another TensorFlow.

    python tf1_recorder.py --seed 0 --threads 1 --out FILE.npz SCRIPT.py [ARGS ...]

One file, NumPy only, for Python 2.7 and 3.5+, TensorFlow 1.0 to 1.15 and 2.x. The script is run unchanged and computes
what it computes without the recorder. FILE.npz holds:

    script, sha256, argv            the script's name, the SHA-256 of its text, its arguments
    seed, threads                   as given; -1: none
    python, numpy, tensorflow       versions
    op_seeds int64 [K, 2]           of each op-level seed that is asked for: the given one (-1: none), the one taken
    variables, shapes, starts       of each variable before the first training step: its name, its shape, and the
                                    SHA-256 of its bytes
    norm_steps, norms [M, V]        Euclidean norms of the variables after so many training steps
    every                           how many training steps from norms to norms, as given
    scalar_names                    the names of the tensors below
    scalars float64 [N, 3]          of each float scalar that is fetched: training steps done, index of name, value
    summaries float64 [S, 3]        of each scalar summary that is written: step, index of its tag, value
    summary_tags                    the tags of those
    steps                           training steps done
    ops_step                        the training step of which every op's output is noted (`--ops`); 0: none
    ops, op_types, op_shapes        of each output of that step, inputs before what takes them: its name, its op's type,
                                    its shape; first come the variables as the step finds them
    op_digests                      of each: the SHA-256 of its bytes
    op_values float64 [K, 18]       of each: its norm, how many of its elements are zero, and 16 of its values

Fetching every output can keep TensorFlow from fusing ops, and so round that one step otherwise: --ops is an option.
"""

from __future__ import print_function

import argparse
import hashlib
import os
import platform
import random
import re
import sys

import numpy as np

TRAINING = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]")  # the ops of optimizers
ASSIGNING = re.compile(r"Assign(Add|Sub)?(VariableOp)?$")
# Ops that compute nothing: their outputs may be another op's or a variable's memory, or not be there.
PASSING = ("Const", "ExpandDims", "Identity", "Reshape", "Snapshot", "Squeeze", "StopGradient", "Switch")
_FIRST = (1, 2, 5, 10, 20, 50)  # steps after which norms are noted, beside every so many


class Stop(SystemExit):
    """The end of a script after as many training steps as were asked for."""


class Recorder(object):
    """Notes what passes through a TensorFlow's sessions, once `install` has been called.

    Args:
      seed: of each graph to which the script gives none; None: such graphs stay without one.
      threads: of each session; None: as the script says.
      every: how many training steps from norms to norms.
      stop_after: the script is stopped when it begins a training step after so many; None: never.
      replay: `op_seeds` of a recording, which are given again in their order.
      ops: the training step of which every op's output is noted; 0: none.
      on_step, on_scalar: called with the number of training steps done; with that, a tensor's name and its value.
    """

    def __init__(
        self, seed=None, threads=None, every=100, stop_after=None, replay=None, ops=0, on_step=None, on_scalar=None
    ):
        self.seed, self.threads, self.every, self.stop_after = seed, threads, every, stop_after
        self.replay, self.ops_step, self.on_step, self.on_scalar = replay, ops, on_step, on_scalar
        self.op_seeds, self.scalars, self.summaries, self.norms, self.norm_steps = [], [], [], [], []
        self.starts = []  # name, shape, SHA-256
        self.ops = []  # name, type, shape, SHA-256, values
        self.steps = 0
        self._names, self._tags, self._training, self._variables, self._seen = {}, {}, {}, [], set()
        self._inside = False

    def install(self):
        """Wraps the functions of TensorFlow that sessions and random ops go through."""
        from tensorflow.python.client import session
        from tensorflow.python.framework import ops, random_seed

        self._ops, self._get_seed = ops, random_seed.get_seed
        random_seed.get_seed = self.get_seed
        base = session.BaseSession
        self._run, begin = base.run, base.__init__

        def __init__(sess, target="", graph=None, config=None):
            if self.threads:
                config = config or session.config_pb2.ConfigProto()
                config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = self.threads
            begin(sess, target, graph, config)

        def run(sess, fetches, feed_dict=None, options=None, run_metadata=None):
            if self._inside:
                return self._run(sess, fetches, feed_dict, options, run_metadata)
            names = list(_leaves(fetches))
            training = self._before(sess, names)
            noted = self._outputs(sess, names) if training and self.steps + 1 == self.ops_step else []
            self._inside = True
            try:
                values = self._run(sess, [fetches, noted] if noted else fetches, feed_dict, options, run_metadata)
            finally:
                self._inside = False
            if noted:
                values, outputs = values
                for tensor, value in zip(noted, outputs):
                    self._note_op(tensor.name, tensor.op.type, value)
            self._after(sess, training, _pairs(fetches, values))
            return values

        base.__init__, base.run = __init__, run
        make = getattr(base, "_make_callable_from_options", None)
        if make:  # Keras calls it

            def make_callable(sess, options):
                function, names = make(sess, options), list(options.fetch) + list(options.target)

                def call(*args, **kwargs):
                    training = self._before(sess, names)
                    values = function(*args, **kwargs)
                    self._after(sess, training, zip(options.fetch, values))
                    return values

                return call

            base._make_callable_from_options = make_callable
        self._install_writer()

    def _install_writer(self):
        from tensorflow.python.summary.writer import writer

        add = writer.SummaryToEventTransformer.add_summary

        def add_summary(writer_, summary, global_step=None):
            from tensorflow.core.framework.summary_pb2 import Summary

            parsed = Summary.FromString(summary) if isinstance(summary, bytes) else summary
            for value in parsed.value:
                if value.HasField("simple_value"):
                    tag = self._tags.setdefault(value.tag, len(self._tags))
                    self.summaries.append((-1 if global_step is None else int(global_step), tag, value.simple_value))
            return add(writer_, summary, global_step)

        writer.SummaryToEventTransformer.add_summary = add_summary

    def get_seed(self, op_seed):
        """Returns what TensorFlow's `get_seed` returns, or the seeds of the recording that is replayed."""
        graph, given = self._ops.get_default_graph(), op_seed
        if self.seed is not None and not _eagerly() and graph.seed is None:
            graph.seed = self.seed
        k = len(self.op_seeds)
        if op_seed is None and self.replay is not None and k < len(self.replay) and self.replay[k][0] == -1:
            op_seed = self.replay[k][1] if self.replay[k][1] >= 0 else None
        seeds = self._get_seed(op_seed)
        self.op_seeds.append((-1 if given is None else int(given), -1 if seeds[1] is None else int(seeds[1])))
        return seeds

    def check_steps(self):
        """Is called before a training step, so that the script has printed all about the one before.

        Raises:
          Stop: that one was the last.
        """
        if self.stop_after and self.steps >= self.stop_after:
            raise Stop(0)

    def step_done(self):
        """Counts a training step."""
        self.steps += 1
        if self.on_step:
            self.on_step(self.steps)

    def _before(self, sess, fetched):
        """Returns whether fetching these names is a training step, and notes the start of what it trains."""
        key = (id(sess.graph), tuple(fetched))
        if key not in self._training:
            self._training[key] = sess.graph, _trains(sess.graph, fetched)  # the graph: so that its id stays its own
        training = self._training[key][1]
        if training:
            self.check_steps()
            self._note_starts(sess)
        return training

    def _after(self, sess, training, pairs):
        for name, value in pairs:
            if (
                isinstance(value, (float, np.floating))
                or getattr(value, "shape", None) == ()
                and value.dtype.kind == "f"
            ):
                self.scalars.append((self.steps, self._names.setdefault(name, len(self._names)), float(value)))
                if self.on_scalar:
                    self.on_scalar(self.steps, name, float(value))
        if training:
            done = self.steps + 1
            if done in _FIRST or done % self.every == 0:
                self._note_norms(sess, done)
            self.step_done()

    def _note_starts(self, sess):
        variables = sess.graph.get_collection_ref("variables")
        for variable in list(variables):
            tensor = _readable(variable)
            if tensor is None or (id(sess.graph), tensor) in self._seen:
                continue
            value = self._read(sess, tensor)
            if value is not None:
                self._seen.add((id(sess.graph), tensor))
                self._variables.append((sess.graph, tensor, len(self.starts)))
                digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
                self.starts.append((variable.op.name, str(tuple(np.shape(value))), digest))

    def _note_norms(self, sess, step):
        row = {}
        for graph, tensor, k in self._variables:
            value = self._read(sess, tensor) if graph is sess.graph else None
            if value is not None and np.asarray(value).dtype.kind == "f":
                row[k] = float(np.sqrt(np.sum(np.square(np.asarray(value, np.float64)))))
        self.norms.append(row)
        self.norm_steps.append(step)

    def _outputs(self, sess, names):
        """Returns the outputs of all ops behind these names; notes the variables, which the ops change."""
        for graph, tensor, _ in self._variables:
            value = self._read(sess, tensor) if graph is sess.graph else None
            if value is not None:
                self._note_op(tensor, "Variable", value)
        ops = [op for op in _behind(sess.graph, names, only_values=True) if op.type not in PASSING]
        outputs = [tensor for op in ops for tensor in op.outputs]
        return [each for each in outputs if _numbers(each.dtype) and sess.graph.is_fetchable(each)]

    def _note_op(self, name, kind, value):
        value = np.ascontiguousarray(value)
        flat = value.astype(np.float64).ravel()
        some = flat[np.linspace(0, flat.size - 1, 16).astype(int)] if flat.size else np.zeros(16)
        row = np.concatenate([[np.sqrt(np.sum(flat**2)), np.sum(flat == 0)], some])
        self.ops.append((name, kind, value.shape, hashlib.sha256(value.tobytes()).hexdigest(), row))

    def _read(self, sess, tensor):
        """Returns a variable's value; None before it is initialized. Adds no op to the graph."""
        try:
            return self._run(sess, tensor)
        except Exception as error:
            if type(error).__name__ not in ("FailedPreconditionError", "NotFoundError"):
                raise

    def arrays(self):
        """Returns what was noted, by the names in the file."""
        norms = np.full((len(self.norms), len(self.starts)), np.nan)
        for m, row in enumerate(self.norms):
            for k, norm in row.items():
                norms[m, k] = norm
        return {
            "seed": -1 if self.seed is None else self.seed,
            "threads": self.threads or -1,
            "python": np.array(platform.python_version(), "U"),  # of Python 2 it would be bytes
            "numpy": np.array(np.__version__, "U"),
            "tensorflow": np.array(sys.modules["tensorflow"].__version__, "U"),
            "op_seeds": np.array(self.op_seeds, np.int64).reshape(-1, 2),
            "variables": _texts(start[0] for start in self.starts),
            "shapes": _texts(start[1] for start in self.starts),
            "starts": _texts(start[2] for start in self.starts),
            "every": self.every,
            "norm_steps": np.array(self.norm_steps, np.int64),
            "norms": norms,
            "scalar_names": _texts(sorted(self._names, key=self._names.__getitem__)),
            "scalars": np.array(self.scalars, np.float64).reshape(-1, 3),
            "summary_tags": _texts(sorted(self._tags, key=self._tags.__getitem__)),
            "summaries": np.array(self.summaries, np.float64).reshape(-1, 3),
            "steps": self.steps,
            "ops_step": self.ops_step if self.ops else 0,
            "ops": _texts(op[0] for op in self.ops),
            "op_types": _texts(op[1] for op in self.ops),
            "op_shapes": _texts(op[2] for op in self.ops),
            "op_digests": _texts(op[3] for op in self.ops),
            "op_values": np.array([op[4] for op in self.ops], np.float64).reshape(-1, 18),
        }


def save(path, recorder, script, text, argv):
    """Writes a recording.

    Args:
      script, text, argv: the script's path, its bytes and its arguments.
    """
    digest = hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest()
    about = {"script": np.array(os.path.basename(script), "U"), "sha256": np.array(digest, "U"), "argv": _texts(argv)}
    with open(path, "wb") as file:
        np.savez_compressed(file, **dict(recorder.arrays(), **about))


def seed_generators(seed):
    """Seeds the generators of Python and NumPy."""
    random.seed(seed)
    np.random.seed(seed)


def _texts(texts):
    return np.array([str(text) for text in texts] or [], "U")


def _eagerly():
    try:
        from tensorflow.python.eager import context
    except ImportError:  # before TensorFlow 1.4
        return False
    return (context.in_eager_mode if hasattr(context, "in_eager_mode") else context.executing_eagerly)()


def _leaves(fetches):
    """Yields the names of what is fetched."""
    if isinstance(fetches, dict):
        fetches = fetches.values()
    if isinstance(fetches, (list, tuple, type({}.values()))):
        for each in fetches:
            for name in _leaves(each):
                yield name
    elif hasattr(fetches, "name"):
        yield fetches.name
    elif isinstance(fetches, str):
        yield fetches


def _pairs(fetches, values):
    """Yields name and value of each single thing that is fetched."""
    if isinstance(fetches, dict):
        fetches, values = zip(*((fetches[key], values[key]) for key in fetches)) if fetches else ((), ())
    if isinstance(fetches, (list, tuple)):
        for each, value in zip(fetches, values):
            for pair in _pairs(each, value):
                yield pair
    elif hasattr(fetches, "name") or isinstance(fetches, str):
        yield getattr(fetches, "name", fetches), values


def _trains(graph, names):
    """Returns whether fetching these changes trainable variables, other than by their initializers or a Saver."""
    trained = {variable.op.name for variable in graph.get_collection_ref("trainable_variables")}
    initializers = {variable.initializer.name for variable in graph.get_collection_ref("variables")}
    for op in _behind(graph, names):
        if TRAINING.match(op.type):
            return True
        if ASSIGNING.match(op.type) and op.name not in initializers and op.inputs[0].op.name in trained:
            if (
                op.inputs[1].op.type not in ("RestoreV2", "Identity")
                or op.inputs[1].op.type == "Identity"
                and not any(each.op.type == "RestoreV2" for each in op.inputs[1].op.inputs)
            ):
                return True
    return False


def _behind(graph, names, only_values=False):
    """Returns the ops that compute what has these names, each after those whose outputs it takes.

    Args:
      only_values: leave out those that must only have run before an op that takes others' outputs.
    """
    todo, seen, found = [], set(), []
    for name in names:
        try:
            thing = graph.as_graph_element(name)
        except (KeyError, ValueError, TypeError):
            continue  # what is fetched may be no part of the graph, e.g. a structure's own name
        todo.append((getattr(thing, "op", thing), False))
    while todo:
        op, inputs_are_found = todo.pop()
        if inputs_are_found:
            found.append(op)
        elif op not in seen:
            seen.add(op)
            todo.append((op, True))
            before = [tensor.op for tensor in op.inputs]
            if not (only_values and before):
                before += op.control_inputs
            todo.extend((each, False) for each in before)
    return found


def _numbers(dtype):
    """Returns whether a tensor of this type is numbers; a reference is what an op may change while others read it."""
    return not dtype._is_ref_dtype and (dtype.is_floating or dtype.is_integer or dtype.is_bool)


def _readable(variable):
    """Returns the name of a tensor that holds a variable's value; None if it has none."""
    if hasattr(variable, "_graph_element") and variable._graph_element is not None:
        return variable._graph_element.name  # of a resource variable
    try:
        return variable._variable.name
    except AttributeError:
        return None


def main():
    """Runs a script with a recorder."""
    parser = argparse.ArgumentParser(description="Record what a TensorFlow 1 script computes.")
    parser.add_argument("--seed", type=int, default=0, help="of graphs without one, NumPy and random (default: 0)")
    parser.add_argument("--threads", type=int, help="of each session (default: as the script says)")
    parser.add_argument("--every", type=int, default=100, help="steps from norms to norms (default: 100)")
    parser.add_argument("--stop-after", type=int, help="training steps (default: to the script's end)")
    parser.add_argument("--ops", type=int, default=0, metavar="N", help="note each op's output at training step N")
    parser.add_argument("--out", required=True, help="the recording, FILE.npz")
    parser.add_argument("script")
    parser.add_argument("args", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    recorder = Recorder(args.seed, args.threads, args.every, args.stop_after, ops=args.ops)
    with open(args.script, "rb") as file:
        text = file.read()
    code = compile(text, args.script, "exec", dont_inherit=True)  # without the print_function of this file
    seed_generators(args.seed)
    recorder.install()
    sys.argv = [args.script] + args.args
    sys.path[0] = os.path.dirname(os.path.abspath(args.script))
    module = type(sys)("__main__")
    module.__dict__.update(__file__=args.script, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    try:
        exec(code, module.__dict__)
    finally:
        save(args.out, recorder, args.script, text, args.args)
        print("recorded %d training steps in %s" % (recorder.steps, args.out), file=sys.stderr)


if __name__ == "__main__":
    main()
