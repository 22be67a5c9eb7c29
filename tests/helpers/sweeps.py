"""A command line that stands for `legacy-ports run` where a test needs many runs, or runs that break as told."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from legacy_ports.run import lock
from legacy_ports.sweep import plan

STEPS, SECONDS = 20, 0.02


def task(logdir, seed, **options):
    """Returns a task of a run that is made here: options["does"] says how it ends."""
    name = plan.run_name({**options, "seed": seed})
    words = ["run", "toy", "--name", name, "--logdir", str(logdir), json.dumps({**options, "seed": seed})]
    return plan.Task("toy", Path(logdir) / "toy" / name, words, {**options, "seed": seed})


def toy(words):
    """Runs, or resumes, a toy run of STEPS steps, which writes its run.json after each."""
    threads = [word.partition("=")[2] for word in words if word.startswith("--threads=")]
    words = [word for word in words if not word.startswith("--threads=")]
    if "--resume" in words:
        folder = Path(words[-1])
        manifest = json.loads((folder / "run.json").read_text())
        manifest["resumed"].append(manifest["steps"])
    else:
        folder = Path(words[5]) / "toy" / words[3]
        folder.mkdir(parents=True)
        options = json.loads(words[6])
        manifest = {"port": "toy", "status": "running", "options": options, "data": {}, "steps": 0, "resumed": []}
        manifest["curve"] = {"every": 1, "mean_loss": []}
        manifest["threads"] = int(threads[0]) if threads else None
    held = lock.hold(folder)
    does = manifest["options"].get("does", "")
    try:
        while manifest["steps"] < STEPS:
            if manifest["steps"] == STEPS // 2:
                if does == "kills once" and not manifest["resumed"] or does == "kills":
                    os.kill(os.getpid(), signal.SIGKILL)
                if does == "raises":
                    raise ZeroDivisionError("by nothing")
                if does == "fails":
                    print("legacy-ports: the loss is NaN at step 10", file=sys.stderr)
                    return _end(folder, manifest, "failed") or 1
            time.sleep({"is slow": 5 * SECONDS, "nothing": 0}.get(does, SECONDS))
            manifest["steps"] += 1
            manifest["curve"]["mean_loss"].append(1 / manifest["steps"])
            _end(folder, manifest, "running")
        return _end(folder, {**manifest, "test_loss": 0.05, "pid": os.getpid()}, "completed")
    finally:
        os.close(held)


def _end(folder, manifest, status):
    part = folder / "part"
    part.write_text(json.dumps({**manifest, "status": status}))
    part.replace(folder / "run.json")
    return 0
