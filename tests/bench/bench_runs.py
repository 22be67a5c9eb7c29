"""What a step of a whole run costs, logging, checkpoints and figures included, beside JAX's scan of the same steps.

    python tests/bench/bench_runs.py [PORT…] [--rounds N] [--json FILE]

A long run's wall clock less a short one's, by their difference in steps. Between two runs of the kit JAX trains. The
last columns are of default runs: their wall clock, and that less the steps and TensorFlow's import, which are timed
after each.
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

from legacy_ports import ports

LENGTHS = {"vandenburg": (1000, 9000), "mathybit_conv": (50, 250)}  # steps of the short and of the long run
OTHERS = (100, 900)


def seconds(*words):
    """Returns the seconds of a Python process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - began


def run(port, *options):
    """Returns the seconds of a run on the bundled digits, from the command to its last line, and its manifest."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", port, "--data", "bundled", "--quiet", "--logdir", folder, "--name", "a", *options]
        took = seconds("-m", "legacy_ports", *words)
        return took, json.loads(Path(folder, port, "a", "run.json").read_text())


def default_run(port, args, batches):
    """Returns what default runs take, by turns with their steps alone and with TensorFlow's import."""
    found = {"wall_s": [], "import_s": [], "step_ms": [], "beyond_s": []}
    kit = Candidate(sys.executable, "kit.py", ports.facts(port).engine, port, args.threads, batches)
    kit.answer()
    for _ in range(args.rounds):
        wall, manifest = run(port)
        step = np.median([kit.turn() for _ in range(9)]) / STEPS[port]
        imported = seconds("-c", "import legacy_ports.tf1")
        beyond = wall - imported - manifest["steps"] * step
        for times, value in zip(found.values(), (wall, imported, 1000 * step, beyond)):
            times.append(value)
    kit.close()
    return {"steps": manifest["steps"], **found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ports", nargs="*", default=list(NETWORKS), metavar="PORT")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    kept = {"machine": machine(), "rounds": args.rounds, "ports": {}}
    print("| port | session, ms per step | auto | JAX, scan | auto / JAX | default run | beyond steps |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
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
                    one, other = (run(port, "--steps", str(n), "--engine", engine)[0] for n in (long, short))
                    found[engine].append(1000 * (one - other) / (long - short))
                turns = max(1, (long - short) // STEPS[port])
                found["JAX, scan"].append(1000 * sum(jax.turn() for _ in range(turns)) / (turns * STEPS[port]))
            jax.close()
            default = default_run(port, args, file.name)
        kept["ports"][port] = {"steps": [short, long], "ms": found, "default_run": default}
        session, auto, scan = (np.median(times) for times in found.values())
        ratio = np.median(np.array(found["auto"]) / found["JAX, scan"])
        wall, beyond = (f"{np.median(default[name]):.1f} s" for name in ("wall_s", "beyond_s"))
        row = [f"{session:.3g}", f"{auto:.3g}", f"{scan:.3g}", f"{ratio:.2f}", wall, beyond]
        print(f"| `{port}` | {' | '.join(row)} |", flush=True)
        if args.json:
            args.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
