"""`legacy-ports list`: the posts that can be run."""

import argparse
from typing import Any

from legacy_ports import ports


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser("list", help="the posts that can be run")
    command.set_defaults(command=_list)


def _list(args: argparse.Namespace) -> int:
    for name in ports.NAMES:
        print(f"{name:15} {ports.facts(name).docstring.splitlines()[0]}")
    return 0
