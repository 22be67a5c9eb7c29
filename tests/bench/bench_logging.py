"""What logging the largest latent spaces costs: seconds and bytes of a step; figures, not verdicts.

python tests/bench/bench_logging.py
"""

import resource
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from tb_plugin.summary import LatentWriter

SIZES = {
    "100,000 x 768 codes": (100_000, 768, None),
    "1,000,000 x 2 codes": (1_000_000, 2, None),
    "200,000 x 2 codes, images of 64 x 64 x 3": (200_000, 2, (64, 64, 3)),
}


def images(points, shape):
    """Returns images uint8 that compress about as photographs do: smooth, with noise."""
    random = np.random.default_rng(0)
    some = np.linspace(0, 200, shape[0])[:, None, None] + random.integers(0, 55, (1000, *shape))
    return np.resize(some.astype(np.uint8), (points, *shape))


def main():
    warnings.simplefilter("ignore")
    print("| logged | first step | each other step |\n| --- | --- | --- |")
    for size, (points, dims, shape) in SIZES.items():
        codes = np.random.default_rng(0).standard_normal((points, dims), np.float32)
        pictures = None if shape is None else images(points, shape)
        cells = []
        with tempfile.TemporaryDirectory() as folder, LatentWriter(folder) as writer:
            (path,) = Path(folder).iterdir()
            for step in range(2):
                before, start = path.stat().st_size, time.perf_counter()
                writer.add("codes", step, codes, images=pictures if step == 0 else None)
                seconds, grown = time.perf_counter() - start, path.stat().st_size - before
                cells.append(f"{grown / 1e6:,.0f} MB, {seconds:.1f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"| {size} | {' | '.join(cells)} |  <!-- peak of the process until here: {peak:.1f} GB -->", flush=True)


if __name__ == "__main__":
    main()
