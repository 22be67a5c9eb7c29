"""Makes the runs of a sweep: each by its own command line, in the processes of joblib's loky on one machine.

joblib keeps the processes, so that TensorFlow is imported once in each, and starts new ones where one was killed.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, NamedTuple

from legacy_ports import UserError
from legacy_ports.run.manifest import read_manifest
from legacy_ports.sweep import plan

Call = Callable[[list[str]], int]  # the command line: it takes words and returns the exit code
PATIENCE = 60  # seconds to wait for a process that was lost, and is yet at its run
ATTEMPTS = 3  # of a run whose process is killed
_counts: dict[str, str] = {}  # of threads, in this process
_one_at_a_time = threading.Lock()  # per process: a run draws from NumPy's global generator


class Result(NamedTuple):
    """How one run of a sweep ended."""

    name: str  # PORT/NAME
    status: str  # "completed", "kept" (it was completed before), "elsewhere", "interrupted" or "failed"
    loss: float | None = None  # on the test images; of a run that is not completed, of its last steps
    what: str = "loss"  # or, of a script, the scalar that it fetched first, with its last value
    seconds: float = 0.0
    reason: str = ""  # of a failure, one line
    host: str = ""

    @property
    def line(self) -> str:
        """What is printed of it."""
        loss = "" if self.loss is None else f"  {self.what} {self.loss:.5f}"
        return f"{self.name}  {self.status}{loss}  {self.seconds:.1f} s{self.reason and ': '}{self.reason}"


def complete(task: plan.Task, call: Call, threads: int | None = None, patience: float = PATIENCE) -> Result:
    """Makes a run, or what is left of it, in this process.

    Args:
      threads: the run's, if its command line has no --threads; None: as OMP_NUM_THREADS says, which a Dask worker sets.
      patience: seconds to wait while another process is at the run.
    """
    with _one_at_a_time:
        started = time.monotonic()
        try:
            while (state := plan.state(task)) == "elsewhere" and time.monotonic() - started < patience:
                time.sleep(0.2)
            if state in ("elsewhere", "completed"):
                return result(task, "kept" if state == "completed" else state, "")
            plan.clear(task)
            again = state == "broken" and task.resumable
            words = ["run", "--quiet", "--resume", str(task.folder)] if again else _with_threads(task.words, threads)
            count = str(read_manifest(task.folder).get("threads") if again else _threads_in(words))
            # The threads of a process's first run serve all later ones, however many those ask for.
            here = _counts.setdefault("threads", count) == count
            said = _said(call, words) if here else _said_by_another(call, words)
        except UserError as error:
            said = str(error)
        except KeyboardInterrupt:
            said = "interrupted"
        return result(task, None, said)._replace(seconds=round(time.monotonic() - started, 1))


def _with_threads(words: list[str], threads: int | None) -> list[str]:
    """Returns a command line with --threads, so that run.json says how many there were."""
    count = threads or os.environ.get("OMP_NUM_THREADS")
    if not count or _threads_in(words):
        return words
    return [words[0], f"--threads={count}", *words[1:]]


def _threads_in(words: list[str]) -> str | None:
    """Returns the number in --threads=N, as `options.typed` writes it, or None. What follows "--" is a script's."""
    own = words[: words.index("--")] if "--" in words else words
    return next((word.removeprefix("--threads=") for word in own if word.startswith("--threads=")), None)


def _said_by_another(call: Call, words: list[str]) -> str:
    """Does as `_said` in a process of its own."""
    code = f"import sys; from {call.__module__} import {call.__name__} as call; sys.exit(call(sys.argv[1:]))"
    child = subprocess.run(
        [sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    return _last(child.stderr) if child.returncode else ""


def _said(call: Call, words: list[str]) -> str:
    """Returns what a command line said last on stderr, "" if it did its work."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as errors:
        try:
            if not call(words):
                return ""
        except SystemExit:  # argparse
            pass
        except Exception as error:  # one run must not end the sweep, whatever is wrong with it
            return f"{type(error).__name__}: {error}".splitlines()[0]
    return _last(errors.getvalue())


def _last(errors: str) -> str:
    return (errors.strip().splitlines() or ["no reason was given"])[-1].removeprefix("legacy-ports: ")


def result(task: plan.Task, status: str | None, reason: str) -> Result:
    """Returns the result of a run from its run.json.

    Args:
      status: None: as run.json says, unless there is a reason why that is wrong.
    """
    try:
        manifest: dict[str, Any] = read_manifest(task.folder)
    except UserError:
        return Result(task.name, status or "failed", reason=reason or "it left no run.json", host=socket.gethostname())
    if status is None:
        status = manifest["status"]
        if status not in ("completed", "interrupted") or (status == "completed" and reason):
            status = "failed"
    means = manifest.get("curve", {}).get("mean_loss") or [None]
    what, loss = next(iter(manifest.get("scalars", {}).items()), ("loss", manifest.get("test_loss", means[-1])))
    reason = "" if status in ("completed", "kept") else reason or manifest.get("reason", "")
    return Result(task.name, status, loss, what, manifest.get("seconds", 0.0), reason, socket.gethostname())


def on_this_machine(tasks: list[plan.Task], call: Call, jobs: int) -> Iterator[Result]:
    """Makes the runs with `jobs` processes, which share the processors; yields the results as they come.

    If a process is killed, joblib ends the others, too. Runs that this may have broken go on at the end, alone, so that
    it shows which one is at fault.

    Raises:
      KeyboardInterrupt: a signal came. The processes are ended; their runs can be resumed.
    """
    # Where a signal ends the processes, loky's tracker cleans up after them; its warning of that is no news.
    ignored = [os.environ.get("PYTHONWARNINGS", ""), "ignore:resource_tracker:UserWarning"]
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, ignored))
    for task in (yield from _in_parallel(tasks, call, jobs)):
        for _ in range(ATTEMPTS - 1):
            if not (yield from _in_parallel([task], call, jobs)):
                break
        else:
            yield result(task, "failed", f"its process was killed {ATTEMPTS} times, perhaps for want of memory")


def _in_parallel(tasks: list[plan.Task], call: Call, jobs: int) -> Generator[Result, None, list[plan.Task]]:
    """Makes runs, and returns those that were under way when a process was killed."""
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # One that was idle for minutes ends; loky replaces it, and warns.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor", UserWarning)
    threads = max(1, joblib.cpu_count() // jobs) if jobs > 1 else None
    left, broken = {task.name: task for task in tasks}, []
    while left:
        work = [joblib.delayed(complete)(task, call, threads) for task in left.values()]
        try:
            with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
                parallel = joblib.Parallel(jobs, batch_size=1, pre_dispatch=jobs, return_as="generator_unordered")
            for found in parallel(work):
                if found.status == "interrupted":
                    raise KeyboardInterrupt
                del left[found.name]
                yield found
        except TerminatedWorkerError:
            begun = [task for task in left.values() if task.folder.exists() and plan.state(task) != "completed"]
            for task in begun or list(left.values())[:jobs]:
                broken.append(left.pop(task.name))
    return broken
