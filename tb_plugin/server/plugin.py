"""The routes of the Latent plugin; http_api.md describes them."""

import bisect
import functools
import gzip
import html
import json
import math
import mimetypes
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from tb_plugin import PLUGIN_NAME, codec, validation
from tb_plugin.decoder import Decoder
from tb_plugin.server import projection, responses
from tb_plugin.server.bundle import bundle
from tb_plugin.server.classes import classes
from tb_plugin.server.delayed_ack import prompt
from tb_plugin.server.query import MAX_CODES, BadRequest
from tb_plugin.server.reader import Gone, NotThere, Space, Store, array_of
from tb_plugin.server.responses import binary, chosen, named, route

STATIC = Path(__file__).parents[1] / "static"
SCRIPTS = ("index.js", "decode_worker.js")  # of the page and of its worker

# What one request may ask of the server.
MAX_WORK = 4 * 10**9  # see Decoder.work: one to three seconds
MAX_PIXELS = 2**24  # numbers in the answer of decode, pixels of an animation
MAX_PCA_NUMBERS = 2**24
MAX_PLANES = 64  # kept in memory
MAX_SPACES = 2000  # listed by runs
MAX_LISTING = 2**24  # bytes
MAX_DESCRIPTION = 2000  # characters of Markdown, the rest is not shown
MAX_MARKUP = 300  # characters of it that mean something


