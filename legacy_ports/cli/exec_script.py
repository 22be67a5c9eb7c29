"""`legacy-ports exec`: runs a TensorFlow 1 script as its author left it."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from legacy_ports.cli import arguments, options

USAGE = "in each place, also behind SCRIPT; what stands behind -- is the script's"


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    own = script_options()
    own.add_argument(
        "--seed",
        type=arguments.seed,
        default=0,
        metavar="N",
        help="of graphs without one, NumPy and random (default: 0)",
    )
    own.add_argument(
        "--record",
        type=arguments.path,
        metavar="FILE.npz",
        help="note what it computes, for `legacy-ports replay` (default: no)",
    )
    own.add_argument(
        "--name", type=arguments.name, metavar="NAME", help="the run goes to DIR/exec/SCRIPT/NAME (default: the time)"
    )
    own.add_argument("--quiet", action="store_true", help="print nothing; log.txt has it")
    command = commands.add_parser(
        "exec",
        help="run a TensorFlow 1 script or notebook, unchanged",
        parents=[own],
        allow_abbrev=False,
        description="Run a TensorFlow 1 script or notebook, unchanged, on today's TensorFlow. It starts from the "
        "weights that TensorFlow 1 would have drawn. The exit code is the script's; 2 if it needs something that is "
        f"gone. Options may stand {USAGE}.",
    )
    add_script(command, own)
    command.set_defaults(command=_exec)


def add_script(command: argparse.ArgumentParser, own: argparse.ArgumentParser) -> None:
    """Adds the script and its arguments, for `take_options`.

    Args:
      own: the command's options, which may also stand behind the script.
    """
    command.add_argument("script", type=arguments.path, metavar="SCRIPT", help="a .py file or an .ipynb notebook")
    command.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS", help="the script's own arguments")
    command.set_defaults(own=own, fail=command.error)


def script_options(logdir: str = "runs", what: str = "the folder of all runs") -> argparse.ArgumentParser:
    """Returns a parser of the options of how a script is run.

    Args:
      logdir: the default of --logdir.
      what: the help of --logdir.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_data(parser)
    parser.add_argument(
        "--threads", type=arguments.positive(int), metavar="N", help="of each session (default: as the script says)"
    )
    parser.add_argument(
        "--stop-after", type=arguments.positive(int), metavar="N", help="end after N training steps (default: do not)"
    )
    parser.add_argument(
        "--logdir", type=arguments.path, default=logdir, metavar="DIR", help=f"{what} (default: {logdir})"
    )
    return parser


def take_options(args: argparse.Namespace) -> None:
    """Takes those options that stand behind the script out of its arguments."""
    args.own.error = args.fail
    at = args.args.index("--") if "--" in args.args else len(args.args)
    _, theirs = args.own.parse_known_args(args.args[:at], args)
    args.args = theirs + args.args[at + 1 :]


def run(stdout: Any = None, stderr: Any = None, **chosen: Any) -> int:
    """Runs a script in a process of its own, whose modules are those of TensorFlow 1's time.

    Args:
      stdout: where the script's stdout goes; None: to this process's.
      stderr: the same of stderr.
      chosen: see `original.child.Options`.

    Returns:
      Its exit code.
    """
    words = [sys.executable, "-m", "legacy_ports.original.child", json.dumps(chosen)]
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "MPLBACKEND": "Agg"}
    child = subprocess.Popen(words, env=environment, stdout=stdout, stderr=stderr)
    try:
        code = child.wait()
    except KeyboardInterrupt as error:
        child.send_signal(error.args[0])
        code = child.wait()
    return code if code >= 0 else 128 - code


def _exec(args: argparse.Namespace) -> int:
    from legacy_ports import files
    from legacy_ports.original import source

    take_options(args)
    source.text(args.script)  # now, not after TensorFlow's import
    if args.record:
        files.check_writable(args.record)
    chosen = {
        "script": str(args.script),
        "args": args.args,
        "seed": args.seed,
        "threads": args.threads,
        "stop_after": args.stop_after,
        "data": args.data,
        "logdir": str(args.logdir),
        "name": args.name,
        "record": args.record and str(args.record),
    }
    if not args.quiet:
        return run(**chosen)
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        code = run(subprocess.DEVNULL, errors, quiet=True, **chosen)
        errors.seek(0)
        last = (errors.read().strip().splitlines() or [f"exit code {code}"])[-1]
    if code:
        print(last, file=sys.stderr)
    return code
