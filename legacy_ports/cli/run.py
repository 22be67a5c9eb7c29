"""`legacy-ports run`: runs posts again, or goes on with a run."""

import argparse
import os
from pathlib import Path
from typing import Any

from legacy_ports import RunError, UserError, ports
from legacy_ports.cli import arguments, options, side_by_side


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser(
        "run",
        help="run posts: log, TensorBoard, figures, run.json",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=options.post_values(),
        description="Run posts again. What is not given is as in the post.",
    )
    options.add_ports(command, nargs="*")
    add_options(command)
    command.add_argument(
        "--seed",
        type=arguments.seed,
        metavar="N",
        help="of weights and batches: with N a run starts as it started on the post's own TensorFlow (default: 0; the "
        "posts set none)",
    )
    command.add_argument(
        "--logdir",
        type=arguments.path,
        metavar="DIR",
        help="the folder of all runs, for TensorBoard, on this machine (default: runs)",
    )
    command.add_argument(
        "--name", type=arguments.name, metavar="NAME", help="the run goes to DIR/PORT/NAME (default: the time)"
    )
    command.add_argument(
        "--resume",
        type=arguments.path,
        metavar="RUN",
        help="go on with the run in this folder from its last checkpoint, as if it had never stopped; port and options "
        "are that run's (default: a new run)",
    )
    command.add_argument("--quiet", action="store_true", help="print nothing but the results")
    command.set_defaults(command=_run, fail=command.error)


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options that say how a run trains and what it logs; `sweep` has them, too."""
    command.add_argument(
        "--steps", type=arguments.positive(int), metavar="N", help="how many training steps (default: the post's)"
    )
    command.add_argument(
        "--batch-size", type=arguments.positive(int), metavar="N", help="images in a batch (default: the post's)"
    )
    command.add_argument(
        "--learning-rate",
        type=arguments.positive(float),
        metavar="X",
        help="of the post's optimizer, per step (default: the post's)",
    )
    options.add_own(command)
    options.add_data(command, default=None)
    command.add_argument(
        "--device",
        type=arguments.device,
        metavar="cpu|gpu:N|auto",
        help="where the graph is computed; auto is a GPU where there is one (default: auto)",
    )
    options.add_engine(command)
    command.add_argument(
        "--threads",
        type=arguments.positive(int),
        metavar="N",
        help="how many cores one op may use; another number may round otherwise (default: all; several ports share "
        "them)",
    )
    command.add_argument(
        "--latent-points",
        type=arguments.positive(int),
        metavar="N",
        help="how many test digits are shown in the Latent tab (default: all)",
    )
    command.add_argument(
        "--save-every",
        type=arguments.positive(int),
        metavar="N",
        help="steps from checkpoint to checkpoint (default: the post's logging interval, at most every 10 seconds)",
    )


def _run(args: argparse.Namespace) -> int:
    if args.resume:
        return _resume(args)
    if not args.ports:
        args.fail("the following arguments are required: PORT, or --resume RUN")
    from legacy_ports.data import batches, mnist

    chosen = options.chosen(args)
    digits = mnist.load(args.data or "auto", progress=not args.quiet)
    if len(chosen) > 1:  # the digits are at hand now
        return side_by_side.run([name for name, _ in chosen], args)
    if not args.quiet:
        print(f"data: {digits}", flush=True)

    from legacy_ports.run import engine

    ((name, values),) = chosen
    batches.check_batch_size(ports.load(name).feed, digits, values["batch_size"])
    values = {**values, "seed": args.seed or 0}
    _train(
        engine.Run(
            name,
            ports.facts(name).docstring,
            values,
            digits,
            args.logdir or "runs",
            args.name,
            args.device or "auto",
            args.quiet,
            args.latent_points,
            args.save_every,
            band=_band(name, values, digits.source),
            engine=options.engine(args, name),
            threads=args.threads,
        )
    )
    return 0


def _band(name: str, values: dict[str, Any], data: str) -> str:
    from legacy_ports.proof.distribution import test_loss_band

    return test_loss_band(name, values, data)


def _resume(args: argparse.Namespace) -> int:
    """Goes on with a run. Its manifest says how it was started."""
    from legacy_ports.run.manifest import read_manifest

    path = Path(os.path.abspath(args.resume))
    manifest = read_manifest(path / "run.json")
    if manifest["port"] not in ports.NAMES:
        raise UserError(f"{args.resume} is a run of {manifest['port']}, which no checkpoint can resume; run it again")
    theirs = {
        **manifest["options"],
        "latent_points": manifest.get("latent_points"),
        "device": manifest["device"],
        "engine": manifest.get("engine", "session"),
        "threads": manifest.get("threads"),
        "logdir": path.parent.parent,
        "name": path.name,
    }
    ours = ("command", "fail", "resume", "ports", "data", "save_every", "quiet")
    given = {key: value for key, value in vars(args).items() if value is not None and key not in ours}
    if args.ports not in ([], [manifest["port"]]):
        raise UserError(f"{args.resume} is a run of {manifest['port']}; --resume takes no other port")
    for key, value in given.items():
        if value != theirs.get(key):
            raise UserError(
                f"{args.resume} was started with {key.replace('_', '-')} {theirs.get(key)}; --resume cannot change it "
                f"to {value}"
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

    from legacy_ports.run import engine

    _train(
        engine.Run(
            manifest["port"],
            ports.facts(manifest["port"]).docstring,
            manifest["options"],
            digits,
            device=manifest["device"],
            quiet=args.quiet,
            latent_points=manifest.get("latent_points"),
            save_every=args.save_every or manifest.get("save_every"),
            resume=path,
            band=_band(manifest["port"], manifest["options"], digits.source),
            engine=theirs["engine"],
            threads=theirs["threads"],
        )
    )
    return 0


def _train(run: Any) -> None:
    """Runs a port, and prints how it ended."""
    from legacy_ports.run.manifest import closing_lines
    from legacy_ports.tf1 import new_graph

    try:
        with new_graph(), run:
            ports.load(run.port).main(run, **run.manifest["options"])
    except (KeyboardInterrupt, FloatingPointError, RunError):
        print(closing_lines(run.manifest, run.folder))
        raise
    print(closing_lines(run.manifest, run.folder))
