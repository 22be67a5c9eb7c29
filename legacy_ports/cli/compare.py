"""`legacy-ports compare`: holds runs against recorded runs of the posts' own TensorFlow."""

import argparse
from typing import Any

from legacy_ports import UserError
from legacy_ports.cli import arguments


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser(
        "compare",
        help="hold runs against recorded runs of the posts' own TensorFlow",
        allow_abbrev=False,
        description="Hold runs against recorded runs of the post's own TensorFlow. A run whose seed was recorded is "
        "compared with that very run, then with all of them; a run with another seed with all of them. Of a sweep the "
        "distribution is compared. Exit code 1 if a run, or a sweep, lies outside; 2 if one is another experiment and "
        "cannot be judged.",
    )
    command.add_argument(
        "runs",
        nargs="+",
        type=arguments.path,
        metavar="RUN",
        help="the folder of a run, its run.json, or sweeps' folders",
    )
    command.add_argument(
        "--plot",
        type=arguments.picture,
        metavar="FILE.png|svg",
        help="draw curves, band and recorded runs (default: no)",
    )
    command.add_argument("--json", action="store_true", help="print JSON instead of text")
    command.set_defaults(command=_compare)


def _compare(args: argparse.Namespace) -> int:
    from legacy_ports import files
    from legacy_ports.proof import compare
    from legacy_ports.sweep import plan

    sweeps = [path for path in args.runs if (path / plan.NAME).is_file()]
    if sweeps:
        if len(sweeps) < len(args.runs):
            raise UserError("sweeps are compared by themselves; give the runs to a command of their own")
        return _compare_sweeps(args)
    comparisons = [compare.compare(path) for path in args.runs]
    groups = compare.compare_groups(comparisons)
    if args.plot:
        files.write(args.plot, compare.image(compare.plot(comparisons), args.plot.suffix[1:]))
    if args.json:
        print(compare.as_json(comparisons, groups))
    else:
        for lines in (*map(compare.lines, comparisons), *(group.lines for group in groups)):
            print("\n".join(lines))
    outside = any(not c.inside and not c.reason for c in comparisons) or not all(group.inside for group in groups)
    return 1 if outside else 2 if any(comparison.reason for comparison in comparisons) else 0


def _compare_sweeps(args: argparse.Namespace) -> int:
    from legacy_ports import files
    from legacy_ports.proof import compare
    from legacy_ports.sweep import summary

    summaries = [summary.summarize(path) for path in args.runs]
    if args.plot:
        files.write(args.plot, compare.image(summary.plot(summaries), args.plot.suffix[1:]))
    if args.json:
        print(summary.as_json(summaries))
    else:
        for one in summaries:
            print("\n".join(summary.lines(one)))
    verdicts = [group.verdict for one in summaries for group in one.groups]
    return 1 if "OUTSIDE" in verdicts else 2 if any(verdict != "inside" for verdict in verdicts) else 0
