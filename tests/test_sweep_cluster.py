"""Sweeps on a Dask cluster: a real scheduler and three real worker processes on the loopback interface."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from distributed import Client
from helpers import sweeps

from legacy_ports import RunError, UserError, cli
from legacy_ports.run.manifest import read_manifest
from legacy_ports.sweep import plan
from legacy_ports.sweep.cluster import on_cluster

pytestmark = pytest.mark.slow


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self.folder = f"tcp://127.0.0.1:{self.port}", folder
        here = Path(__file__).parent
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)]),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2",
        }
        self.processes = []
        self.start_scheduler()

    def start(self, *words):
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            cwd=self.folder,
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def start_scheduler(self):
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = self.start("scheduler", *words)

    def start_worker(self, *words):
        """Starts a worker, which has a nanny: a process that starts it again where it dies."""
        return self.start("worker", self.address, "--nthreads", "1", "--no-dashboard", *words)

    def wait_for_workers(self, count):
        """Waits until the scheduler answers, and has so many."""
        with Client(self.address, timeout=300) as client:
            while len(client.scheduler_info()["workers"]) < count:
                time.sleep(0.1)

    def stop(self):
        for process in self.processes:
            for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
                child.kill()
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    cluster.wait_for_workers(0)
    yield cluster
    cluster.stop()


def the_process_at(task):
    """Waits until a run is under way, and returns its process."""
    while not (task.folder / "run.json").exists():
        time.sleep(0.01)
    lock = str(task.folder / ".lock")
    while True:
        for process in psutil.process_iter():
            try:
                if any(file.path == lock for file in process.open_files()):
                    return process
            except psutil.Error:
                continue


def later(work, *args):
    """Does work in a thread; what it raises is raised by `join`."""
    thread = threading.Thread(target=work, args=args)
    thread.start()
    return thread


def test_a_sweep_on_three_workers(cluster, tmp_path):
    for _ in range(3):
        cluster.start_worker()
    tasks = [sweeps.task(tmp_path, seed) for seed in range(12)] + [sweeps.task(tmp_path, 0, does="fails")]
    found = {result.name: result for result in on_cluster(tasks, sweeps.toy, cluster.address)}
    assert [found[task.name].status for task in tasks] == ["completed"] * 12 + ["failed"]
    assert found[tasks[-1].name].reason == "the loss is NaN at step 10"
    assert len({read_manifest(task.folder)["pid"] for task in tasks[:12]}) > 1
    assert {result.status for result in on_cluster(tasks[:12], sweeps.toy, cluster.address)} == {"kept"}


@pytest.mark.parametrize("nanny", ["--nanny", "--no-nanny"])
def test_a_worker_is_killed_in_the_middle(cluster, tmp_path, nanny):
    for _ in range(3):
        cluster.start_worker(nanny)
    tasks = [sweeps.task(tmp_path, seed, does="is slow") for seed in range(9)]
    killer = later(lambda: the_process_at(tasks[0]).kill())
    found = list(on_cluster(tasks, sweeps.toy, cluster.address))
    killer.join()
    assert [result.status for result in found] == ["completed"] * 9
    assert len(read_manifest(tasks[0].folder)["resumed"]) == 1
    alive = [process.poll() is None for process in cluster.processes[1:]]
    assert sum(alive) == (3 if nanny == "--nanny" else 2)


def test_a_nanny_starts_its_worker_again(cluster, tmp_path):
    """There is one worker: without its nanny nobody could go on."""
    cluster.start_worker("--nanny")
    task = sweeps.task(tmp_path, 0, does="kills once")
    (found,) = on_cluster([task], sweeps.toy, cluster.address)
    assert found.status == "completed"
    assert read_manifest(task.folder)["resumed"] == [sweeps.STEPS // 2]


def test_a_run_that_kills_each_worker_is_given_up(cluster, tmp_path):
    for _ in range(3):
        cluster.start_worker("--nanny")
    tasks = [sweeps.task(tmp_path, 0, does="kills"), *(sweeps.task(tmp_path, seed) for seed in range(1, 4))]
    found = {result.name: result for result in on_cluster(tasks, sweeps.toy, cluster.address)}
    assert found[tasks[0].name].status == "failed"
    # A result is lost with the worker that has it; its run is not.
    assert {found[task.name].status for task in tasks[1:]} <= {"completed", "kept"}
    assert "it killed each worker that took it" in found[tasks[0].name].reason


def test_the_scheduler_is_started_again(cluster, tmp_path):
    for _ in range(3):
        cluster.start_worker("--nanny")
    tasks = [sweeps.task(tmp_path, seed, does="is slow") for seed in range(12)]

    def restart():
        while sum(plan.state(task) == "completed" for task in tasks) < 3:
            time.sleep(0.02)
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        cluster.start_scheduler()
        for _ in range(3):  # the workers ended with their scheduler, as Dask has it
            cluster.start_worker("--nanny")

    restarter = later(restart)
    found = {result.name: result.status for result in on_cluster(tasks, sweeps.toy, cluster.address)}
    restarter.join()
    assert set(found) == {task.name for task in tasks}
    assert set(found.values()) <= {"completed", "kept"}
    assert [plan.state(task) for task in tasks] == ["completed"] * 12


def test_the_scheduler_is_lost_for_good(cluster, tmp_path):
    cluster.start_worker("--nanny")
    cluster.wait_for_workers(1)
    tasks = [sweeps.task(tmp_path, seed, does="is slow") for seed in range(3)]
    results = on_cluster(tasks, sweeps.toy, cluster.address, wait=10)
    assert next(results).status == "completed"
    cluster.scheduler.kill()
    with pytest.raises(RunError, match="was lost; the same command goes on"):
        list(results)


def test_workers_with_threads_and_schedulers_that_are_none(cluster, tmp_path, capsys):
    with pytest.raises(UserError, match="no scheduler answers at tcp://127.0.0.1:9"):
        list(on_cluster([sweeps.task(tmp_path, 0)], sweeps.toy, "tcp://127.0.0.1:9", wait=2))
    with pytest.raises(UserError, match="no scheduler answers at here"):
        list(on_cluster([sweeps.task(tmp_path, 0)], sweeps.toy, "here", wait=2))
    cluster.start("worker", cluster.address, "--nthreads", "2", "--no-dashboard")
    cluster.wait_for_workers(1)
    with pytest.raises(UserError, match="has 2 threads, and a run needs a process of its own"):
        list(on_cluster([sweeps.task(tmp_path, 0)], sweeps.toy, cluster.address))


def test_a_worker_that_writes_where_nobody_looks(cluster, tmp_path):
    cluster.start_worker()
    task = sweeps.task(tmp_path, 0)
    elsewhere = sweeps.task(tmp_path / "elsewhere", 0)
    (found,) = on_cluster([task._replace(words=elsewhere.words)], sweeps.toy, cluster.address)
    assert found.status == "failed"
    assert "run.json" in found.reason


def test_real_runs_with_a_worker_killed_are_the_runs_that_nobody_touched(cluster, tmp_path, capsys):
    for _ in range(3):
        cluster.start_worker("--nanny")
    words = ["vandenburg", "--data", "bundled", "--steps", "400", "--save-every", "20", "--latent-points", "20"]
    first = plan.Task("vandenburg", tmp_path / "sweep/vandenburg/seed=0", [], {})
    killer = later(lambda: the_process_at(first).kill())
    logdir = ["--logdir", str(tmp_path / "sweep")]
    assert cli.main(["sweep", *words, "--seeds", "0:4", *logdir, "--scheduler", cluster.address]) == 0
    killer.join()
    assert "4 of 4 runs completed" in capsys.readouterr().out
    assert cli.main(["run", *words, "--logdir", str(tmp_path), "--name", "alone"]) == 0
    ours, alone = (read_manifest(Path(folder)) for folder in (first.folder, tmp_path / "vandenburg/alone"))
    assert ours["curve"]["mean_loss"] == pytest.approx(alone["curve"]["mean_loss"], rel=1e-5)
    assert signal.getsignal(signal.SIGINT) is not None
