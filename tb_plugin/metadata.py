"""The metadata of a latent space: plugin name, format version, and the two time series that store it.

A latent space that is logged as NAME becomes two time series of blob sequences:

    NAME/latent       kind "steps": one record per logged step
    NAME/latent_once  kind "once": the record of the first step again, with the parts that are logged once per run

TensorBoard samples the steps of each series separately and always keeps the last one. The series "once" keeps the first
step. The plugin data of both series is JSON, `{"version": 1, "kind": "steps" | "once"}`. `codec` describes the records.

A run that is started again at an earlier step logs a second generation, in series of its own: NAME/latent.1 and
NAME/latent_once.1. It replaces the steps of the generations before from its own first step on. They cannot share a
series, because TensorBoard's Python loader would then return the old data for a step that has both.
"""

import json
import re

from tensorboard.compat.proto import summary_pb2

PLUGIN_NAME = "latent"
VERSION = 1
STEPS, ONCE = "steps", "once"
KINDS = (STEPS, ONCE)
SUFFIXES = {STEPS: "/latent", ONCE: "/latent_once"}


class FormatError(ValueError):
    """An error in stored data: it is damaged, or its format is newer than this version of the plugin."""


def summary_metadata(kind: str, display_name: str = "", description: str = "") -> summary_pb2.SummaryMetadata:
    """Returns the metadata of a time series of `kind`, STEPS or ONCE; the description is Markdown."""
    return summary_pb2.SummaryMetadata(
        display_name=display_name,
        summary_description=description,
        # TensorBoard's Rust data server silently drops data whose class is not set.
        data_class=summary_pb2.DATA_CLASS_BLOB_SEQUENCE,
        plugin_data=summary_pb2.SummaryMetadata.PluginData(
            plugin_name=PLUGIN_NAME, content=json.dumps({"version": VERSION, "kind": kind}).encode()
        ),
    )


def tag_of(name: str, kind: str, generation: int = 0) -> str:
    """Returns the tag of a series."""
    return name + SUFFIXES[kind] + (f".{generation}" if generation else "")


def tag_pattern(name: str, *kinds: str) -> re.Pattern[str]:
    """Returns a pattern of the tags of `name`, of any generation, which is its group 1 (None if it is the first)."""
    suffixes = "|".join(SUFFIXES[kind] for kind in kinds)
    return re.compile(rf"{re.escape(name)}(?:{suffixes})(?:\.([1-9]\d{{0,8}}))?")


def parse_metadata(tag: str, content: bytes) -> tuple[str, str, int]:
    """Returns the name of the latent space, and the kind and the generation of the series.

    Args:
      tag: the tag of the series.
      content: its plugin data.

    Raises:
      FormatError: the plugin data has a newer format, or was not written by this plugin.
    """
    try:
        parsed = json.loads(content)
        version, kind = parsed["version"], parsed["kind"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError("its metadata was not written by this plugin") from error
    if type(version) is not int or version < 1:
        raise FormatError("its metadata was not written by this plugin")
    if version > VERSION:
        raise FormatError(
            f"it has format {version}, and this plugin reads formats up to {VERSION}; update the plugin with "
            "`pip install --upgrade legacy-ports` and restart TensorBoard"
        )
    found = re.fullmatch(rf"(.+){SUFFIXES[kind]}(?:\.([1-9]\d{{0,8}}))?", tag, re.DOTALL) if kind in KINDS else None
    if found is None:
        raise FormatError("its metadata was not written by this plugin")
    return found[1], kind, int(found[2] or 0)
