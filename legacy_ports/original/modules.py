"""Gives a script the modules of TensorFlow 1's time, by way of `import`, and refuses those that are gone in one line.

Only imports from the script and the files beside it are redirected. Installed packages, TensorFlow itself among them,
go on importing the real modules.
"""

import builtins
import functools
import importlib
import inspect
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from legacy_ports.original.names import ALIASES, GONE, MODULES, MOVED, NUMPY


class Missing(AttributeError):
    """A name that nothing stands in for. An AttributeError, because the script may expect one."""


class MissingModule(ImportError):
    """The same in an import."""


def shown(name: str) -> str:
    """Returns a name as scripts write it."""
    return "tf" + name.removeprefix("tensorflow") if name.split(".")[0] == "tensorflow" else name


def missing(name: str) -> Missing:
    """Returns the error for a name: what replaced it, and where to read on."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        if ".".join(parts[:n]) in GONE:
            instead, page = GONE[".".join(parts[:n])]
            return Missing(f"{shown(name)} is gone; instead: {instead}; see {page}")
    if parts[0] == "tensorflow":
        return Missing(
            f"{shown(name)} is none of the names that tf.compat.v1 has kept; see "
            "https://www.tensorflow.org/api_docs/python/tf/compat/v1"
        )
    return Missing(f"{name} is not here; see https://pypi.org/project/{parts[0]}")


class Names(ModuleType):
    """A module of TensorFlow 1's time, whose names are found as the tables say."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__version__", "__git_version__"):
            raise AttributeError(name)
        value = find(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        below = {full.split(".")[-1] for full in (*MODULES, *ALIASES) if full.rpartition(".")[0] == self.__name__}
        return sorted(below.union(*(dir(load(home)) for home in MODULES.get(self.__name__, ()))))


_made: dict[str, Names] = {}


def find(name: str) -> Any:
    """Returns what a full name, e.g. tensorflow.contrib.rnn.LSTMCell, stands for.

    Raises:
      Missing: nothing.
    """
    if name in ALIASES:
        return load(ALIASES[name])
    if name in MODULES:
        return _made.setdefault(name, Names(name))
    parent, _, last = name.rpartition(".")
    for home in MODULES.get(parent, (parent,)):
        try:
            return getattr(load(home), last)
        except AttributeError:
            continue
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] == "tf_slim":
                raise Missing(f"{shown(name)} needs the extra `exec`; type: pip install 'legacy-ports[exec]'") from None
            raise
    raise missing(name)


def load(name: str) -> Any:
    """Returns a real module, or a name in one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError as error:
            if not name.startswith(error.name or "?") or n == 1:
                raise
            continue
        for part in parts[n:]:
            value = getattr(value, part)
        return value


def _redirected(name: str) -> bool:
    root = name.split(".")[0]
    return root in ("tensorflow", "keras", "magenta") or f"{name}.".startswith("scipy.misc.")


def _import(name: str) -> Any:
    """Returns the module that a name stands for."""
    try:
        return find(name)
    except Missing:
        if not name.startswith("tensorflow.python."):
            raise
    try:
        return importlib.import_module(name)  # a part of TensorFlow's inside that nothing has imported yet
    except ModuleNotFoundError:
        raise missing(name) from None


def install(script: Path, renamed: dict[str, str]) -> None:
    """Redirects the imports of a script and of the files beside it, and puts NumPy's old names back.

    Args:
      script: the script.
      renamed: modules with other names, e.g. of Python 2.
    """
    real = builtins.__import__
    folder = str(script.resolve().parent)
    installed = tuple({str(Path(place).resolve()) for place in sys.path if place.endswith("-packages")})

    def belongs(importer: dict[str, Any]) -> bool:
        file = os.path.abspath(importer.get("__file__") or "/")
        return importer.get("__name__") == "__main__" or file.startswith(folder) and not file.startswith(installed)

    def imported(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        try:
            return find_and_load(name, globals, locals, fromlist, level)
        except Missing as error:
            raise MissingModule(str(error)) from None

    def find_and_load(name: str, globals: Any, locals: Any, fromlist: Any, level: int) -> Any:
        if level or not belongs(globals or {}):
            return real(name, globals, locals, fromlist, level)
        if name in renamed:
            return importlib.import_module(renamed[name])
        if not _redirected(name):
            try:
                module = real(name, globals, locals, fromlist, level)
            except ModuleNotFoundError as error:
                raise missing(error.name or name) from None
            if name.startswith("sklearn"):
                _rename_in_sklearn()
            return module
        found = _import(name)
        wanted = dir(found) if "*" in (fromlist or ()) else fromlist or ()
        for each in wanted:  # now: Python would put an error of its own in the place of Missing
            if not hasattr(sys.modules.get(f"{name}.{each}"), "__file__"):
                _attribute(found, name, each)
        if fromlist:
            return found
        top, _, below = name.partition(".")
        if top == "scipy":
            vars(scipy := real("scipy"))[below] = found
            return scipy
        return find(top)

    builtins.__import__ = imported
    _put_back()


def _put_back() -> None:
    """Puts names back that NumPy and TensorFlow's inside have lost, where nothing else has taken them."""
    import numpy as np

    for name, value in NUMPY.items():
        if name not in vars(np):
            setattr(np, name, load(value))
    for name, now in MOVED.items():
        module, _, last = name.rpartition(".")
        if not hasattr(load(module), last):
            setattr(load(module), last, load(now))
    reshape = np.reshape
    if "newshape" not in inspect.signature(reshape).parameters:  # from NumPy 2.4 on
        np.reshape = lambda a, *args, **kwargs: reshape(
            a, *args, **{"shape" if key == "newshape" else key: value for key, value in kwargs.items()}
        )


def _rename_in_sklearn() -> None:
    """Lets TSNE take `n_iter`, which scikit-learn 1.5 renamed to `max_iter`."""
    tsne = getattr(sys.modules.get("sklearn.manifold"), "TSNE", None)
    if tsne is None or "n_iter" in inspect.signature(tsne).parameters:
        return
    begin = tsne.__init__

    @functools.wraps(begin)  # scikit-learn reads the signature
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **{"max_iter" if key == "n_iter" else key: value for key, value in kwargs.items()})

    if not hasattr(begin, "__wrapped__"):
        tsne.__init__ = __init__


def _attribute(module: Any, name: str, attribute: str) -> None:
    try:
        getattr(module, attribute)
    except Missing:
        raise
    except AttributeError:
        with suppress(ModuleNotFoundError):  # a module that nothing has imported yet
            importlib.import_module(f"{name}.{attribute}")
            return
        raise missing(f"{name}.{attribute}") from None
