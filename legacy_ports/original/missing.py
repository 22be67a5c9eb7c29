"""Tells in one line what a script lacks: the name, the script's line, what replaced it and where to read on."""

import os
import re
import traceback
from types import ModuleType

from legacy_ports import UserError
from legacy_ports.original.modules import Missing, MissingModule, missing

# Packages whose names come and go. A name that one of them lacks is said to be gone, and no error of the script's.
KNOWN = ("tensorflow", "tf_keras", "keras", "numpy", "scipy", "matplotlib", "sklearn", "skimage", "gym", "pandas")


def said(error: BaseException, script: str) -> str | None:
    """Returns the line about an error; None: it is the script's own."""
    if isinstance(error, (UserError, Missing, MissingModule)):
        text = str(error)
    elif isinstance(error, AttributeError) and (owner := _owner(error)):
        text = str(missing(f"{owner}.{error.name}"))
    elif isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in KNOWN:
        text = str(missing(error.name or ""))
    elif not (text := _of_tensorflow(error)):
        return None
    return f"{_place(error, script)}{text}"


def _of_tensorflow(error: BaseException) -> str:
    """Returns what a session's error says of this machine or of a file; "" of another one: it is the script's own."""
    text = str(error)
    if match := re.search(r"was explicitly assigned to \S*(/device:\w+:\d+) but available devices", text):
        device = match[1]
        return (
            f"the script puts ops on {device}, which is not here; tf.ConfigProto(allow_soft_placement=True) moves them"
        )
    if match := re.search(r"Key (\S+) not found in checkpoint", text):
        return f"the checkpoint that the script restores has no {match[1]}: it is another model's"
    if match := re.search(r"Failed to find any matching files for (\S+)|(\S+\.data-\S+); No such file", text):
        return f"the checkpoint {match[1] or match[2]} is not here, or not all of it"
    return ""


def _owner(error: AttributeError) -> str | None:
    """Returns the name of the module of a known package that lacks an attribute, or of the class of a thing of one."""
    if isinstance(error.obj, ModuleType):
        name = error.obj.__name__
    else:
        kind = error.obj if isinstance(error.obj, type) else type(error.obj)
        name = f"{kind.__module__}.{kind.__name__}"
    name = name.replace("tensorflow._api.v2.compat.v1", "tensorflow").replace("tensorflow.compat.v1", "tensorflow")
    return name if name.split(".")[0] in KNOWN else None


def _place(error: BaseException, script: str) -> str:
    """Returns the last line of the script, or of a file beside it, that led to an error."""
    folder = os.path.dirname(os.path.abspath(script))
    here = [f for f in traceback.extract_tb(error.__traceback__) if os.path.abspath(f.filename).startswith(folder)]
    return f"{here[-1].filename}:{here[-1].lineno}: " if here else ""
