"""Milliseconds per training step: the kit's engines beside PyTorch, JAX, Keras 3, TensorFlow 1, and two limits.

    python tests/bench/bench_peers.py [PORT…] [--turns N] [--threads N] [--batch-size N] [--only PEER…] [--json FILE]

Each candidate is a process of its own (tests/bench/peers), prepared and compiled before the clock starts. They train by
turns, all on the same batches of real digits, each fetching each loss. The ratio to the kit's engine is taken turn by
turn. TensorFlow 1 takes part where $LEGACY_PORTS_PERIOD has the environments of `tox -e period`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

PEERS = Path(__file__).parent / "peers"
sys.path.insert(0, str(PEERS))
from networks import BATCH, NETWORKS  # noqa: E402

CANDIDATES = {
    "the kit, session": ("kit.py", "session"),
    "the kit, fused": ("kit.py", "fused"),
    "PyTorch, eager": ("pytorch.py", "eager"),
    "PyTorch, fused Adam": ("pytorch.py", "eager, fused"),
    "PyTorch, compiled": ("pytorch.py", "compiled"),
    "JAX, jitted step": ("jax_optax.py", "step"),
    "JAX, scan": ("jax_optax.py", "scan"),
    "Keras 3, TensorFlow, train_on_batch": ("keras3.py", "tensorflow,batches"),
    "Keras 3, TensorFlow, fit": ("keras3.py", "tensorflow,fit"),
    "Keras 3, JAX, fit": ("keras3.py", "jax,fit"),
    "limit: products": ("limits.py", "products"),
    "limit: update": ("limits.py", "update"),
}
STEPS = {"vandenburg": 200, "kajuvonen": 100, "smith": 50, "mathybit_dense": 100, "mathybit_conv": 10}  # of a turn


class Candidate:
    """A process that trains when it is asked to."""

    def __init__(self, python, file, candidate, port, threads, batches):
        words = [python, PEERS / file, port, candidate, str(threads), batches]
        env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        for name in ("OMP_NUM_THREADS", "TF_ENABLE_ONEDNN_OPTS", "TF_USE_LEGACY_KERAS"):
            env.pop(name, None)  # legacy_ports sets them; a peer has its own defaults
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(words, env=env, text=True, bufsize=1, **pipes)

    def answer(self):
        """Returns the seconds that the process prints; None if it ended instead."""
        line = self._process.stdout.readline()
        try:
            return float(line)
        except ValueError:
            return None

    def turn(self):
        """Returns the seconds of one turn."""
        self._process.stdin.write("\n")
        return self.answer()

    def peak(self):
        """Returns the largest memory that the process had, in MB (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))

    def close(self):
        """Ends the process; returns the last line that it said on stderr."""
        self._process.stdin.close()
        self._process.wait(60)
        self._errors.seek(0)
        return (self._errors.read().strip().splitlines() or [""])[-1]


def batches_of(port, batch_size=None):
    """Returns the batches of a turn, float32 [K, N, ...]: real digits in the port's order, about as many for any N."""
    from legacy_ports import ports
    from legacy_ports.data import mnist

    assert ports.post_options(port)["batch_size"] == BATCH[port]
    size = batch_size or BATCH[port]
    feed, _ = ports.load(port).feed(mnist.load("full" if size > 4000 else "bundled"), size, 0)
    return np.stack([next(feed) for _ in range(max(2, STEPS[port] * BATCH[port] // size))])


def measure(port, turns, threads, batch_size=None, only=CANDIDATES):
    """Returns the times of the kit and of `only`: {name: {prepared_s, ms: of each turn}}, or {name: {missing: why}}."""
    batches = batches_of(port, batch_size)
    wanted = {name: how for name, how in CANDIDATES.items() if name in only or name.startswith("the kit")}
    candidates = {name: (sys.executable, *how) for name, how in wanted.items()}
    keras = port.startswith("mathybit")
    old = Path(os.environ.get("LEGACY_PORTS_PERIOD", "")) / ("tf1.10" if keras else "tf1.4") / "bin" / "python"
    if old.is_file() and only is CANDIDATES:
        name = "TensorFlow 1.10, Keras 2.2.2" if keras else "TensorFlow 1.4"
        candidates[name] = (str(old), "tensorflow1.py", "keras" if keras else "session")
    found, ready = {}, {}
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, batches)
        file.flush()
        for name, (python, *how) in candidates.items():  # one after the other: compiling takes all cores
            process = Candidate(python, *how, port, threads, file.name)
            prepared = process.answer()
            if prepared is None:
                found[name] = {"missing": process.close()}
            else:
                ready[name], found[name] = process, {"prepared_s": prepared, "ms": []}
            print(f"{port}: {name} {'is missing' if prepared is None else f'prepared in {prepared:.1f} s'}", flush=True)
        for _ in range(turns):
            for name, process in ready.items():
                found[name]["ms"].append(1000 * process.turn() / len(batches))
        for name, process in ready.items():
            found[name]["peak_mb"] = process.peak()
            process.close()
    return found


def table(port, found, own):
    """Returns the table of one port in Markdown. Ratios are to `own`, turn by turn."""
    lines = [
        f"| `{port}` | ms per step | times the kit's | spread | compiled in | peak memory |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    base = np.array(found[own]["ms"])
    for name, result in found.items():
        if "missing" in result:
            lines.append(f"| {name} | - | {result['missing']} | | | |")
            continue
        ratios = np.array(result["ms"]) / base
        low, high = np.quantile(ratios, [0.25, 0.75])
        lines.append(
            f"| {name} | {np.median(result['ms']):.3g} | {np.median(ratios):.2f} | {low:.2f} to {high:.2f} "
            f"| {result['prepared_s']:.1f} s | {result['peak_mb']:.0f} MB |"
        )
    return "\n".join(lines)


def machine():
    """Returns what the times depend on."""
    model = next(
        (s.split(":")[1].strip() for s in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in s), ""
    )
    packages = {name: version(name) for name in ("tensorflow", "torch", "jax", "optax", "keras")}
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version(), **packages}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ports", nargs="*", default=list(NETWORKS), metavar="PORT")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch-size", type=int, help="of all ports (default: each post's)")
    parser.add_argument("--only", nargs="+", choices=CANDIDATES, default=CANDIDATES, metavar="PEER")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    from legacy_ports import ports

    kept = {
        "machine": machine(),
        "threads": args.threads,
        "turns": args.turns,
        "batch_size": args.batch_size,
        "ports": {},
    }
    for port in args.ports:
        found = kept["ports"][port] = measure(port, args.turns, args.threads, args.batch_size, args.only)
        print(table(port, found, f"the kit, {ports.facts(port).engine}"), flush=True)
        if args.json:
            args.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
