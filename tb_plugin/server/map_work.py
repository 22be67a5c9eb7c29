"""Computes the places of codes by UMAP or t-SNE, in a process of its own, because it takes all of Python for long.

python -m tb_plugin.server.map_work UMAP FOLDER

FOLDER has codes.npy, [N, D], and perhaps init.npy, [N, 2], where the points start. The process writes places.npy, and
prints its progress, 0 to 1, a line each time. It ends, and removes FOLDER, when its standard input is closed.
"""

import importlib
import importlib.util
import os
import re
import shutil
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = {"UMAP": ("umap",), "t-SNE": ("openTSNE", "sklearn")}  # those that are preferred first
MAX_POINTS = 10_000  # that are computed: half a minute; of more, a sample
MIN_POINTS = 10
NEAREST = 3  # points of the sample, between which another one is placed

Said = Callable[[float], None]


def library(method: str) -> str | None:
    """Returns the module that computes a method, or None if none is installed."""
    return next((name for name in LIBRARIES[method] if importlib.util.find_spec(name)), None)


def compute(method: str, codes: np.ndarray, init: np.ndarray | None, said: Said) -> np.ndarray:
    """Returns the places float32 [N, 2] of codes [N, D], by a library that is installed.

    Args:
      method: a key of LIBRARIES.
      codes: at least MIN_POINTS.
      init: where the points start, [N, 2], or None: at their principal components.
      said: called with the progress, 0 to 1.
    """
    rows = np.arange(len(codes))
    if len(codes) > MAX_POINTS:
        rows = np.sort(np.random.default_rng(0).choice(len(codes), MAX_POINTS, replace=False))
    some = np.ascontiguousarray(codes[rows])
    start = None if init is None else init[rows].astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries: about threads, and duplicates
        made = {"umap": _umap, "openTSNE": _opentsne, "sklearn": _sklearn}[str(library(method))](some, start, said)
    made = made if start is None else onto(made, start)
    if len(rows) == len(codes):
        return np.asarray(made, np.float32)
    neighbors = importlib.import_module("sklearn.neighbors").NearestNeighbors(n_neighbors=NEAREST).fit(some)
    distances, nearest = neighbors.kneighbors(codes)
    weights = 1 / np.maximum(distances, np.finfo(np.float32).tiny)
    weights /= weights.sum(axis=1, keepdims=True)
    places = np.einsum("ij,ijk->ik", weights, made[nearest])
    places[rows] = made
    return places.astype(np.float32)


def onto(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns places [N, 2], moved, turned, mirrored and scaled as a whole, as near to others [N, 2] as they come."""
    centered, target = places - places.mean(axis=0), others - others.mean(axis=0)
    left, sizes, right = np.linalg.svd(centered.T @ target)
    scale = sizes.sum() / (np.square(centered).sum() or 1.0)
    return scale * centered @ (left @ right) + others.mean(axis=0)


def _umap(codes: np.ndarray, start: np.ndarray | None, said: Said) -> np.ndarray:
    sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type] # umap would import it, for what is not used here
    umap: Any = importlib.import_module("umap")

    class Bar:
        """The file of its progress bar."""

        def write(self, text: str) -> None:
            if found := re.search(r"(\d+)%", text):
                said(int(found[1]) / 100)

        def flush(self) -> None:
            pass

    fit = umap.UMAP(
        n_neighbors=min(15, len(codes) - 1),
        init="pca" if start is None else start,
        random_state=0,
        n_jobs=1,
        verbose=True,
        tqdm_kwds={"file": Bar(), "mininterval": 0.2},
    )
    return fit.fit_transform(codes)


def _opentsne(codes: np.ndarray, start: np.ndarray | None, said: Said) -> np.ndarray:
    iterations = {"early": 250, "late": 500}
    count = 0

    def every(*_: Any) -> None:
        nonlocal count
        count += 10
        said(min(1.0, count / sum(iterations.values())))

    fit = importlib.import_module("openTSNE").TSNE(
        perplexity=_perplexity(codes),
        early_exaggeration_iter=iterations["early"],
        n_iter=iterations["late"],
        initialization="pca" if start is None else _small(start),
        random_state=0,
        callbacks=every,
        callbacks_every_iters=10,
    )
    return np.asarray(fit.fit(codes))


def _sklearn(codes: np.ndarray, start: np.ndarray | None, said: Said) -> np.ndarray:
    init = "pca" if start is None else _small(start).astype(np.float32)
    return (
        importlib.import_module("sklearn.manifold")
        .TSNE(perplexity=_perplexity(codes), init=init, random_state=0)
        .fit_transform(codes)
    )


def _perplexity(codes: np.ndarray) -> float:
    return min(30.0, (len(codes) - 1) / 3)


def _small(start: np.ndarray) -> np.ndarray:
    """Returns places around 0, as near to each other as t-SNE starts."""
    centered = start - start.mean(axis=0)
    return 1e-4 * centered / (centered[:, 0].std() or 1.0)


def _end_with_parent(folder: Path) -> None:
    os.read(0, 1)  # not by sys.stdin, whose lock a thread must not hold at the end of Python
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def main(method: str, folder: str) -> None:
    """Runs the process."""
    path = Path(folder)
    threading.Thread(target=_end_with_parent, args=(path,), daemon=True).start()
    init = path / "init.npy"
    pipe, sys.stdout = sys.stdout, sys.stderr  # the libraries print, too
    made = compute(
        method,
        np.load(path / "codes.npy"),
        np.load(init) if init.exists() else None,
        lambda share: print(f"{share:.2f}", file=pipe, flush=True),
    )
    if not np.isfinite(made).all():
        raise ValueError("it found no finite places")
    np.save(path / "places.npy", made)


if __name__ == "__main__":
    main(*sys.argv[1:])
