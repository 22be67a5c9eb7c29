"""`legacy-ports fetch`: downloads the full MNIST."""

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser(
        "fetch",
        help="download the full MNIST, once for all runs",
        description="Download the full MNIST to $LEGACY_PORTS_DATA or the user's cache.",
    )
    command.set_defaults(command=_fetch)


def _fetch(args: argparse.Namespace) -> int:
    from legacy_ports.data import download, mnist

    names = download.fetch(mnist.home())
    print(f"fetched {', '.join(names)}" if names else "nothing to fetch")
    print(mnist.load("full"))
    return 0
