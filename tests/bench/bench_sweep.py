"""What the runs of a sweep cost on one machine and on a Dask cluster: seconds and CPU seconds per run.

    PYTHONPATH=tests python tests/bench/bench_sweep.py --out docs/results/sweep_speed.json

From the first result to the last one, so without the start of the processes. "nothing" are runs that only write their
run.json: what is left is the price of handing runs out. CPU time is that of this process and all that it started.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from helpers import sweeps

from legacy_ports import cli
from legacy_ports.sweep import plan, workers
from legacy_ports.sweep.cluster import on_cluster
from legacy_ports.sweep.workers import on_this_machine

WORKERS = 2
STEPS = 500


def nothing(folder: Path, count: int) -> tuple[list[plan.Task], Any]:
    return [sweeps.task(folder, seed, does="nothing") for seed in range(count)], sweeps.toy


def vandenburg(folder: Path, count: int) -> tuple[list[plan.Task], Any]:
    words = ["vandenburg", "--data", "bundled", "--steps", str(STEPS), "--latent-points", "100", "--threads", "1"]
    args = cli.parser().parse_args(["sweep", *words, "--seeds", f"0:{count}"])
    return cli.sweep.tasks(args.command.args[0], args, folder, "bundled"), cli.main


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Starts a scheduler and workers; yields the scheduler's address."""
    dask = [sys.executable, "-m", "distributed.cli.dask_"]
    file = folder / "scheduler.json"
    words = ([*dask[:2], dask[2] + "scheduler", "--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0"],)
    words += ([*dask[:2], dask[2] + "worker", "--scheduler-file", str(file), "--nthreads", "1"],) * WORKERS
    processes = [subprocess.Popen([*one, "--no-dashboard"], cwd=folder, stderr=subprocess.DEVNULL) for one in words]
    try:
        while not file.exists():
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in processes:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()


def cpu() -> float:
    """Returns the CPU seconds of this process and of all that it started and that live."""
    me = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (me, *me.children(recursive=True)))


def measure(count: int, results: Iterator[Any]) -> dict[str, float]:
    times = []
    for found in results:
        assert found.status == "completed", found.line
        times.append((time.monotonic(), cpu()))
    seconds, of_cpu = (times[-1][k] - times[0][k] for k in (0, 1))
    runs = count - 1
    return {
        "runs": count,
        "seconds": seconds / runs,
        "cpu_seconds": of_cpu / runs,
        "runs_per_hour": 3600 * runs / seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=12, help="of vandenburg, in each way; 20 times as many of nothing")
    args = parser.parse_args()
    found: dict[str, Any] = {"cores": os.cpu_count(), "load": os.getloadavg()[1], "steps": STEPS}
    kinds: tuple[tuple[Callable[..., Any], int], ...] = ((nothing, 20 * args.runs), (vandenburg, args.runs))
    for kind, count in kinds:
        for how in ("1 job", "2 jobs", f"Dask, {WORKERS} workers"):
            workers._counts.clear()  # the runs of nothing have set no threads
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                tasks, call = kind(folder / "runs", count)
                if how.startswith("Dask"):
                    with cluster(folder) as address:
                        found[f"{kind.__name__}, {how}"] = measure(count, on_cluster(tasks, call, address))
                else:
                    results = on_this_machine(tasks, call, int(how.split()[0]))
                    found[f"{kind.__name__}, {how}"] = measure(count, results)
            print(kind.__name__, how, found[f"{kind.__name__}, {how}"], flush=True)
            args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
