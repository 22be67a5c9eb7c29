"""The writer of latent spaces, which `tb_plugin.summary` exports."""

import bisect
import os
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np

from tb_plugin import validation
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.events import locks, logged
from tb_plugin.events.event_file import EventFile, is_finished
from tb_plugin.writer import arrays, charts
from tb_plugin.writer.pictures import layout
from tb_plugin.writer.record import MAX_STEPS, Once, Step, once_of, require_name, require_same, summary_of

FAR = 0.1  # of the codes' spread: an encoder whose codes of the images are so far off takes other images
MANY = 0.05  # of a decoder's values outside 0..1 are worth a warning


@dataclass
class _Space:
    """What a writer has logged of a latent space: [N, D], the data logged once, how the steps are counted."""

    shape: tuple[int, int]
    once: Once
    generation: int
    index: int  # of the next step
    last: int  # step
    limits: charts.Limits = field(default_factory=charts.Limits)  # of the decoder's outputs until now


class LatentWriter:
    """A writer of latent spaces to an event file of its own, beside the run's other event files.

    It counts the steps and remembers what is logged once per run, so that every call can look the same. Close it, or
    use it in a `with` statement.

    A run may be started again: a writer on a folder that has steps of the same name continues them. If its first step
    is not later than theirs, it replaces them from this step on.
    """

    def __init__(self, logdir: str | os.PathLike):
        """Creates an event file in `logdir`, a run's folder or the URL of a remote one: see `EventFile`."""
        self._events = EventFile(logdir)
        self._folder = str(logdir)
        self._spaces: dict[str, _Space] = {}
        self._warned: set[str] = set()  # names whose decoder's values are out of range

    def add(
        self,
        name: str,
        step: int,
        codes: Any,
        *,
        labels: Any = None,
        images: Any = None,
        class_names: Sequence[str] | None = None,
        metadata: Any = None,
        decoder: Decoder | None = None,
        encoder: Encoder | None = None,
        float16: bool = False,
        reconstructions: Any = None,
        errors: Any = None,
        projections: Any = None,
        walk: dict[str, Any] | None = None,
        chart: dict[str, Any] | None = None,
        image_order: str | None = None,
        image_shape: Sequence[int] | None = None,
        value_range: Sequence[float] | None = None,
        display_name: str = "",
        description: str = "",
    ) -> None:
        """Logs a latent space at `step`, an integer from 0 to 2**53 - 1, which increases.

        The other arguments are those of `tb_plugin.summary.latent`.

        Labels, images, class names, metadata and chart are stored with the first step. If they are given again, they
        must be the same.

        Raises:
          ValueError: an argument is invalid; the message says which one and why. Nothing is written.
          OSError: the step cannot be written. The steps before it are complete.
        """
        step = arrays.integer("step", step, MAX_STEPS)
        codes = validation.codes(codes)
        said = layout(image_order, image_shape, value_range)
        space = self._spaces.get(require_name(name))
        if space is None:
            once = once_of(len(codes), labels, images, class_names, metadata, chart, said)
        else:
            if codes.shape != space.shape:
                raise ValueError(
                    f"codes: shape is {list(codes.shape)}, it must be {list(space.shape)} as at the first step"
                )
            if step <= space.last:
                raise ValueError(
                    f"step: it is {step} after {space.last}, it must increase; a new writer on this folder replaces "
                    "the steps from its first one on"
                )
            once = space.once
            names = once.class_names if class_names is None else class_names
            require_same(once, once_of(len(codes), labels, images, names, metadata, chart, said))
        starting: AbstractContextManager[list[BinaryIO]] = nullcontext([]) if space else self._events.others()
        if decoder is not None and name not in self._warned:
            self._warn_of_range(name, codes, validation.decoder(decoder, codes.shape[1], once.image_shape), once)
        if encoder is not None and space is None:
            self._warn_of_codes(name, codes, encoder, once)
        with starting as others:
            now = space or self._start(name, step, codes.shape, once, others)
            summary = summary_of(
                Step(
                    name=name,
                    codes=codes,
                    index=now.index,
                    generation=now.generation,
                    once=once,
                    store_once=space is None,
                    decoder=decoder,
                    encoder=encoder,
                    float16=float16,
                    reconstructions=reconstructions,
                    errors=errors,
                    projections=projections,
                    walk=walk,
                    layout=said,
                    limits=now.limits,
                    display_name=display_name,
                    description=description,
                )
            )
            self._events.add_summary(summary, step)
        self._spaces[name] = replace(now, index=now.index + 1, last=step)

    def _warn_of_range(self, name: str, codes: np.ndarray, decoder: Decoder, once: Once) -> None:
        if validation.picture_shape(decoder.output_shape, once.image_shape) is None:
            return
        outside = validation.share_outside(decoder, codes)
        if outside > MANY:
            self._warned.add(name)
            warnings.warn(
                f"decoder: {outside:.0%} of the values in its pictures for {name!r:.80} lie outside 0..1, and are "
                "shown as black or white. If it ends in tanh, convert it with value_range=(-1, 1); if it returns "
                "logits, add a sigmoid.",
                stacklevel=3,
            )

    def _warn_of_codes(self, name: str, codes: np.ndarray, encoder: Encoder, once: Once) -> None:
        validation.encoder(encoder, codes.shape[1], once.image_shape, first=False)
        if once.images is None or once.images.shape[1:] != once.image_shape:  # thumbnails
            return
        off = validation.away(encoder, once.images, codes)
        if off > FAR:
            warnings.warn(
                f"encoder: its codes of the images for {name!r:.80} are off the codes that you log by {off:.0%} of "
                "their spread. If the model takes pixels in another range than 0..1, convert it with "
                "value_range=(black, white); if codes are drawn at random, log their means.",
                stacklevel=3,
            )

    def _start(self, name: str, step: int, shape: tuple[int, int], once: Once, others: list[BinaryIO]) -> _Space:
        """Returns how the steps of a latent space are counted that `others`, event files in order, may have already."""
        if any(locks.is_locked(file) and logged.logged([file], name) for file in others):
            raise ValueError(
                f"name: another open writer logs {name!r:.80} in this folder; close it, or give one of the two another "
                "name or folder (of several processes, let one log)"
            )
        if not self._spaces:
            self._warn_of_other_files(others)
        there = logged.logged(others, name)
        if there is None:
            return _Space(shape, once, 0, 0, step)
        if step > there.steps[-1]:
            return _Space(shape, once, there.generation, len(there.steps), step)
        return _Space(shape, once, there.generation + 1, bisect.bisect_left(there.steps, step), step)

    def _warn_of_other_files(self, others: list[BinaryIO]) -> None:
        if not all(map(is_finished, others)):
            warnings.warn(
                f"{self._folder} has event files of several writers. TensorBoard's slow loader (--load_fast=false, and "
                "on Windows always) misses what is added to all but the last, unless it is started with "
                "--reload_multifile=true. A folder for each writer needs no flag.",
                stacklevel=4,
            )

    def flush(self) -> None:
        """Uploads what was logged to a remote folder. In a local folder every step is in the file at once."""
        self._events.flush()

    def close(self) -> None:
        """Closes the file, after a flush."""
        self._events.close()

    def __enter__(self) -> "LatentWriter":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
