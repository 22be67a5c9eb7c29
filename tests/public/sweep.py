"""Runs every TensorFlow 1 script of public repositories, unchanged and after tf_upgrade_v2, and writes a table.

    python tests/public/sweep.py CHECKOUTS --out sweep.json [--only TEXT] [--limit 60] [--upgraded]
    python tests/public/sweep.py --table sweep.json > docs/exec_scripts.md

CHECKOUTS is a folder with the repositories' checkouts, OWNER+NAME each. A script counts as run when it ends by itself,
or when it has done training steps and printed something by the time limit. None of its text is kept.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Repository -> which of its files are scripts: those that a reader is told to start.
SCRIPTS = {
    "aymericdamien/TensorFlow-Examples": "tensorflow_v1/examples/*/*.py",
    "MorvanZhou/Tensorflow-Tutorial": "tutorial-contents/*.py",
    "golbin/TensorFlow-Tutorials": "*/**/*.py",
    "hunkim/DeepLearningZeroToAll": "lab-*.py",
    "pkmital/tensorflow_tutorials": "python/*.py",
    "fastforwardlabs/vae-tf": "main.py",
}
MODULES = {  # which scripts import
    "12 - DQN/game.py", "12 - DQN/model.py", "10 - RNN/ChatBot/config.py", "10 - RNN/ChatBot/model.py",
}  # fmt: skip


def run(words, cwd, limit):
    """Runs a command for so many seconds of one processor, and for ten times as many by the clock at most.

    Seconds of the clock would make the table depend on what else the machine does.

    Returns:
      Its exit code (None: it had to be stopped), stdout and stderr.
    """
    environment = {**os.environ, "MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            words, cwd=cwd, env=environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        started = time.time()
        while (code := process.poll()) is None and used(process.pid) < limit and time.time() - started < 10 * limit:
            time.sleep(0.5)
        if code is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return code, *(Path(f"/proc/self/fd/{file.fileno()}").read_text(errors="replace") for file in (out, err))


def used(group):
    """Returns the seconds of processor time that a process group has used; of processes that have ended, too."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15])) if int(fields[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def execute(script, limit, scratch):
    """Runs a script by `legacy-ports exec`; returns a row of the table."""
    logdir = scratch / "runs"
    shutil.rmtree(logdir, ignore_errors=True)
    start = time.time()
    words = [sys.executable, "-m", "legacy_ports", "exec", "--logdir", str(logdir), str(script.name)]
    code, out, err = run(words, script.parent, limit)
    manifests = [json.loads(path.read_text()) for path in logdir.glob("exec/*/*/run.json")]
    steps = manifests[0]["steps"] if manifests else 0
    lines = [line for line in err.splitlines() if line.strip()]
    silent = "print(" not in script.read_text(errors="replace")
    runs = code == 0 or code is None and steps > 0 and (silent or bool(out.strip()))
    said = (
        error_in(lines)
        if code is not None
        else f"{steps:,} training steps in {limit:g} s of processor time, nothing printed"
    )
    return {
        "runs": runs,
        "code": code,
        "steps": steps,
        "said": "" if runs else said,
        "seconds": round(time.time() - start),
    }


def upgrade(script, limit, scratch):
    """Converts a script by tf_upgrade_v2 and runs it as it is; returns whether it runs, and its error."""
    upgraded = script.with_name("upgraded_" + script.name)
    tool = Path(sys.executable).with_name("tf_upgrade_v2")
    done = subprocess.run([tool, "--infile", script, "--outfile", upgraded, "--reportfile", scratch / "report.txt"],
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        return {"upgraded": False, "error": "tf_upgrade_v2: " + (done.stderr.strip().splitlines() or ["?"])[-1]}
    code, out, err = run([sys.executable, upgraded.name], script.parent, limit)
    upgraded.unlink()
    runs = code == 0 or code is None and bool(out.strip())
    lines = [line for line in err.splitlines() if line.strip()]
    return {"upgraded": runs, "error": "" if runs else error_in(lines)}


def error_in(lines):
    """Returns the line of stderr that names the error."""
    named = [line for line in lines if re.match(r"legacy-ports: |[\w.]+(Error|Exception|Iteration|Exit)\b", line)]
    return (named or lines or ["?"])[-1]


def table(rows):
    """Returns the table as Markdown."""
    said = ["# Public TensorFlow 1 scripts", ""]
    ours, theirs = sum(row["runs"] for row in rows), sum(row.get("upgraded", False) for row in rows)
    said += [f"{ours} of {len(rows)} scripts run unchanged by `legacy-ports exec`; {theirs} after `tf_upgrade_v2`."]
    said += ["A script runs if it ends by itself, or has done training steps and printed something by the time limit."]
    said += ["`(0 steps)` is a script that trains nothing by TensorFlow. What does not run ends in the line shown.", ""]
    for repository in SCRIPTS:
        mine = [row for row in rows if row["repository"] == repository]
        count = sum(row["runs"] for row in mine)
        upgraded = sum(row.get("upgraded", False) for row in mine)
        said += [f"## {repository}", "", f"{count} of {len(mine)} run; {upgraded} after `tf_upgrade_v2`.", ""]
        said += ["| script | `legacy-ports exec` | after `tf_upgrade_v2` |", "| --- | --- | --- |"]
        for row in mine:
            ours = f"runs ({row['steps']:,} steps)" if row["runs"] else row["said"]
            theirs = "runs" if row.get("upgraded") else row.get("error", "not tried")
            said.append(f"| `{row['script']}` | {cell(ours)} | {cell(theirs)} |")
        said.append("")
    return "\n".join(said)


def cell(text):
    """Returns a text as it may stand in a table: short, without paths of this machine."""
    words = re.sub(r"(https?://[^\s;]+)", r"<\1>", text.removeprefix("legacy-ports: ").replace("|", "\\|")).split()
    return " ".join(word.rsplit("/", 1)[-1] if word.startswith("/") else word for word in words)[:260]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="?", type=Path)
    parser.add_argument("--out", type=Path, default=Path("sweep.json"))
    parser.add_argument("--only", default="", help="scripts whose path has this text")
    parser.add_argument("--failed", action="store_true", help="only those that have not run yet")
    parser.add_argument("--limit", type=float, default=60, help="seconds of processor time for each script")
    parser.add_argument("--upgraded", action="store_true", help="run them after tf_upgrade_v2 instead")
    parser.add_argument("--table", type=Path, help="print the table of this file")
    args = parser.parse_args()
    if args.table:
        print(table(json.loads(args.table.read_text())))
        return
    rows = json.loads(args.out.read_text()) if args.out.exists() else []
    with tempfile.TemporaryDirectory() as scratch:
        for repository, pattern in SCRIPTS.items():
            checkout = args.checkouts / repository.replace("/", "+")
            for script in sorted(checkout.glob(pattern)):
                name = str(script.relative_to(checkout))
                row = next((r for r in rows if (r["repository"], r["script"]) == (repository, name)), None)
                if args.only not in f"{repository}/{name}" or name in MODULES or args.failed and row and row["runs"]:
                    continue
                if row is None:
                    rows.append(row := {"repository": repository, "script": name, "runs": False})
                row.update((upgrade if args.upgraded else execute)(script, args.limit, Path(scratch)))
                args.out.write_text(json.dumps(rows, indent=1))
                print(repository, name, row, flush=True)


if __name__ == "__main__":
    main()
