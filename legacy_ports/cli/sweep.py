"""`legacy-ports sweep`: runs every combination of seeds and options, on one machine or a cluster."""

import argparse
import functools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legacy_ports import UserError, ports
from legacy_ports.cli import arguments, options, run

if TYPE_CHECKING:
    from legacy_ports.sweep.plan import Task

OWN = ("command", "ports", "seeds", "grid", "jobs", "scheduler", "logdir", "data", "quiet")


def add_to(commands: Any, main: Callable[[list[str]], int]) -> None:
    """Adds the command to the parser.

    Args:
      main: runs a command line; the workers call it.
    """
    command = commands.add_parser(
        "sweep",
        help="run many: seeds, grids of options, several processes or machines",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=options.post_values(),
        description="Run every combination of the seeds and of the grid's values, each as `legacy-ports run` does.\n"
        "The same command on the same --logdir goes on: completed runs are kept, broken ones resumed.\n"
        "Exit code 1 if a run failed.",
    )
    options.add_ports(command)
    add_where(command)
    command.add_argument(
        "--logdir",
        type=arguments.path,
        default="sweep",
        metavar="DIR",
        help="the sweep's folder, which all workers see (default: sweep)",
    )
    command.add_argument(
        "--grid",
        type=arguments.grid,
        nargs="+",
        action="extend",
        default=[],
        metavar="OPTION=X,Y…",
        help="values of an option of `run`, e.g. learning_rate=1e-3,1e-4 (default: none)",
    )
    run.add_options(command)
    command.set_defaults(command=functools.partial(_sweep, commands.choices["run"].parse_args, main))


def add_where(command: argparse.ArgumentParser) -> None:
    """Adds the seeds, and who makes the runs where; `sweep exec` has them, too."""
    command.add_argument(
        "--seeds",
        type=arguments.seed_ranges,
        default="0:10",
        metavar="N,A:B…",
        help="a run for each of these seeds; A:B is A to B - 1 (default: 0:10)",
    )
    command.add_argument(
        "--jobs",
        type=arguments.positive(int),
        metavar="N",
        help="processes, which share the processors unless --threads says otherwise (default: 1)",
    )
    command.add_argument(
        "--scheduler", metavar="tcp://HOST:PORT", help="let the workers of this Dask scheduler run them (default: no)"
    )
    command.add_argument("--quiet", action="store_true", help="print no line per run")


def check_where(args: argparse.Namespace) -> None:
    """Raises UserError if the runs would be made in two places."""
    if args.scheduler and args.jobs:
        raise UserError("--jobs is for this machine; with --scheduler the cluster has as many workers as you start")


def _sweep(parse: Callable[[list[str]], argparse.Namespace], main: Callable[[list[str]], int], args: Any) -> int:
    from legacy_ports.data import mnist

    check_where(args)
    logdir = args.logdir.absolute()
    tasks(parse, args, logdir, args.data or "auto")  # mistakes first, before anything is fetched
    digits = mnist.load(args.data or "auto", progress=not args.quiet)
    print(f"data: {digits}", flush=True)
    # Each process must take the same digits, and "auto" may be another thing on another machine.
    data = digits.source if args.data in (None, "auto", "full", "bundled") else str(Path(args.data).absolute())
    todo = tasks(parse, args, logdir, data)
    return work(todo, main, args, {"source": f"the {digits.source} digits", "sha256": digits.sha256})


def tasks(parse: Callable[[list[str]], argparse.Namespace], args: Any, logdir: Path, data: str) -> "list[Task]":
    """Returns the runs of a sweep, port by port.

    Args:
      parse: the parser of `run`'s options, which finds what is wrong with a value.

    Raises:
      UserError: an option is in the grid and outside of it, or none of a port's, or two runs would be the same.
    """
    from legacy_ports.sweep import plan

    fixed = {key: value for key, value in vars(args).items() if key not in OWN}
    grid: dict[str, list[str]] = {}
    for key, values in args.grid:
        if key not in fixed:
            raise UserError(f"--grid {key}: not an option of a run; legacy-ports sweep --help lists them")
        if key in grid or fixed[key] is not None:
            raise UserError(f"--grid {key}: the option is given twice")
        grid[key] = values
    found: dict[Path, plan.Task] = {}
    for port in ports.NAMES if "all" in args.ports else dict.fromkeys(args.ports):
        for values in plan.combinations({**grid, "seed": [str(seed) for seed in args.seeds]}):
            flags = {key: {"true": True, "false": False}.get(value, value) for key, value in values.items()}
            words = ["--quiet", "--data", data, "--logdir", str(logdir), *options.typed({**fixed, **flags})]
            parsed = parse([port, *words])
            [(_, post)] = options.chosen(parsed)
            parsed_values = {key: getattr(parsed, key) for key in values}
            try:
                name = arguments.name(plan.run_name(parsed_values))
            except argparse.ArgumentTypeError as error:
                raise UserError(f"--grid: {error}") from None
            words = ["run", port, "--name", name, *words]
            task = plan.Task(port, logdir / port / name, words, {**post, "seed": parsed.seed})
            if task.folder in found:
                raise UserError(f"{port}/{name} is in the grid twice")
            found[task.folder] = task
    return list(found.values())


def work(tasks: "list[Task]", main: Callable[[list[str]], int], args: Any, data: dict[str, Any]) -> int:
    """Makes the runs, with a bar over them, and names those that failed.

    Args:
      main: runs a command line; the workers call it.
      args: see `add_where`.
      data: see `plan.write`.

    Returns:
      The exit code.
    """
    from tqdm import tqdm

    from legacy_ports.sweep import plan, workers
    from legacy_ports.sweep.cluster import on_cluster

    logdir = args.logdir.absolute()
    states = {task.name: plan.state(task) for task in tasks}
    plan.write(logdir, tasks, data)
    left = [task for task in tasks if states[task.name] != "completed"]
    print(f"{len(tasks)} runs in {logdir}: {len(tasks) - len(left)} completed, {len(left)} to do", flush=True)
    if args.scheduler:
        results = on_cluster(left, main, args.scheduler)
    else:
        results = workers.on_this_machine(left, main, args.jobs or 1)
    bad = []
    with tqdm(total=len(tasks), initial=len(tasks) - len(left), unit="run", disable=None) as bar:
        for found in results:
            if found.status not in ("completed", "kept"):
                bad.append(found)
            if not args.quiet:
                tqdm.write(found.line)
            if found.loss is not None:
                bar.set_postfix_str(f"{found.name} {found.what} {found.loss:.5f}", refresh=False)
            bar.update()
    print(f"{len(tasks) - len(bad)} of {len(tasks)} runs completed")
    for found in bad:
        print(f"  {found.line}")
    if len(bad) < len(tasks):
        from legacy_ports.sweep import board, summary

        board.write(summary.summarize(logdir))
    print(f"compare     legacy-ports compare {shlex.quote(str(args.logdir))}")
    print(f"TensorBoard tensorboard --logdir {shlex.quote(str(args.logdir))} --samples_per_plugin images=100")
    return 1 if bad else 0
