"""The description of all latent spaces, as the route /runs returns it."""

import functools
import html
import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tensorboard import plugin_util

from tb_plugin import codec
from tb_plugin.metadata import FormatError
from tb_plugin.server import charts, walks
from tb_plugin.server.folders import Folders
from tb_plugin.server.reader import Reader
from tb_plugin.server.spaces import Gone, NotThere, Space, Spaces

MAX_LISTED = 2000  # latent spaces
MAX_LISTING_BYTES = 2**24
MAX_DESCRIPTION = 2000  # characters of Markdown; the rest is not shown
MAX_MARKUP = 300  # of them that are markup

_RETRIES = 2  # for a step that disappears while it is described


class Listing:
    """A description of the latent spaces that `spaces` finds and `reader` reads."""

    def __init__(self, spaces: Spaces, reader: Reader, folders: Folders):
        self._spaces, self._reader, self._folders = spaces, reader, folders
        self._threads = ThreadPoolExecutor(8, "latent-listing")

    def describe_all(self, ctx: Any, experiment: str) -> tuple[dict[str, dict[str, Any]], int]:
        """Returns the descriptions by run and name, for JSON, and how many latent spaces the limits leave out."""
        found = self._spaces.find(ctx, experiment)
        omitted = max(0, len(found) - MAX_LISTED)
        listing: dict[str, dict[str, Any]] = {}
        size = 0
        # In threads, because each answer of the Rust data server arrives faster if another request follows
        # (delayed_ack.py).
        descriptions = self._threads.map(functools.partial(self.describe, ctx, experiment), found[:MAX_LISTED])
        for space, description in zip(found, descriptions):
            more = len(json.dumps([space.run, space.name, description]))
            if size + more > MAX_LISTING_BYTES:
                omitted += 1
                continue
            listing.setdefault(space.run, {})[space.name] = description
            size += more
        return listing, omitted

    def describe(self, ctx: Any, experiment: str, space: Space, retries: int = _RETRIES) -> dict[str, Any]:
        """Returns the description of a latent space, for JSON."""
        steps = space.steps
        description = {
            "display_name": space.display_name,
            "description": safe_html(space.description[:MAX_DESCRIPTION]),
            "steps": steps,
            "wall_times": [finite_or_none(wall_time) for wall_time in space.wall_times],
            "kept": len(steps),
            "error": space.error,
            "missing": self._folders.missing(space.run),
        }
        last: dict[str, Any] = dict.fromkeys(codec.HEAD)
        parts: list[str] = []
        if space.error is None:
            try:
                last = self._reader.head(ctx, space.record(space.resolve(None)))
                parts = last["parts"]
                first = self._reader.head(ctx, space.once(max(steps)))
                last |= {key: first[key] for key in ("class_names", "labels", "columns")}
                if last["labels"] is None and "labels" in first["parts"]:
                    last["labels"] = "classes"  # as it was logged before there were others
                last["chart"] = charts.merged(first["chart"], last["chart"])
                for key in ("image_shape", "thumbnail_shape"):
                    last[key] = last[key] or first[key]
                parts = [
                    part
                    for part in (*codec.PARTS, *codec.ADDED)
                    if part in parts or (part in first["parts"] and part not in codec.STEP_PARTS)
                ]
            except Gone:  # the run is still being written, or was deleted
                for now in self._spaces.find(ctx, experiment, space.run, space.name) if retries else []:
                    if now.name == space.name:
                        return self.describe(ctx, experiment, now, retries - 1)
            except NotThere:  # nothing was logged once per run
                pass
            except FormatError as error:
                description["error"] = str(error)
        logged = None if last["index"] is None else max(last["index"] + 1, len(steps))
        keys = ("points", "dims", "image_shape", "thumbnail_shape", "class_names", "labels", "chart")
        columns = [{key: value for key, value in column.items() if key != "blob"} for column in last["columns"] or []]
        projections = [one["name"] for one in last["projections"] or []]
        more = {"logged": logged, "parts": parts, "metadata": columns, "projections": projections}
        return description | more | {key: last[key] for key in keys}


def describe_step(reader: Reader, ctx: Any, space: Space, step: int) -> dict[str, Any]:
    """Returns the description of a step, for JSON, as the route /step returns it."""
    record = space.record(step)
    head = reader.head(ctx, record)
    head["image_shape"] = reader.image_shape(ctx, space, step, head)
    keys = ("points", "dims", "index", "image_shape", "thumbnail_shape", "parts")
    return {key: head[key] for key in keys} | {
        "walk": walks.logged_circle(head["walk"], head["dims"]),
        "step": step,
        "wall_time": finite_or_none(record.wall_time),
    }


@functools.lru_cache(MAX_LISTED)
def safe_html(description: str) -> str:
    """Returns the HTML of Markdown, which is safe to show.

    A text with much markup is returned as plain text, because a thousand brackets take Markdown a third of a second.
    """
    if sum(map(description.count, "[]<>()*_`&|\\\n")) > MAX_MARKUP:
        return f"<p>{html.escape(description)}</p>"
    return plugin_util.markdown_to_safe_html(description)


def finite_or_none(number: float) -> float | None:
    """Returns the number if JSON can hold it, else None."""
    return number if math.isfinite(number) else None
