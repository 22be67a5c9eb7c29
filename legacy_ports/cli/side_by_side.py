"""Runs several ports side by side, each in a process of its own."""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from legacy_ports.cli import options
from legacy_ports.run import signals


def run(names: list[str], args: argparse.Namespace) -> int:
    """Runs `legacy-ports run` of each port, as many at a time as there are cores. A port that fails stops no other.

    Each line that a port prints begins with the port's name. SIGINT and SIGTERM end all ports in order.

    Args:
      args: the options of `run`, which all ports get. Without --threads the ports share the cores.

    Returns:
      The largest of the ports' exit codes.
    """
    cores = os.cpu_count() or 1
    at_once = min(cores, len(names))
    own = ("command", "fail", "ports")
    given = {key: value for key, value in vars(args).items() if key not in own and value is not None}
    words = options.typed({"threads": max(1, cores // at_once), **given})
    children: list[subprocess.Popen] = []

    def one(name: str) -> int:
        with tempfile.TemporaryFile("w+") as errors:
            command = [sys.executable, "-m", "legacy_ports", "run", name, *words]
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
            children.append(child)
            assert child.stdout is not None
            for line in child.stdout:
                print(f"{name:14} {line}", end="", flush=True)
            code = child.wait()
            errors.seek(0)
            for line in errors:
                print(f"{name:14} {line}", end="", file=sys.stderr, flush=True)
            return code if code >= 0 else 128 - code  # below 0: what killed it

    with ThreadPoolExecutor(at_once) as pool:
        ports = [pool.submit(one, name) for name in names]
        try:
            return max(port.result() for port in ports)
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                # A terminal has sent SIGINT to the children too; a second one does nothing.
                child.send_signal(signals.which(error) if isinstance(error, KeyboardInterrupt) else signals.SIGPIPE)
            raise
