"""The command line: one file per command. TensorFlow is imported only once a command needs it."""

import argparse
import codecs
import errno
import io
import logging
import os
import sys
from typing import NoReturn

from legacy_ports import RunError, UserError, __version__
from legacy_ports.run import signals

# What the extras bring, by the names that are imported.
SWEEP_EXTRA = {"joblib", "distributed"}
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
    _prepare_streams()
    try:
        try:
            return _command(argv)
        finally:
            sys.stdout.flush()  # here: when Python ends, nobody could catch what it raises
    except OSError as error:
        if error.filename is not None or error.errno in (None, errno.ENOENT):  # not of stdout
            print(f"legacy-ports: {_reason(error)}", file=sys.stderr)
            return 2
        signals.discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return 128 + signals.SIGPIPE
        print(f"legacy-ports: stdout: {error.strerror}", file=sys.stderr)
        return 1


def _prepare_streams() -> None:
    """Opens the null device for standard streams that are closed (`>&-`), and lets the others take any text.

    A file of the run would get the number of a closed stream otherwise, and whatever C code prints.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it takes the lowest number that is free
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    codecs.register_error("legacy_ports", _encode_anyhow)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="legacy_ports")


def _encode_anyhow(error: UnicodeError) -> tuple[str | bytes, int]:
    """Encodes what an encoding does not have: of file names the bytes that they are, else escapes (\\xfc)."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.backslashreplace_errors(error)


def _reason(error: OSError) -> str:
    """Returns, in one line, why a file cannot be used that no command looks after."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return "the working directory was deleted; change to another one"
    where = f"{error.filename}: " if error.filename is not None else ""
    return where + (error.strerror or str(error)).splitlines()[0]


def _command(argv: list[str] | None) -> int:
    from legacy_ports.cli import sweep_exec

    words = sys.argv[1:] if argv is None else argv
    if " ".join(words[:2]) == sweep_exec.NAME:
        words = [sweep_exec.NAME, *words[2:]]
    args = parser().parse_args(words)
    signals.raise_once()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a user without a home gets a warning of its cache
    try:
        return args.command(args)
    except UserError as error:
        print(f"legacy-ports: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in PORTS_EXTRA | SWEEP_EXTRA:
            raise
        extra = "ports" if missing in PORTS_EXTRA else "sweep"
        print(
            f"legacy-ports: this command needs the extra `{extra}` ({missing} is not installed); "
            f"type: pip install 'legacy-ports[{extra}]'",
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
    from legacy_ports.cli import (
        band,
        compare,
        exec_script,
        fetch,
        list_ports,
        recorder,
        replay,
        run,
        sweep,
        sweep_exec,
        verify,
    )

    main_parser = _Parser(
        prog="legacy-ports",
        allow_abbrev=False,
        description="Dead TensorFlow 1 autoencoder posts, run again on today's TensorFlow.",
    )
    main_parser.add_argument("--version", action="version", version=f"legacy-ports {__version__}")
    commands = main_parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (list_ports, run, fetch, verify, compare, exec_script, replay, recorder):
        command.add_to(commands)
    sweep.add_to(commands, main)
    sweep_exec.add_to(commands, main)
    band.add_to(commands)
    return main_parser
