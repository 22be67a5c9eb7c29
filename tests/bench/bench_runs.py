"""What a step of a whole run costs, logging, checkpoints and figures included, beside JAX's scan of the same steps.

    python tests/bench/bench_runs.py [PORT…] [--rounds N] [--json FILE]

A long run's wall clock less a short one's, by their difference in steps. Between two runs of the kit JAX trains.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_peers import NETWORKS, STEPS, Candidate, batches_of, machine

LENGTHS = {"vandenburg": (1000, 9000)}  # steps of the short and of the long run
OTHERS = (100, 900)


def run(port, steps, engine):
    """Returns the seconds of a run, from the command to its last line."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", port, "--steps", str(steps), "--data", "bundled", "--engine", engine, "--quiet"]
        began = time.perf_counter()
        command = [sys.executable, "-m", "legacy_ports", *words, "--logdir", folder]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ports", nargs="*", default=list(NETWORKS), metavar="PORT")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    kept = {"machine": machine(), "rounds": args.rounds, "ports": {}}
    print("| port | session, ms per step | auto, ms per step | JAX, scan, ms per step | auto / JAX |")
    print("| --- | --- | --- | --- | --- |")
    for port in args.ports:
        short, long = LENGTHS.get(port, OTHERS)
        found = {"session": [], "auto": [], "JAX, scan": []}
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file, batches_of(port))
            file.flush()
            jax = Candidate(sys.executable, "jax_optax.py", "scan", port, args.threads, file.name)
            jax.answer()
            for _ in range(args.rounds):
                for engine in ("session", "auto"):
                    took = run(port, long, engine) - run(port, short, engine)
                    found[engine].append(1000 * took / (long - short))
                turns = max(1, (long - short) // STEPS[port])
                found["JAX, scan"].append(1000 * sum(jax.turn() for _ in range(turns)) / (turns * STEPS[port]))
            jax.close()
        kept["ports"][port] = {"steps": [short, long], "ms": found}
        session, auto, scan = (np.median(times) for times in found.values())
        ratio = np.median(np.array(found["auto"]) / found["JAX, scan"])
        print(f"| `{port}` | {session:.3g} | {auto:.3g} | {scan:.3g} | {ratio:.2f} |", flush=True)
        if args.json:
            args.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
