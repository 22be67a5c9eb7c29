"""Builds a page of latent spaces."""

from dataclasses import replace
from typing import Any

from tb_plugin.metadata import FormatError
from tb_plugin.server.listing import Listing
from tb_plugin.server.page.blobs import Blobs
from tb_plugin.server.page.contents import Contents, Wanted
from tb_plugin.server.page.document import document
from tb_plugin.server.reader import Reader
from tb_plugin.server.spaces import Space


def build(reader: Reader, listing: Listing, ctx: Any, spaces: list[Space], wanted: Wanted) -> str:
    """Returns the HTML of a page with `spaces`, at least one.

    Raises:
      FormatError: a latent space cannot be read.
      NotThere: it has no step, or is gone.
    """
    texts = Blobs()
    share = replace(wanted, size=wanted.size // len(spaces))
    runs: dict[str, dict[str, Any]] = {}
    data: dict[str, dict[str, Any]] = {}
    for space in spaces:
        info = listing.describe(ctx, space.experiment, space)
        if info["error"]:
            raise FormatError(info["error"])
        made = Contents(reader, ctx, space, info, share, texts)
        runs.setdefault(space.run, {})[space.name] = made.info
        data.setdefault(space.run, {})[space.name] = made.data
    title = ", ".join(dict.fromkeys(space.run if space.run != "." else space.display_name for space in spaces))
    return document(f"{title} - Latent", {"runs": runs, "data": data}, texts.texts)
