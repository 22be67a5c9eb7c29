"""`legacy-ports replay`: runs a recorded script again, and compares step by step."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from legacy_ports import UserError, files
from legacy_ports.cli import arguments, exec_script


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    own = exec_script.script_options()
    own.add_argument(
        "--events", type=arguments.path, metavar="FOLDER", help="old event files of the script, without a recording"
    )
    own.add_argument(
        "--seed", type=arguments.seed, default=0, metavar="N", help="with --events: the run's seed (default: 0)"
    )
    own.add_argument(
        "--tolerance", type=arguments.positive(float), default=1e-4, metavar="X", help="relative (default: 1e-4)"
    )
    own.add_argument("--json", action="store_true", help="print JSON instead of the table")
    command = commands.add_parser(
        "replay",
        help="run a recorded TensorFlow 1 script again, and compare",
        parents=[own],
        allow_abbrev=False,
        usage="legacy-ports replay [OPTIONS] FILE.npz SCRIPT [ARGS ...]\n"
        "       legacy-ports replay [OPTIONS] --events FOLDER SCRIPT [ARGS ...]",
        description="Run a script again from the seeds of its recording, and compare its start and every scalar that "
        "it fetches. Exit code 1 if it is not the recorded run. With --events old event files take the recording's "
        f"place. Options may stand {exec_script.USAGE}.",
    )
    command.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="FILE.npz SCRIPT ARGS",
        help="the recording, which "
        "tf1_recorder.py or `exec --record` wrote; the script; its arguments (default: the recorded ones)",
    )
    command.set_defaults(command=_replay, own=own, fail=command.error)


def _replay(args: argparse.Namespace) -> int:
    args.args = args.words
    exec_script.take_options(args)
    names = ["SCRIPT"] if args.events else ["FILE.npz", "SCRIPT"]
    if len(args.args) < len(names):
        args.fail(f"the following arguments are required: {', '.join(names[len(args.args) :])}")
    *recorded, args.script = map(files.local, args.args[: len(names)])
    args.args = args.args[len(names) :]
    if args.events:
        return _events(args)
    from legacy_ports.original import replay, source
    from legacy_ports.original.recording import check_script, read

    recording = read(recorded[0])
    if not recording.starts and not len(recording.scalars):
        raise UserError(
            f"{recorded[0]} holds neither a variable nor a scalar, so nothing can be compared; record again "
            f"(did {recording.script} fail?)"
        )
    check_script(recording, source.text(args.script), str(args.script))
    ours = _again(
        args,
        words=args.args or recording.argv,
        seed=recording.seed,
        threads=args.threads or recording.threads,
        stop_after=args.stop_after or recording.steps or None,
        replay=str(recorded[0]),
    )
    if isinstance(ours, int):
        return ours
    comparison = replay.compare(recording, ours, args.tolerance)
    if args.json:
        import json

        print(json.dumps(replay.as_json(comparison), indent=1))
    else:
        print(replay.line(replay.HEADER), replay.line(comparison.cells()), sep="\n")
        print("".join(f"    {text}\n" for text in (*comparison.leaves, *comparison.ops)), end="")
        if comparison.begins and not recording.ops:
            every = "" if recording.every == 1 else " --every 1 to see the step, then with"
            print(
                f"record again with{every} --ops {comparison.begins} to see the op that leaves first", file=sys.stderr
            )
    return 0 if comparison.equal else 1


def _events(args: argparse.Namespace) -> int:
    from legacy_ports.original import replay

    old = replay.old_scalars(args.events)  # now: the script may write its own event files into the same folder
    ours = _again(args, words=args.args, seed=args.seed, threads=args.threads, stop_after=args.stop_after)
    if isinstance(ours, int):
        return ours
    lines, equal = replay.compare_events(old, ours, args.tolerance)
    print(*lines, sep="\n")
    print("this proves less than a recording: start, seeds and the steps between were not compared", file=sys.stderr)
    return 0 if equal else 1


def _again(args: argparse.Namespace, words: list[str], **options: Any) -> Any:
    """Runs the script; what it prints goes to stderr, because stdout has the table.

    Returns:
      What it computed, or the exit code with which it failed.
    """
    from legacy_ports.original.recording import read

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "replay.npz"
        code = exec_script.run(
            stdout=sys.stderr,
            script=str(args.script),
            args=words,
            data=args.data,
            logdir=str(args.logdir),
            record=str(file),
            **options,
        )
        return read(file) if file.exists() and code == 0 else code
