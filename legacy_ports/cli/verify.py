"""`legacy-ports verify`: replays recorded runs of the posts' own TensorFlow."""

import argparse
from pathlib import Path
from typing import Any

from legacy_ports import ports
from legacy_ports.cli import arguments, options

PRINT = Path("-")  # what --json is without a file


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser(
        "verify",
        help="replay recorded runs of the posts' own TensorFlow",
        allow_abbrev=False,
        description="Replay runs that the post's own TensorFlow computed, from the same seeds, and print whether the "
        "start is the same to the bit, how far the first gradients are from NumPy's in float64, the largest relative "
        "error of a step's loss, and where it leaves the tolerance. Exit code 1 if a replay is not the recorded run.",
    )
    options.add_ports(command)
    options.add_own(command, without=ports.RUN_ONLY)
    command.add_argument(
        "--seeds",
        type=arguments.seeds,
        metavar="N,N…|all",
        help="the recorded seeds to replay (default: the first two)",
    )
    command.add_argument(
        "--reference", type=arguments.path, metavar="FILE.npz", help="replay this recording (default: those that ship)"
    )
    command.add_argument(
        "--steps", type=arguments.positive(int), metavar="N", help="replay only the first N steps (default: all)"
    )
    options.add_data(command)
    options.add_engine(command)
    command.add_argument(
        "--json",
        type=arguments.json_file,
        nargs="?",
        const=PRINT,
        metavar="FILE.json",
        help="also write the table as JSON; without FILE print that instead (default: no)",
    )
    command.add_argument(
        "--html", type=arguments.path, metavar="FILE", help="also write the reproduction report, one page (default: no)"
    )
    command.add_argument(
        "--logdir",
        type=arguments.path,
        default="runs",
        metavar="DIR",
        help="the folder in which the report finds runs (default: runs)",
    )
    command.set_defaults(command=_verify)


def _verify(args: argparse.Namespace) -> int:
    from legacy_ports import files
    from legacy_ports.data import mnist
    from legacy_ports.proof import recordings, verify

    chosen = options.chosen(args)
    if "all" in args.ports:
        chosen += [
            (name, {**values, **changes})
            for name, values in chosen
            for changes in ports.facts(name).proof.variants.values()
        ]
    given = recordings.read(args.reference) if args.reference else None
    digits = mnist.load(given.data if given and args.data == "auto" else args.data)
    work = verify.plan(chosen, given, digits.source, args.seeds)
    written = [path for path in (args.json, args.html) if path and path != PRINT]
    for path in written:
        files.check_writable(path)  # now, not after minutes of replaying
    from tqdm import tqdm

    def say(*lines: str) -> None:
        if args.json != PRINT:
            print(*lines, sep="\n", flush=True)

    say(f"data: {digits}", verify.line(verify.HEADER))

    def progress(steps: range) -> Any:
        return tqdm(steps, unit="step", disable=None, leave=False)

    rows = []
    for row in verify.rows(work, digits, args.steps, progress, lambda name: options.engine(args, name)):
        rows.append(row)
        say(verify.line(row.cells()), *verify.remarks(row))
    if args.json == PRINT:
        print(verify.as_json(rows, digits))
    elif args.json:
        files.write(args.json, f"{verify.as_json(rows, digits)}\n".encode())
    if args.html:
        from legacy_ports.proof import report

        files.write(args.html, report.render(rows, digits, args.logdir).encode())
        say(f"report {args.html}")
    return 0 if all(row.equal for row in rows) else 1
