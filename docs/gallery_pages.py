"""Makes the pages of the gallery, `docs/gallery/PORT.html`, from a run of each post: `tox -e gallery`.

A run that is in runs/PORT/gallery already is taken as it is. docs/site_pages.py shows the pages on the site.
"""

import json
import subprocess
import sys
from pathlib import Path

from tb_plugin.export import export

PAGES = Path(__file__).parent / "gallery"
# What is run, where it is not what the post ran: ten epochs of this one take eight minutes.
SHORT = {"mathybit_conv": ["--epochs", "3"]}
PORTS = ("vandenburg", "kajuvonen", "smith", "mathybit_dense", "mathybit_conv")
POINTS, STEPS = 2000, 10  # of a page, because the gallery has five in one


def main(logdir: Path = Path("runs")) -> None:
    """Runs each post that has no run in `logdir` yet. Writes its page, and `gallery.json`, which describes the runs."""
    PAGES.mkdir(exist_ok=True)
    found = {}
    for port in PORTS:
        run = logdir / port / "gallery" / "run.json"
        if not run.exists():
            command = [sys.executable, "-m", "legacy_ports", "run", port, *SHORT.get(port, ())]
            subprocess.run([*command, "--logdir", logdir, "--name", "gallery", "--quiet"], check=True)
        about = json.loads(run.read_text(encoding="utf-8"))
        export(logdir, PAGES / f"{port}.html", runs=[f"{port}/gallery"], points=POINTS, steps=STEPS)
        post = json.loads((PAGES.parent / "runs" / f"{port}-default.json").read_text(encoding="utf-8"))
        found[port] = {key: about[key] for key in ("post", "url", "steps", "test_loss")}
        found[port] |= {"post_steps": post["steps"], "digits": about["data"]["source"]}
    (PAGES / "gallery.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
