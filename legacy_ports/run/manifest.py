"""Reads and writes run.json, a run's manifest, and shows it as text. Imports no TensorFlow."""

from __future__ import annotations

import json
import platform
import re
import shlex
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legacy_ports import UserError, __version__, files
from legacy_ports.run import lock

if TYPE_CHECKING:
    from legacy_ports.data.mnist import Digits

NAME = "run.json"
CURVE_EVERY = 10  # steps; the windows of all recordings are multiples of it
PACKAGES = ("tensorflow", "tf-keras", "tensorboard", "numpy", "scikit-learn", "matplotlib", "mlxtend")


def new_manifest(
    port: str,
    docstring: str,
    options: dict[str, Any],
    digits: Digits,
    device: str,
    latent_points: int | None,
    save_every: int | None,
    engine: str,
    threads: int | None,
) -> dict[str, Any]:
    """Returns the manifest of a run that begins. See `Record` for the arguments."""
    heading, url = docstring.splitlines()[:2]
    return {
        "port": port,
        "post": heading,
        "url": url,
        "status": "running",
        "options": options,
        "data": {"source": digits.source, "origin": digits.origin, "sha256": digits.sha256},
        "device": device,
        "engine": engine,
        "threads": threads,
        "latent_points": latent_points,
        "save_every": save_every,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {"legacy-ports": __version__, **installed(PACKAGES)},
        "steps": 0,
        "losses": [],
        "curve": {"every": CURVE_EVERY, "mean_loss": []},
        "results": {},
        "figures": [],
    }


def read_manifest(path: Path) -> dict[str, Any]:
    """Reads the manifest of a run.

    A killed run cannot record its own end. So the status "running" becomes "died" if no process holds the run's lock.

    Args:
      path: the run's folder or its run.json.

    Raises:
      UserError: there is no run.json, or it is not a run's manifest.
    """
    file = path
    try:
        file = path / NAME if path.is_dir() else path
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or not {"port", "status", "options", "data", "steps"} <= manifest.keys():
            raise ValueError("it is not a run's")
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{file}: not a run.json ({error})") from None
    if manifest["status"] == "running" and lock.held(file.parent) is False:
        manifest["status"] = "died"
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes run.json into a run's folder: indented, with each list of numbers on one line.

    Raises:
      WriteError: it cannot be written; the one before stays.
    """
    text = json.dumps(manifest, indent=1)
    text = re.sub(r'\[[^\[\]{}"]+\]', lambda m: f"[{' '.join(m[0][1:-1].split())}]", text) + "\n"
    files.write(folder / NAME, text.encode())


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Returns the versions of installed packages."""
    return {package: metadata.version(package) for package in packages}


def number(value: float | str) -> str:
    """Returns a result as it is printed."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.5f}" if isinstance(value, float) else value


def markdown(manifest: dict[str, Any], docstring: str) -> str:
    """Returns the manifest as a Markdown table, with the port's docstring below it."""
    rows: Iterable[tuple[str, Any]] = (
        ("post", f"[{manifest['post']}]({url})" if (url := manifest["url"]).startswith("http") else manifest["post"]),
        ("status", manifest["status"]),
        ("options", ", ".join(f"{k} {v}" for k, v in manifest["options"].items())),
        ("data", f"{manifest['data']['source']}, from {manifest['data']['origin']}"),
        ("device", manifest["device"]),
        ("engine", manifest["engine"]),
        ("versions", ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())),
        ("steps", manifest["steps"]),
        ("seconds", manifest["seconds"]),
        *((name, f"{number(r['value'])} (the post: {r['post']})") for name, r in manifest["results"].items()),
    )
    table = "\n".join(f"| {key} | {value} |" for key, value in rows)
    return f"| | |\n|---|---|\n{table}\n\n```\n{docstring}\n```\n"


def closing_lines(manifest: dict[str, Any], folder: Path) -> str:
    """Returns the last lines that a run prints: its results beside the post's, and where its files are.

    Args:
      folder: the run's folder, LOGDIR/PORT/NAME.
    """
    rows = [("", "this run", "the post")]
    rows += [(name, number(result["value"]), result["post"]) for name, result in manifest["results"].items()]
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    lines = [
        f"{manifest['status']}: {manifest['steps']:,} steps, {manifest['seconds']} s",
        *(f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in rows),
        f"run         {folder / NAME}",
        f"figures     {folder / 'figures'}",
        # TensorBoard keeps 10 images of a tag by default. With 0, meant as all, it shows none.
        f"TensorBoard tensorboard --logdir {shlex.quote(str(folder.parent.parent))} --samples_per_plugin images=100",
    ]
    if manifest["status"] != "completed":
        lines.append(f"to resume   legacy-ports run --resume {shlex.quote(str(folder))}")
    return "\n".join(lines)
