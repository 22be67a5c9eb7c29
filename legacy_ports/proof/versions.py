"""One table of what `verify --json` came to on each TensorFlow: `python -m legacy_ports.proof.versions FOLDER PAGE`.

FOLDER holds one file per TensorFlow. The table is written into PAGE, a Markdown file, between the lines BEGIN and END.
A version that cannot be installed has a file by hand: {"versions": {"tensorflow": "2.99.0"}, "reason": "no wheel"}.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from legacy_ports import UserError, files

BEGIN, END = "<!-- versions: made by tox -m versions -->", "<!-- end of versions -->"


def table(folder: Path) -> str:
    """Returns the table: a row for each JSON file in `folder`, oldest TensorFlow first, and a column for each port.

    Raises:
      UserError: a file cannot be read, or is not what `verify --json` writes.
    """
    contents = sorted((_read(path) for path in folder.glob("*.json")), key=_version)
    ports = sorted({row["port"] for content in contents for row in content.get("rows", [])})
    header = ["TensorFlow", "start", "gradient", *(f"`{port}`" for port in ports), "with"]
    rows = [header, ["---"] * len(header), *(_cells(content, ports) for content in contents)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def put(page: str, table: str) -> str:
    """Returns a page with this table in the place of the one that it has.

    Raises:
      UserError: the page has no place for it.
    """
    if not re.search(f"{re.escape(BEGIN)}.*{re.escape(END)}", page, re.DOTALL):
        raise UserError(f"the page has no lines {BEGIN} and {END} for the table to stand between")
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END, 1)[1]}"


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not content["versions"]["tensorflow"] or not (content.get("reason") or content["rows"]):
            raise ValueError
        return content
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not what `legacy-ports verify --json {path.name}` writes") from None


def _version(content: dict[str, Any]) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", content["versions"]["tensorflow"])]


def _cells(content: dict[str, Any], ports: list[str]) -> list[str]:
    versions, rows = content["versions"], content.get("rows", [])
    if not rows:
        return [versions["tensorflow"], content["reason"], *[""] * (len(ports) + 2)]
    off = any(one["what"] == "gradient" for row in rows for one in row["diverges"])
    gradients = [row["gradient"]["largest_error"] for row in rows]
    return [
        versions["tensorflow"],
        "equal" if all(row["start"] for row in rows) else "**differs**",
        "**off**" if off else f"{max(gradients):.0e}",
        *(_leaves([row for row in rows if row["port"] == port]) for port in ports),
        f"NumPy {versions['numpy']}, Python {versions['python']}; {content['machine']}",
    ]


def _leaves(rows: list[dict[str, Any]]) -> str:
    """Returns the steps until the first of a port's replays leaves the tolerance, bold where that is a difference."""
    if not rows:
        return "-"
    steps = min((row["leaves_at"] for row in rows if row["leaves_at"] is not None), default=None)
    text = f"all {rows[0]['steps']:,}" if steps is None else f"{steps:,}"
    return text if all(row["same_run"] for row in rows) else f"**{text}, DIFFERENT**"


def main(arguments: list[str]) -> int:
    """Writes the table of a folder into a page, and returns the exit code."""
    try:
        if len(arguments) != 2:
            raise UserError("give the folder of the JSON files, and the page")
        page = Path(arguments[1])
        files.write(page, put(page.read_text(encoding="utf-8"), table(Path(arguments[0]))).encode())
    except (UserError, OSError) as error:
        print(f"versions: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