class LatentPlugin(base_plugin.TBPlugin):
    """Serves what `tb_plugin.summary` logged."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext):
        self.store = Store(prompt(context.data_provider))
        self._planes: OrderedDict[tuple, projection.Plane] = OrderedDict()
        self._fitting = threading.Lock()
        self._readers, self._workers = responses.readers(), responses.workers()
        self._together = ThreadPoolExecutor(8, "latent")
        self._together.submit(_script, STATIC / SCRIPTS[0])  # the first to open the tab need not wait for it

    def get_plugin_apps(self):
        """The routes: those of the data, and one for each file in `static`; nothing else can be read."""
        files = {
            "/" + path.relative_to(STATIC).as_posix(): functools.partial(self._static, path)
            for path in STATIC.rglob("*")
            if path.is_file() and path.suffix in (".js", ".css", ".svg", ".json")
        }
        return files | {
            "/runs": self.runs,
            "/step": self.step,
            "/codes": self.codes,
            "/points": self.points,
            "/labels": self.labels,
            "/errors": self.errors,
            "/images": self.images,
            "/reconstructions": self.reconstructions,
            "/decoder": self.decoder,
            "/decode": self.decode,
            "/walk.gif": self.walk_gif,
        }

    def is_active(self):
        return False  # TensorBoard asks the data provider by itself whether there is data

    def frontend_metadata(self):
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Latent")

    def _static(self, path: Path, environ, start_response):
        request = wrappers.Request(environ)
        kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
        if path.name in SCRIPTS:
            return http_util.Respond(request, _script(path), kind, content_encoding="gzip")(environ, start_response)
        return http_util.Respond(request, path.read_bytes(), kind)(environ, start_response)

    @route("_readers")
    def runs(self, request, params):
        """What there is: runs, tags, steps, how many of how many are kept."""
        ctx, experiment = _context(request)
        listing: dict[str, dict[str, Any]] = {}
        spaces, size = self.store.spaces(ctx, experiment), 0
        omitted = max(0, len(spaces) - MAX_SPACES)
        # Together: each answer of TensorBoard's Rust loader waits for the next question (delayed_ack.py).
        for space, described in zip(
            spaces, self._together.map(functools.partial(self._describe, ctx, experiment), spaces[:MAX_SPACES])
        ):
            more = len(json.dumps([space.run, space.name, described]))
            if size + more > MAX_LISTING:
                omitted += 1
                continue
            listing.setdefault(space.run, {})[space.name] = described
            size += more
        headers = [("X-Latent-Omitted", str(omitted))] if omitted else []
        return http_util.Respond(request, json.dumps(listing, allow_nan=False), "application/json", headers=headers)

    def _describe(self, ctx, experiment: str, space: Space, tries: int = 3) -> dict[str, Any]:
        steps = space.steps
        described = {
            "display_name": space.display_name,
            "description": _safe_html(space.description[:MAX_DESCRIPTION]),
            "steps": steps,
            "wall_times": [_finite(wall_time) for wall_time in space.wall_times],
            "kept": len(steps),
            "error": space.error,
        }
        last: dict[str, Any] = dict.fromkeys(("points", "dims", "index", "image_shape", "class_names"))
        parts: list[str] = []
        if space.error is None:
            try:
                last = self.store.head(ctx, space.record(space.resolve(None)))
                parts = last["parts"]
                first = self.store.head(ctx, space.once(max(steps)))
                last["class_names"] = first["class_names"]
                last["image_shape"] = last["image_shape"] or first["image_shape"]
                parts = [
                    part
                    for part in codec.PARTS
                    if part in parts or (part in first["parts"] and part not in codec.STEP_PARTS)
                ]
            except Gone:  # a run that goes on, or is just being deleted
                for now in self.store.spaces(ctx, experiment, space.run, space.name) if tries > 1 else []:
                    if now.name == space.name:
                        return self._describe(ctx, experiment, now, tries - 1)
            except NotThere:  # nothing once per run
                pass
            except codec.FormatError as error:
                described["error"] = str(error)
        logged = None if last["index"] is None else max(last["index"] + 1, len(steps))
        keys = ("points", "dims", "image_shape", "class_names")
        return described | {"logged": logged, "parts": parts} | {key: last[key] for key in keys}

    def _select(self, request, params, first: bool = False) -> tuple[Any, Space, int]:
        """The context, the latent space and the step that a request is about; `first`: it need not say which space."""
        ctx, experiment = _context(request)
        names = (None, None) if first and not named(params) else (params.text("run"), params.text("tag"))
        space = self.store.space(ctx, experiment, *names)
        return ctx, space, space.resolve(params.integer("step", None, -(2**63), 2**63 - 1))

    def _codes(self, ctx, space: Space, step: int) -> np.ndarray:
        codes = self.store.array(ctx, space.record(step), "codes", "float32", 2)
        if not (1 <= len(codes) <= validation.MAX_POINTS and 1 <= codes.shape[1] <= validation.MAX_DIMS):
            raise codec.FormatError(
                f"The codes of this step cannot be read: {codes.shape[0]:,} of {codes.shape[1]:,} numbers."
            )
        return codes

    @route("_readers")
    def step(self, request, params):
        """What was logged at a step."""
        ctx, space, step = self._select(request, params)
        record = space.record(step)
        head = self.store.head(ctx, record)
        head["image_shape"] = self._image_shape(ctx, space, step, head)
        answer = {key: head[key] for key in ("points", "dims", "index", "image_shape", "parts")}
        answer["walk"] = _walk(head["walk"], head["dims"])
        return http_util.Respond(
            request, answer | {"step": step, "wall_time": _finite(record.wall_time)}, "application/json"
        )

    @route("_readers")
    def codes(self, request, params):
        """The codes float32 [N, D] of a step."""
        ctx, space, step = self._select(request, params)
        return self._rows(request, params, self._codes(ctx, space, step))

    def _rows(self, request, params, array: np.ndarray):
        return binary(request, array, chosen(params, array.shape, array.dtype))

    @route("_workers")
    def points(self, request, params):
        """Where the codes of a step lie in a plane, and the plane, as a blob; if it is asked for, their classes."""
        method, labelled = params.choice("plane", ("axes", "pca")), params.integer("labels", 0, 0, 1)
        ctx, space, step = self._select(request, params, first=True)
        codes = self._codes(ctx, space, step)
        plane, choice = self._plane(request, params, method, space, step, codes)
        with np.errstate(over="ignore", invalid="ignore"):
            points = projection.coordinates(codes, plane)
        if not np.isfinite(points).all():
            raise codec.FormatError("The codes of this step are too large to be projected.")
        header = {
            "run": space.run,
            "tag": space.name,
            "step": step,
            **choice,
            "explained_variance_ratio": plane.explained,
            "box": projection.box(points),
        }
        arrays = [points, plane.origin, plane.u, plane.v]
        labels = self._labels(ctx, space, step) if labelled else np.empty(0)
        if len(labels) == len(points):
            header["labels"], of = classes(labels, self.store.head(ctx, space.once(step))["class_names"])
            arrays.append(of)
        try:
            blob = codec.pack(header, *arrays)
        except ValueError as error:
            raise codec.FormatError(f"The points of this step cannot be sent: {error}.") from error
        return http_util.Respond(request, blob, "application/octet-stream")

    def _plane(
        self, request, params, method: str, space: Space, step: int, codes: np.ndarray
    ) -> tuple[projection.Plane, dict[str, Any]]:
        """The plane through the codes of a step that a request is about, and which one that is, written out."""
        if method == "axes":
            last = codes.shape[1] - 1
            i, j = params.integer("i", 0, 0, last), params.integer("j", min(1, last), 0, last)
            return projection.axes(codes, i, j), {"plane": method, "i": i, "j": j}
        fit = space.resolve(params.integer("fit", step, -(2**63), 2**63 - 1))
        ctx, experiment = _context(request)
        key = (experiment, space.run, space.name, fit, space.record(fit).wall_time)
        plane = self._planes.get(key)
        if plane is None:
            with self._fitting:  # once, and one at a time
                plane = self._planes.get(key)
                if plane is None:
                    fitted = codes if fit == step else self._codes(ctx, space, fit)
                    if fitted.size > MAX_PCA_NUMBERS:
                        raise BadRequest(f"plane: no PCA of more than {MAX_PCA_NUMBERS:,} numbers")
                    plane = self._planes[key] = projection.principal(fitted)
                    if len(self._planes) > MAX_PLANES:
                        self._planes.popitem(last=False)
        if len(plane.origin) != codes.shape[1]:
            raise BadRequest("fit: at this step the codes have another width")
        return plane, {"plane": method, "fit": fit}

    def _labels(self, ctx, space: Space, step: int) -> np.ndarray:
        return self.store.array(ctx, space.once(step), "labels", "int32", 1)

    @route("_readers")
    def labels(self, request, params):
        """The labels int32 [N]."""
        ctx, space, step = self._select(request, params)
        return self._rows(request, params, self._labels(ctx, space, step))

    @route("_readers")
    def errors(self, request, params):
        """The error of each point at a step, float32 [N]."""
        ctx, space, step = self._select(request, params)
        return self._rows(request, params, self.store.array(ctx, space.record(step), "errors", "float32", 1))

    @route("_readers")
    def images(self, request, params):
        """The images uint8 [n, H, W, C] that were encoded."""
        ctx, space, step = self._select(request, params)
        return self._pictures(request, params, ctx, space.once(step), "images")

    @route("_readers")
    def reconstructions(self, request, params):
        """The reconstructions uint8 [n, H, W, C] of a step."""
        ctx, space, step = self._select(request, params)
        return self._pictures(request, params, ctx, space.record(step), "reconstructions")

    def _pictures(self, request, params, ctx, record, part: str):
        blob = self.store.part(ctx, record, part)
        array = array_of(blob, part, "uint8", 4)
        rows, gzipped = chosen(params, array.shape, array.dtype), None
        if rows == slice(0, len(array)):  # all of them go as they are stored
            header, payload = codec.unpack_raw(blob)
            gzipped = payload if header.get("gzip") else None
        return binary(request, array, rows, gzipped)

    def _decoder(self, ctx, space: Space, step: int) -> Decoder:
        blob = self.store.part(ctx, space.record(step), "decoder")
        try:
            decoder = Decoder.from_blob(blob)
            if decoder.dims > validation.MAX_DIMS:
                raise codec.FormatError(f"it takes codes of {decoder.dims:,} numbers")
        except codec.FormatError as error:
            raise codec.FormatError(f"The decoder of this step cannot be read: {error}.") from error
        return decoder

    @route("_readers")
    def decoder(self, request, params):
        """The decoder of a step as a blob of the stored format, weights float32."""
        ctx, space, step = self._select(request, params)
        decoder = self._decoder(ctx, space, step)
        if 4 * decoder.weights > responses.MAX_BYTES:
            raise codec.FormatError(f"The decoder of this step is too large to be sent: {decoder.weights:,} weights.")
        return http_util.Respond(request, decoder.to_blob(), "application/octet-stream")

    def _decode(self, decoder: Decoder, codes: np.ndarray) -> np.ndarray:
        if codes.shape[1] != decoder.dims:
            raise BadRequest(f"codes: each has {decoder.dims} numbers")
        numbers = math.prod(decoder.output_shape)
        if decoder.work(len(codes)) > MAX_WORK or len(codes) * numbers > MAX_PIXELS:
            most = min(bisect.bisect_right(range(1, MAX_CODES + 1), MAX_WORK, key=decoder.work), MAX_PIXELS // numbers)
            raise BadRequest(f"too much for one request: this decoder takes {most:,} codes at a time")
        pictures = decoder(codes)
        if not np.isfinite(pictures).all():
            raise codec.FormatError("The decoder of this step gives numbers that are not finite.")
        return pictures

    @route("_workers")
    def decode(self, request, params):
        """What the decoder of a step makes of given codes: float32 [n, ...]."""
        codes = params.codes("codes")
        ctx, space, step = self._select(request, params)
        return binary(request, self._decode(self._decoder(ctx, space, step), codes))

    @route("_workers")
    def walk_gif(self, request, params):
        """A walk through the space of the codes, decoded, as an animation."""
        size = params.integer("size", 224, 1, projection.MAX_SIDE)
        milliseconds = params.integer("ms", 100, 20, 5000)
        self._check_pixels(params.integer("frames", 2, 2, validation.MAX_FRAMES), size, 1)
        ctx, space, step = self._select(request, params)
        decoder = self._decoder(ctx, space, step)
        head = self.store.head(ctx, space.record(step))
        shape = validation.picture_shape(decoder.output_shape, self._image_shape(ctx, space, step, head))
        if shape is None:
            raise NotThere("this decoder gives no pictures of 1, 3 or 4 channels")
        path = self._path(ctx, space, step, params, decoder.dims, head["walk"])
        self._check_pixels(len(path), max(size, *shape[:2]), shape[2])
        pictures = self._decode(decoder, path).reshape(-1, *shape)
        return http_util.Respond(request, projection.gif(pictures, size, milliseconds), "image/gif")

    @staticmethod
    def _check_pixels(frames: int, side: int, channels: int) -> None:
        if side > projection.MAX_SIDE or frames * side**2 * channels > MAX_PIXELS:
            raise BadRequest(f"frames, size: too large; the product of frames and pixels is {MAX_PIXELS:,} at most")

    def _image_shape(self, ctx, space: Space, step: int, head: dict[str, Any]) -> tuple[int, ...] | None:
        """(H, W, C) of the images that go with a step; the first step may be the only one that says it."""
        shape = head["image_shape"]
        if not shape:
            try:
                shape = self.store.head(ctx, space.once(step))["image_shape"]
            except NotThere:
                shape = None
        return tuple(shape) if shape else None

    def _path(self, ctx, space: Space, step: int, params, dims: int, logged: Any) -> np.ndarray:
        """The codes [frames, D] of the walk that a request describes."""
        if params.choice("path", ("circle", "line")) == "line":
            return projection.line(
                params.vector("start", dims),
                params.vector("end", dims),
                params.integer("frames", 60, 2, validation.MAX_FRAMES),
            )
        circle = _walk(logged, dims)
        if circle is None:
            codes = self._codes(ctx, space, step)
            if codes.shape[1] != dims:
                raise codec.FormatError("The decoder of this step does not take its codes.")
            circle = projection.mean_circle(codes)
        frames = params.integer("frames", circle.get("frames", 60), 2, validation.MAX_FRAMES)
        basis = np.eye(2, dims, dtype=np.float32)
        return projection.circle(
            params.vector("center", dims, circle["center"]),
            params.number("radius", circle["radius"]),
            params.vector("u", dims, circle.get("u", basis[0])),
            params.vector("v", dims, circle.get("v", basis[1])),
            frames,
        )


@functools.cache  # 50 ms; to see an edit, start TensorBoard again
def _script(path: Path) -> bytes:
    """A script with its modules, compressed."""
    return gzip.compress(bundle(path).encode())


def _context(request) -> tuple[Any, str]:
    return plugin_util.context(request.environ), plugin_util.experiment_id(request.environ)


def _walk(logged: Any, dims: int) -> dict[str, Any] | None:
    """The circle walk that was logged, or None: none was, or it is none."""
    try:
        return validation.walk(logged, dims)
    except ValueError:
        return None


@functools.lru_cache(MAX_SPACES)
def _safe_html(description: str) -> str:
    """HTML of Markdown. What has much markup stays text: a thousand brackets take Markdown a third of a second."""
    if sum(map(description.count, "[]<>()*_`&|\\\n")) > MAX_MARKUP:
        return f"<p>{html.escape(description)}</p>"
    return plugin_util.markdown_to_safe_html(description)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
