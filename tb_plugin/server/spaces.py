"""The latent spaces that TensorBoard's data provider has, and the steps of each."""

import threading
import time
from typing import Any

from tensorboard import errors
from tensorboard.data import provider

from tb_plugin import codec
from tb_plugin.metadata import KINDS, ONCE, PLUGIN_NAME, FormatError, parse_metadata, tag_pattern

# How long a listed latent space is used again. A client asks for the same one many times, most often right after it was
# listed. The key of a blob depends only on names and step, so the worst case is a listing that misses a new step.
_REUSE_SECONDS = 1.0

_ALL = 2**31 - 1  # steps to ask for: all that TensorBoard kept (0 would mean none)


class NotThere(LookupError):
    """An error for a run, tag, step or part that does not exist; the message is sent to the client."""


class Gone(NotThere):
    """An error for something that was listed but no longer exists: a newer step replaced it, or the run was deleted."""


class Space:
    """A latent space of a run: the steps that TensorBoard kept, and their records.

    Attributes:
      experiment: TensorBoard's ID of the experiment, usually empty.
      run: the run's name.
      name: the latent space's name, as it was logged.
      display_name: the name to show.
      description: Markdown.
      error: why the latent space cannot be read, or None.
    """

    def __init__(self, experiment: str, run: str, name: str):
        self.experiment, self.run, self.name = experiment, run, name
        self.display_name = self.description = ""
        self.error: str | None = None
        self._records: dict[int, Any] = {}
        self._once: dict[int, Any] = {}

    def add_series(self, series: list[tuple[int, str, list[Any]]]) -> None:
        """Adds the data of its time series, as the data provider returned it, each with its generation and kind."""
        for generation in sorted({generation for generation, _, _ in series}):
            once: dict[int, Any] = {}
            records: dict[int, Any] = {}
            for _, kind, data in (one for one in series if one[0] == generation):
                (once if kind == ONCE else records).update({datum.step: datum for datum in data})
            records = once | records  # the first step is in both, and sampling may have dropped it from `records`
            first = min(records, default=2**63)  # a generation replaces the steps of earlier ones from its first on
            self._records = {step: datum for step, datum in self._records.items() if step < first} | records
            self._once = {step: datum for step, datum in self._once.items() if step < first} | once

    @property
    def steps(self) -> list[int]:
        """Returns the steps that TensorBoard kept, in order."""
        return sorted(self._records)

    @property
    def wall_times(self) -> list[float]:
        """Returns when each of `steps` was logged, in seconds since 1970."""
        return [self._records[step].wall_time for step in self.steps]

    def resolve(self, step: int | None) -> int:
        """Returns `step`, or the last step for None.

        Raises:
          NotThere: TensorBoard did not keep the step.
        """
        if step is None and self._records:
            return max(self._records)
        if step not in self._records:
            raise NotThere("This step was not logged or not kept. The route runs lists the steps that exist.")
        return step

    def record(self, step: int) -> Any:
        """Returns the record of a step that `resolve` returned, which has the parts that each step has."""
        return self._records[step]

    def key(self, step: int) -> tuple[Any, ...]:
        """Returns what the step's data can be remembered by."""
        return self.experiment, self.run, self.name, step, self._records[step].wall_time

    def once(self, step: int) -> Any:
        """Returns the record of the once-per-run parts that belong to a step: the last one until then, or the first.

        Raises:
          NotThere: nothing was logged once per run.
        """
        if not self._once:
            raise NotThere("No labels or images were logged for this latent space.")
        before = [at for at in self._once if at <= step]
        return self._once[max(before) if before else min(self._once)]


