"""`legacy-ports recorder`: prints the recorder for a machine with TensorFlow 1."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    command = commands.add_parser(
        "recorder",
        help="print tf1_recorder.py, which records a script on the old machine",
        description="Print one file, to be copied to a machine with TensorFlow 1: legacy-ports recorder > "
        "tf1_recorder.py. There, type: python tf1_recorder.py --seed 0 --threads 1 --out FILE.npz SCRIPT [ARGS].",
    )
    command.set_defaults(command=_recorder)


def _recorder(args: argparse.Namespace) -> int:
    path = Path(__file__).parents[1] / "original" / "tf1_recorder.py"
    sys.stdout.write(path.read_text(encoding="utf-8"))
    return 0
