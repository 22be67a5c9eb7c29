"""The command line, to be started in a process of its own."""

import sys

LEGACY_PORTS = (sys.executable, "-m", "legacy_ports")


def run_command(port, logdir, name, options=""):
    """Returns the words of `legacy-ports run PORT --logdir LOGDIR --name NAME` on the bundled digits, and `options`."""
    return [*LEGACY_PORTS, "run", port, "--data", "bundled", "--logdir", logdir, "--name", name, *options.split()]
