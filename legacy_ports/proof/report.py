"""The reproduction report: one self-contained page of what was replayed, what was run and what it drew."""

import base64
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from legacy_ports import __version__, files, ports
from legacy_ports.data.mnist import Digits
from legacy_ports.proof import compare, distribution, verify
from legacy_ports.run.manifest import PACKAGES, installed, number

TEMPLATE = Path(__file__).with_name("report.html")
HEADINGS = (
    "What the post says",
    "What the post shows",
    "What changed, and why",
    "Open questions",
    "Running this gives",
)


def render(rows: list[verify.Row], digits: Digits, logdir: Path) -> str:
    """Returns the page, as HTML.

    Args:
      rows: what `verify` replayed.
      logdir: the newest completed run of each experiment in it is shown, with its figures.
    """
    names = list(dict.fromkeys(row.name for row in rows))
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        date=date.today().isoformat(),
        version=__version__,
        versions=installed(PACKAGES),
        digits=str(digits),
        logdir=files.shown(logdir),
        header=verify.HEADER,
        alpha=distribution.ALPHA,
        ports=[_port(name, rows, digits, logdir) for name in names],
    )


def _port(name: str, rows: list[verify.Row], digits: Digits, logdir: Path) -> dict[str, Any]:
    docstring = ports.facts(name).docstring
    own = [row for row in rows if row.name == name]
    runs = [_run(comparison) for comparison in _newest(name, digits, logdir)]
    return {
        "name": name,
        "title": docstring.splitlines()[0],
        "url": docstring.splitlines()[1],
        "provenance": _sections(docstring),
        "weights": own[0].weights,
        "weights_expected": own[0].weights_expected,
        "rows": [row.cells() for row in own],
        "remarks": [line for row in own for line in verify.remarks(row)],
        "equal": all(row.equal for row in own),
        "runs": runs,
        "faithful": next((run for run in runs if run["faithful"]), None),
    }


def _sections(docstring: str) -> list[tuple[str, str]]:
    """Returns the headings of a port's docstring, and the text under each."""
    sections: list[tuple[str, str]] = []
    for line in docstring.splitlines():
        if line in HEADINGS:
            sections.append((line, ""))
        elif sections:
            sections[-1] = (sections[-1][0], f"{sections[-1][1]} {line.strip()}".strip())
    return sections


def _newest(name: str, digits: Digits, logdir: Path) -> list[compare.Comparison]:
    """Finds the newest completed run of each experiment with this port on this data; the post's own first."""
    newest: dict[str, compare.Comparison] = {}
    for file in sorted(logdir.glob(f"{name}/*/run.json"), key=lambda file: file.stat().st_mtime):
        comparison = compare.compare(file)
        manifest = comparison.manifest
        if manifest["status"] == "completed" and manifest["data"]["source"] == digits.source and _whole(manifest):
            newest[_experiment(manifest)] = comparison
    return [newest[key] for key in sorted(newest, key=lambda key: (key != name, key))]


def _experiment(manifest: dict[str, Any]) -> str:
    name = ports.variant(manifest["port"], manifest["options"])
    return f"{name} --classifier" if manifest["options"].get("classifier") else name


def _whole(manifest: dict[str, Any]) -> bool:
    """Tells whether the post's own steps, batches and rate were kept."""
    post = ports.post_options(manifest["port"])
    kept = (*ports.COMMON, "epochs", "restore")
    return all(manifest["options"].get(key) == post[key] for key in kept if key in post)


def _run(comparison: compare.Comparison) -> dict[str, Any]:
    manifest = comparison.manifest
    plot = compare.image(compare.plot([comparison]), "svg") if comparison.runs else None
    return {
        "experiment": _experiment(manifest),
        "faithful": _experiment(manifest) == manifest["port"],
        "manifest": manifest,
        "folder": files.shown(comparison.name),
        "verdict": comparison.verdict,
        "inside": comparison.inside,
        "lines": compare.lines(comparison)[1:-1],
        "plot": Markup(plot.decode()[plot.index(b"<svg") :]) if plot else None,
        "results": [(key, number(result["value"]), result["post"]) for key, result in manifest["results"].items()],
        "figures": [
            _figure(manifest["port"], Path(comparison.name) / "figures" / name)
            for name in manifest["figures"]
            if (Path(comparison.name) / "figures" / name).is_file()
        ],
    }


def _figure(port: str, file: Path) -> dict[str, Any]:
    pattern, text = next((p, t) for p, t in ports.facts(port).figures.items() if fnmatch(file.name, p))
    data = base64.b64encode(file.read_bytes()).decode()
    return {
        "name": file.stem,
        "text": text,
        "small": "*" in pattern,
        "source": f"data:image/{file.suffix[1:]};base64,{data}",
    }
