"""`legacy-ports sweep exec`: runs a TensorFlow 1 script with many seeds, on one machine or a cluster."""

import argparse
import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legacy_ports.cli import exec_script, options, sweep

if TYPE_CHECKING:
    from legacy_ports.sweep.plan import Task

NAME = "sweep exec"  # a command of two words: argparse could not tell a script from a port


def add_to(commands: Any, main: Callable[[list[str]], int]) -> None:
    """Adds the command to the parser.

    Args:
      main: runs a command line; the workers call it.
    """
    own = exec_script.script_options("sweep", "the sweep's folder, which all workers see")
    sweep.add_where(own)
    command = commands.add_parser(
        NAME,
        help="run a TensorFlow 1 script with many seeds",
        parents=[own],
        allow_abbrev=False,
        description="Run a TensorFlow 1 script, unchanged, once with each seed, as `legacy-ports exec` does. The same "
        "command on the same --logdir goes on: completed runs are kept, broken ones done again. Exit code 1 if a run "
        f"failed. Options may stand {exec_script.USAGE}.",
    )
    exec_script.add_script(command, own)
    command.set_defaults(command=functools.partial(_sweep, main))


def _sweep(main: Callable[[list[str]], int], args: argparse.Namespace) -> int:
    from legacy_ports.original import source

    exec_script.take_options(args)
    sweep.check_where(args)
    sha256 = {"script": hashlib.sha256(source.text(args.script)).hexdigest()}
    return sweep.work(tasks(args), main, args, {"source": args.script.name, "sha256": sha256})


def tasks(args: argparse.Namespace) -> "list[Task]":
    """Returns the runs of a sweep."""
    from legacy_ports.original.source import port_of
    from legacy_ports.sweep import plan

    logdir, script = args.logdir.absolute(), args.script.absolute()
    # What tells one sweep's runs from another's; --threads only where it was given, as workers divide theirs.
    given = {"args": args.args or None, "stop_after": args.stop_after, "threads": args.threads}
    kept = {key: value for key, value in given.items() if value or key != "threads"}
    data = args.data if args.data in ("auto", "bundled", "full") else str(Path(args.data).absolute())
    chosen = {"data": data, "logdir": logdir, "threads": args.threads, "stop_after": args.stop_after}
    words = ["--quiet", *options.typed(chosen)]
    port = port_of(script)
    found = []
    for seed in args.seeds:
        name = plan.run_name({"seed": seed})
        line = ["exec", *words, f"--name={name}", f"--seed={seed}", str(script), "--", *args.args]
        found.append(plan.Task(port, logdir / port / name, line, {**kept, "seed": seed}, resumable=False))
    return found
