"""What a page has of a latent space: some of its points and steps, their numbers rounded, within a number of bytes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tb_plugin import validation
from tb_plugin.decoder import Decoder
from tb_plugin.server import listing, projection
from tb_plugin.server.label_classes import for_points
from tb_plugin.server.page import blobs, weights
from tb_plugin.server.reader import Reader
from tb_plugin.server.spaces import NotThere, Space

BYTES = 24_000_000  # of a page, less its scripts
MAX_POINTS = 10_000
MAX_STEPS = 20
_FEW_POINTS = 100  # a page has at least so many
_NETWORKS = 0.6  # of the bytes at most for decoders and encoders, if there are more than two steps
_ERROR_BITS = 6  # an error of 0.0123 may become 0.0124
_SAMPLE = 256  # points from which the size of all is estimated


@dataclass
class Wanted:
    """What a page is to have.

    Attributes:
      points: how many points, or None for as many as fit.
      steps: how many steps, or None for as many as fit.
      full: whether all is there, and as it was logged.
      size: the bytes that a latent space may take.
    """

    points: int | None = None
    steps: int | None = None
    full: bool = False
    size: int = BYTES


@dataclass
class _Chosen:
    """What a page has of a latent space: `all` points and `rows` of them, the steps, and what is said of it."""

    rows: np.ndarray
    all: int
    steps: list[int]
    notes: list[str] = field(default_factory=list)


class Contents:
    """A latent space for a page. Its arrays go to `texts`.

    Attributes:
      info: the description of the latent space as /runs has it, of what the page has.
      data: the rest, for JSON.
    """

    def __init__(
        self, reader: Reader, ctx: Any, space: Space, info: dict[str, Any], wanted: Wanted, texts: blobs.Blobs
    ):
        self._reader, self._ctx, self._space, self._wanted, self._texts = reader, ctx, space, wanted, texts
        last = space.resolve(None)
        codes = reader.codes(ctx, space, last)
        decoder = self._part(lambda: reader.decoder(ctx, space, last))
        self._decodes = _pictured(decoder, info)
        steps = self._steps()
        self._chosen = _Chosen(np.arange(len(codes)), len(codes), steps)
        networks = {
            "decoder": self._networks(self._decoders(steps), steps),
            "encoder": self._networks(self._encoders(steps), steps),
        }
        every = [made for by_step in networks.values() for made in by_step.values()]
        self._chosen.rows = self._rows(codes, sum(len(texts.texts[made["blob"]]) for made in every))
        self.data: dict[str, Any] = {
            "steps": {
                str(step): self._step(step, {kind: made[step] for kind, made in networks.items() if step in made})
                for step in steps
            },
            "pca": self._plane(codes),
            "once": self._once(last),
        }
        self.info = self._described(info, [made["bits"] for made in every])

    def _part(self, get: Any) -> Any:
        try:
            return get()
        except NotThere:
            return None

    def _steps(self) -> list[int]:
        every, wanted = self._space.steps, self._wanted
        most = len(every) if wanted.full else MAX_STEPS if wanted.steps is None else wanted.steps
        if wanted.steps is None and not wanted.full:
            apart = -(-len(every) // MAX_STEPS)
            first, more = self._sizes([every[max(0, len(every) - 1 - apart)], every[-1]])
            most = min(most, max(2, 1 + int((_NETWORKS * wanted.size - first) / more)))
        if most == 1:
            return every[-1:]
        return [every[i] for i in np.unique(np.linspace(0, len(every) - 1, min(most, len(every))).round().astype(int))]

    def _sizes(self, steps: list[int]) -> list[int]:
        """Returns the characters that the networks of two steps take, those of the second as differences."""
        sizes = [0, 1]
        for series in (self._decoders(steps), self._encoders(steps)):
            for i, step in enumerate(steps):
                if found := series.stored(step):
                    sizes[i] += blobs.size(*found[1].arrays)
        return sizes

    def _decoders(self, steps: list[int]) -> weights.Series:
        def judge(step: int, decoder: Any) -> weights.Judge | None:
            if self._wanted.full:
                return None
            return weights.same_pictures(decoder, self._reader.codes(self._ctx, self._space, step), self._decodes)

        return weights.Series(steps, lambda step: self._part(lambda: self._network("decoder", step)), judge)

    def _encoders(self, steps: list[int]) -> weights.Series:
        pictures = None if self._wanted.full else self._pictures(steps[-1], "images")
        images = None if pictures is None else pictures[:].reshape(len(pictures), -1) / np.float32(255)

        def judge(step: int, encoder: Any) -> weights.Judge | None:
            return weights.same_codes(encoder, images)

        return weights.Series(steps, lambda step: self._part(lambda: self._network("encoder", step)), judge)

    def _network(self, kind: str, step: int) -> Any:
        read = self._reader.decoder if kind == "decoder" else self._reader.encoder
        return read(self._ctx, self._space, step)

    def _networks(self, series: weights.Series, steps: list[int]) -> dict[int, dict[str, Any]]:
        """Returns the networks of the steps that have one, for JSON."""
        made = {}
        for step in steps:
            if found := series.stored(step):
                network, stored = found
                about = {"scaled": stored.scaled, "bits": stored.bits, "since": stored.since}
                made[step] = {"header": network.header()} | about | self._texts.add(*stored.arrays)
        return made

    def _rows(self, codes: np.ndarray, decoders: int) -> np.ndarray:
        """Returns the indices of the points that the page has, in order, the same each time."""
        wanted = self._wanted
        most = wanted.points
        if most is None:
            room = (wanted.size - decoders) / self._point_size(codes)
            most = len(codes) if wanted.full else max(_FEW_POINTS, min(MAX_POINTS, int(room)))
        if most >= len(codes):
            return np.arange(len(codes))
        return np.sort(np.random.default_rng(0).choice(len(codes), most, replace=False))

    def _point_size(self, codes: np.ndarray) -> float:
        """Returns the characters that a point takes, from a sample."""
        some = codes[:_SAMPLE]
        steps = len(self._chosen.steps)
        count: float = steps * blobs.size(*blobs.codes_of_few_bits(some))
        if "errors" in self._head(self._chosen.steps[-1])["parts"]:
            count += steps * len(some) * 1.3
        last = self._chosen.steps[-1]
        for one in self._head(last)["projections"]:
            places = self._reader.projection(self._ctx, self._space, last, one["name"])
            count += steps * blobs.size(*blobs.codes_of_few_bits(places[:_SAMPLE]))
        for part, times in (("images", 1), ("reconstructions", 0 if self._decodes else steps)):
            pictures = self._pictures(last, part) if times else None
            if pictures is not None:
                count += times * blobs.size(pictures[:_SAMPLE])
        return count / len(some)

    def _head(self, step: int) -> dict[str, Any]:
        return self._reader.head(self._ctx, self._space.record(step))

    def _pictures(self, step: int, part: str) -> Any:
        record = self._space.record if part == "reconstructions" else self._space.once
        return self._part(lambda: self._reader.rows(self._ctx, record(step), part, "uint8", 4))

    def _step(self, step: int, networks: dict[str, Any]) -> dict[str, Any]:
        reader, ctx, space = self._reader, self._ctx, self._space
        codes = self._some(reader.codes(ctx, space, step))
        about = listing.describe_step(reader, ctx, space, step)
        few = (codes,) if self._wanted.full else blobs.codes_of_few_bits(codes)
        made = {"about": about, "codes": self._texts.add(*few), **networks}
        errors = self._part(lambda: reader.array(ctx, space.record(step), "errors", "float32", 1))
        if errors is not None:
            errors = self._some(errors)
            made["errors"] = self._texts.add(errors if self._wanted.full else blobs.rounded(errors, _ERROR_BITS))
        projections = {
            one["name"]: self._some(reader.projection(ctx, space, step, one["name"]))
            for one in self._head(step)["projections"]
        }
        made["projections"] = {
            name: self._texts.add(*((places,) if self._wanted.full else blobs.codes_of_few_bits(places)))
            for name, places in projections.items()
        }
        pictures = None if self._decodes and not self._wanted.full else self._pictures(step, "reconstructions")
        if pictures is not None:
            made["reconstructions"] = self._texts.add(self._some(pictures[:]))
        about["points"] = len(codes)
        about["parts"] = [part for part in about["parts"] if part == "codes" or part in made]
        return made

    def _plane(self, codes: np.ndarray) -> dict[str, Any] | None:
        plane = projection.principal(codes, min(projection.MAX_COMPONENTS, max(2, codes.shape[1])))
        return {
            "explained_variance_ratio": plane.explained,
            "sample": plane.sample,
            **self._texts.add(plane.origin, *plane.directions),
        }

    def _once(self, step: int) -> dict[str, Any]:
        """Returns what is the same at all steps."""
        reader, ctx, space = self._reader, self._ctx, self._space
        made: dict[str, Any] = {"columns": {}}
        if (labels := self._part(lambda: reader.labels(ctx, space, step))) is not None:
            header, of = for_points(self._some(labels), reader.head(ctx, space.once(step))["class_names"])
            made["labels"] = {"header": header, **self._texts.add(of)}
        if (images := self._pictures(step, "images")) is not None:
            made["images"] = self._texts.add(self._some(images[:]))
        head = self._part(lambda: reader.head(ctx, space.once(step)))
        for about in head["columns"] if head else []:
            _, arrays = reader.column(ctx, space.once(step), about["name"])
            if about["type"] == "text":
                arrays = [self._some(arrays[0]), *arrays[1:]]
            else:
                arrays = [self._some(array) for array in arrays]
            made["columns"][about["name"]] = {"header": _about(about, arrays), **self._texts.add(*arrays)}
        if len(self._chosen.rows) < self._chosen.all:
            name = "index in the run"
            rows = [self._chosen.rows.astype(np.float32)]
            about = _about({"name": name, "type": "number"}, rows)
            made["columns"][name] = {"header": about, **self._texts.add(*rows)}
        return made

    def _some(self, array: np.ndarray) -> np.ndarray:
        """Returns the rows of an array that belong to the chosen points."""
        return array[self._chosen.rows[: np.searchsorted(self._chosen.rows, len(array))]]

    def _described(self, info: dict[str, Any], bits: list[int]) -> dict[str, Any]:
        chosen, every = self._chosen, self._space.steps
        step = self.data["steps"][str(chosen.steps[-1])]
        once = self.data["once"]
        times = dict(zip(info["steps"], info["wall_times"]))
        parts = [*step["about"]["parts"], *(part for part in ("labels", "images") if part in once)]
        return info | {
            "steps": chosen.steps,
            "wall_times": [times[at] for at in chosen.steps],
            "kept": len(chosen.steps),
            "logged": info["logged"] or len(every),
            "points": step["about"]["points"],
            "parts": [part for part in info["parts"] if part in parts],
            "metadata": [column["header"] for column in once["columns"].values()],
            "missing": self._note(bits),
        }

    def _note(self, bits: list[int]) -> str | None:
        """Returns what the page says of itself: what it has not, and what is rounded."""
        chosen, every = self._chosen, self._space.steps
        parts = []
        if len(chosen.rows) < chosen.all:
            parts.append(f"it has {len(chosen.rows):,} of {chosen.all:,} points")
        if len(chosen.steps) < len(every):
            parts.append(f"it has {len(chosen.steps)} of {len(every)} steps")
        if min(bits, default=32) < 32:
            parts.append(f"weights have {max(b for b in bits if b < 32)} bits, so pictures differ by up to 1/255")
            if "encoder" in self.data["steps"][str(chosen.steps[-1])]:
                parts.append("codes of drawings differ by up to 1/500 of the codes' range")
        if not self._wanted.full:
            parts.append("codes and errors are rounded")
        return f"This page is not the whole run: {'; '.join(parts)}." if parts else None


def _pictured(decoder: Decoder | None, info: dict[str, Any]) -> bool:
    shape = info["image_shape"]
    return decoder is not None and bool(validation.picture_shape(decoder.output_shape, tuple(shape) if shape else None))


def _about(about: dict[str, Any], arrays: list[np.ndarray]) -> dict[str, Any]:
    """Returns the description of a column, of the points that the page has."""
    header = {key: about[key] for key in ("name", "type")}
    if about["type"] == "text":
        used = arrays[0][arrays[0] >= 0]
        return header | {"distinct": len(np.unique(used)), "missing": len(arrays[0]) - len(used)}
    there = arrays[1] > 0 if len(arrays) > 1 else np.ones(len(arrays[0]), bool)
    some = arrays[0][there]
    limits = [float(some.min()), float(some.max())] if len(some) else None
    return header | {"range": limits, "missing": int((~there).sum())}
