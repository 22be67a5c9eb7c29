"""Runs a script in a process of its own: `python -m legacy_ports.original.child OPTIONS`, where OPTIONS is JSON."""

import json
import os
import sys
import time
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from legacy_ports.run import signals


class Options(NamedTuple):
    """How a script is run."""

    script: str
    args: list[str]
    seed: int = 0
    threads: int | None = None
    stop_after: int | None = None
    data: str = "auto"
    logdir: str = "runs"
    name: str | None = None  # of the run; None: the time
    record: str | None = None  # the recording to write
    replay: str | None = None  # the recording whose op-level seeds are given again, and with which the same is noted
    quiet: bool = False


def main(options: Options) -> int:
    """Runs the script, and returns its exit code."""
    signals.raise_once()
    os.environ["MPLBACKEND"] = "Agg"
    from legacy_ports.original import data_sets, recording, source, tf1_recorder, urls
    from legacy_ports.original.record import Record

    os.environ[data_sets.DATA] = options.data
    script = source.read(Path(options.script))
    shown = {k: v for k, v in options._asdict().items() if k in ("args", "seed", "threads", "stop_after") and v}
    with Record(script.path, {"seed": options.seed, **shown}, Path(options.logdir), options.name) as record:
        progress = _Progress(record, options.stop_after)
        recorder = tf1_recorder.Recorder(
            options.seed, options.threads, stop_after=options.stop_after, on_step=progress.step, on_scalar=record.scalar
        )
        if options.replay:
            old = recording.read(Path(options.replay))
            recorder.replay, recorder.every, recorder.ops_step = old.op_seeds, old.every, old.ops_step
        try:
            _prepare(script, recorder, record)
            sys.addaudithook(urls.refuse_network)
            exec(script.code, sys.modules["__main__"].__dict__)
        except SystemExit as error:
            if error.code not in (None, 0):
                raise
        finally:
            progress.close()
            if digits := data_sets.used():
                record.manifest["data"] = {"source": digits.source, "origin": digits.origin, "sha256": digits.sha256}
            if options.record:
                tf1_recorder.save(options.record, recorder, options.script, script.text, options.args)
    if not options.quiet:
        print(f"legacy-ports: {recorder.steps:,} training steps; {record.folder}", file=sys.stderr)
    return 0


def _prepare(script: Any, recorder: Any, record: Any) -> None:
    """Makes this process the one that the script expects to run in."""
    from legacy_ports.original import modules, tf1_recorder
    from legacy_ports.tf1 import tf

    warnings.filterwarnings("ignore", module="tensorflow|tf_keras|tf_slim")
    for category in (DeprecationWarning, FutureWarning, UserWarning):
        warnings.filterwarnings("ignore", category=category, message=".*(deprecated|non-interactive|removed).*")
    modules.install(script.path, script.modules)
    tf1_recorder.seed_generators(recorder.seed)
    recorder.install()
    _count_as_tensorflow_1(recorder)
    _show_no_windows(record)
    tf.logging.set_verbosity(tf.logging.ERROR)
    for flag in tf.flags.FLAGS:  # absl's own, such as log_dir: TensorFlow 1.4 had none, so scripts define them
        tf.flags.FLAGS[flag].allow_override = True
    sys.argv = [str(script.path), *record.manifest["options"].get("args", [])]
    sys.path.insert(0, str(script.path.resolve().parent))
    main = ModuleType("__main__")
    vars(main).update({"__file__": str(script.path), "__builtins__": __builtins__, **script.names})
    sys.modules["__main__"] = main


def _count_as_tensorflow_1(recorder: Any) -> None:
    """Seeds random ops as TensorFlow 1 did: see `tf1.new_graph`. Counts the steps of eager optimizers."""
    from legacy_ports.tf1 import tf

    theirs = recorder._get_seed

    def get_seed(op_seed: int | None) -> Any:
        if op_seed is None and not tf.executing_eagerly() and tf.get_default_graph().seed is not None:
            op_seed = len(tf.get_default_graph().get_operations())
        return theirs(op_seed)

    recorder._get_seed = get_seed
    apply = tf.train.Optimizer.apply_gradients

    def apply_gradients(*args: Any, **kwargs: Any) -> Any:
        eagerly = tf.executing_eagerly()
        if eagerly:
            recorder.check_steps()
        done = apply(*args, **kwargs)
        if eagerly:
            recorder.step_done()
        return done

    tf.train.Optimizer.apply_gradients = apply_gradients


def _show_no_windows(record: Any) -> None:
    """Makes matplotlib save what a script shows; nobody presses a button."""
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    changed: tuple[tuple[Any, dict[str, Any]], ...] = (
        (pyplot, {"show": lambda *args, **kwargs: record.save_figures(), "pause": lambda interval: None}),
        (pyplot, {"waitforbuttonpress": lambda *args, **kwargs: False}),
        (Figure, {"waitforbuttonpress": lambda *args, **kwargs: False, "show": lambda *args, **kwargs: None}),
    )
    for where, functions in changed:
        for name, function in functions.items():
            setattr(where, name, function)


class _Progress:
    """Shows training steps on a terminal while the script prints nothing."""

    def __init__(self, record: Any, total: int | None):
        self.record, self.total, self.began = record, total, 0.0
        self.bar: Any = None

    def step(self, steps: int) -> None:
        self.record.steps = steps
        now = time.time()
        self.began = self.began or now
        if now - max(self.began, self.record.log.printed) < 5:
            self.close()
        elif self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(
                initial=steps, total=self.total, unit="step", disable=None, leave=False, file=sys.__stderr__
            )
        else:
            self.bar.update(steps - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def run() -> int:
    """Runs the script that the command line names, and tells in one line what it lacks."""
    options = Options(**json.loads(sys.argv[1]))
    try:
        return main(options)
    except KeyboardInterrupt as error:
        signal = signals.which(error)
        print(f"legacy-ports: interrupted by {signal.name}", file=sys.stderr)
        return 128 + signal
    except SystemExit as error:
        if isinstance(error.code, int):
            return error.code
        print(error.code, file=sys.stderr)
        return 1
    except BaseException as error:
        from legacy_ports.original.missing import said

        line = said(error, options.script)
        if line:
            print(f"legacy-ports: {line}", file=sys.stderr)
            return 2
        frames = traceback.extract_tb(error.__traceback__)
        first = next((k for k, frame in enumerate(frames) if frame.filename == options.script), 0)
        print("Traceback (most recent call last):", file=sys.stderr)
        print("".join(traceback.format_list(frames[first:])), end="", file=sys.stderr)
        print("".join(traceback.format_exception_only(error)), end="", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(run())
