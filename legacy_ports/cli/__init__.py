"""The command line: one file per command. TensorFlow is imported only once a command needs it."""

import argparse
import os
import sys
from typing import NoReturn

from legacy_ports import RunError, UserError, __version__
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
      SIGTERM, 141 where the reader of stdout has gone (`| head`).
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
    args = parser().parse_args(argv)
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
        """Prints one line and exits with 2, where argparse would print its usage too."""
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands. The one that is chosen is `command` of what it parses."""
    from legacy_ports.cli import compare, fetch, list_ports, run, verify

    main_parser = _Parser(
        prog="legacy-ports",
        allow_abbrev=False,
        description="Dead TensorFlow 1 autoencoder posts, run again on today's TensorFlow.",
    )
    main_parser.add_argument("--version", action="version", version=f"legacy-ports {__version__}")
    commands = main_parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (list_ports, run, fetch, verify, compare):
        command.add_to(commands)
    return main_parser