class Spaces:
    """A reader of the latent spaces that a data provider has."""

    def __init__(self, data_provider: provider.DataProvider):
        self._provider = data_provider
        self._recent: dict[tuple[str, str | None, str | None], tuple[float, Space]] = {}
        self._recent_lock = threading.Lock()

    def find(self, ctx: Any, experiment: str, run: str | None = None, name: str | None = None) -> list[Space]:
        """Returns all latent spaces by run and name, or only the one of `run` and `name`.

        A latent space that cannot be read is listed, too, with its `error`.
        """
        only = None if run is None else provider.RunTagFilter(runs=[run])
        query = {"experiment_id": experiment, "plugin_name": PLUGIN_NAME, "run_tag_filter": only}
        try:
            listed = self._provider.list_blob_sequences(ctx, **query)
            if run is not None and name is not None:
                tags = [tag for tag in listed.get(run, {}) if tag_pattern(name, *KINDS).fullmatch(tag)]
                query["run_tag_filter"] = provider.RunTagFilter(runs=[run], tags=tags)
                listed = {run: {tag: listed[run][tag] for tag in tags}} if tags else {}
            data = self._read(ctx, query, listed)
        except errors.NotFoundError:
            return []
        found: dict[tuple[str, str], Space] = {}
        read: dict[tuple[str, str], list[tuple[int, str, list[Any]]]] = {}
        for run_name, tags in listed.items():
            for tag, series in tags.items():
                error = None
                try:
                    space_name, kind, generation = parse_metadata(tag, series.plugin_content)
                    if _claims_too_much(series):
                        raise FormatError("one of its records has more parts than exist")
                except FormatError as failure:
                    error = f"This latent space cannot be read: {failure}."
                    shown = tag_pattern("", *KINDS).search(tag)
                    space_name = tag[: shown.start()] if shown and shown.end() == len(tag) else tag
                space = found.setdefault((run_name, space_name), Space(experiment, run_name, space_name))
                space.display_name = series.display_name or space.display_name or space_name
                space.description = series.description or space.description
                space.error = space.error or error
                if error is None:
                    some = data.get(run_name, {}).get(tag, [])
                    read.setdefault((run_name, space_name), []).append((generation, kind, some))
        for key, all_series in read.items():
            found[key].add_series(all_series)
        self._remember(experiment, found)
        return [found[key] for key in sorted(found)]

    def get(self, ctx: Any, experiment: str, run: str | None, name: str | None) -> Space:
        """Returns the latent space `name` of `run`, or the first that `find` returns if both are None.

        Raises:
          NotThere: there is none.
          FormatError: its format is newer than this plugin's, or damaged.
        """
        listed, space = self._recent.get((experiment, run, name), (0.0, None))
        if space is None or time.monotonic() - listed > _REUSE_SECONDS:
            listing = self.find(ctx, experiment, run, name)
            space = next((space for space in listing if name in (None, space.name)), None)
            if space is None:
                raise NotThere("There is no such run, or it has no latent space of this name.")
        if space.error:
            raise FormatError(space.error)
        return space

    def forget(self) -> None:
        """Forgets the recent listings, so that the next request reads a new one."""
        with self._recent_lock:
            self._recent.clear()

    def _remember(self, experiment: str, found: dict[tuple[str, str], Space]) -> None:
        now = time.monotonic()
        with self._recent_lock:
            for old in [old for old, (at, _) in self._recent.items() if now - at > _REUSE_SECONDS]:
                del self._recent[old]
            self._recent |= {(experiment, *key): (now, space) for key, space in found.items()}

    def _read(self, ctx: Any, query: dict[str, Any], listed: Any) -> dict[str, Any]:
        """Returns the data of the listed series, without those that claim too much."""
        hostile = {run for run, tags in listed.items() if any(map(_claims_too_much, tags.values()))}
        filters = [query["run_tag_filter"]]
        if hostile:
            names = filters[0] and filters[0].tags
            filters = [provider.RunTagFilter(runs=[run for run in listed if run not in hostile], tags=names)]
            filters += [
                provider.RunTagFilter(
                    runs=[run], tags=[tag for tag, series in listed[run].items() if not _claims_too_much(series)]
                )
                for run in hostile
            ]
        data: dict[str, Any] = {}
        for only in filters:
            data |= self._provider.read_blob_sequences(ctx, downsample=_ALL, **query | {"run_tag_filter": only})
        return data


def _claims_too_much(series: Any) -> bool:
    """Returns whether a record of a series claims to have more parts than exist.

    TensorBoard's Python loader believes the claim, and would make a key for each of 2**40 parts.
    """
    return (series.max_length or 0) > codec.MAX_BLOBS
