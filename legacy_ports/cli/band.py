"""`legacy-ports band`: makes the band of recorded training runs for the pytest fixture `curve_band`."""

import argparse
from typing import Any

from legacy_ports.cli import arguments


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser(
        "band",
        help="make a band of training runs, for pytest's fixture curve_band",
        allow_abbrev=False,
        description="Make the band of recorded training runs, of any program, in which one more run has to lie. Print "
        "how often it will be wrong.",
    )
    command.add_argument("action", choices=["make"], metavar="make", help="what to do")
    command.add_argument(
        "runs",
        nargs="+",
        type=arguments.path,
        metavar="RUN",
        help="a file with a loss per step: .npy, .json, or a number per line; or the folder of a run",
    )
    command.add_argument(
        "--out", type=arguments.path, required=True, metavar="FILE.json", help="the file that is written"
    )
    command.set_defaults(command=_make)


def _make(args: argparse.Namespace) -> int:
    from scipy import stats

    from legacy_ports.sweep import band, curves

    made = band.make(curves.read(args.runs))
    band.write(made, args.out)
    runs, outside = len(made.losses), band.rejected(made)
    print(f"band of {runs} runs of {made.ends[-1]:,} steps: {args.out}")
    if made.states is not None:
        print(f"  two kinds of runs: {made.states.sum()} of {runs} are stuck at the end")
    high = stats.binomtest(outside, runs).proportion_ci(0.95, "exact").high
    print(f"  {outside} of {runs} lie outside the band of the others (95 % interval: up to {high:.1%} of runs)", end="")
    print(f"; it is widened by {made.widen - 1:.0%} for them" if outside else "")
    print(f"  {made.how_often_wrong()}")
    return 0
