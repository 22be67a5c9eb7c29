"""What run.json holds of a run, as text: JSON, a Markdown table, numbers as they are printed."""

import json
import re
from collections.abc import Iterable
from importlib import metadata
from typing import Any

PACKAGES = ("tensorflow", "tf-keras", "tensorboard", "numpy", "scikit-learn", "matplotlib", "mlxtend")


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The versions of installed packages."""
    return {package: metadata.version(package) for package in packages}


def to_json(manifest: dict[str, Any]) -> str:
    """Indented, but each list of numbers on one line."""
    text = json.dumps(manifest, indent=1)
    return re.sub(r'\[[^\[\]{}"]+\]', lambda m: f"[{' '.join(m[0][1:-1].split())}]", text) + "\n"


def number(value: float | str) -> str:
    """A result as it is printed."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.5f}" if isinstance(value, float) else value


def markdown(manifest: dict[str, Any], docstring: str) -> str:
    """The manifest as a Markdown table, with the port's provenance under it."""
    rows: Iterable[tuple[str, Any]] = (
        ("post", f"[{manifest['post']}]({url})" if (url := manifest["url"]).startswith("http") else manifest["post"]),
        ("status", manifest["status"]),
        ("options", ", ".join(f"{k} {v}" for k, v in manifest["options"].items())),
        ("data", f"{manifest['data']['source']}, from {manifest['data']['origin']}"),
        ("device", manifest["device"]),
        ("versions", ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())),
        ("steps", manifest["steps"]),
        ("seconds", manifest["seconds"]),
        *((name, f"{number(r['value'])} (the post: {r['post']})") for name, r in manifest["results"].items()),
    )
    table = "\n".join(f"| {key} | {value} |" for key, value in rows)
    return f"| | |\n|---|---|\n{table}\n\n```\n{docstring}\n```\n"
