"""The routes of the Latent plugin; http_api.md describes them."""

import functools
import math
import mimetypes
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from tb_plugin import PLUGIN_NAME, checks, codec, planes
from tb_plugin.decoder import Decoder
from tb_plugin.params import BadRequest, Params
from tb_plugin.store import NotThere, Space, Store, array_of

STATIC = Path(__file__).parent / "static"

# What one request may ask of the server.
MAX_MACS = 10**9  # multiplications
MAX_PIXELS = 2**24  # numbers in the answer of decode, pixels of an animation
MAX_PCA_NUMBERS = 2**24
MAX_PLANES = 64  # kept in memory
MAX_DESCRIPTION = 10_000  # characters of Markdown, the rest is not shown


def route(answer):
    """A WSGI application of a method that takes (request, params) and returns a response.

    What the client got wrong is 400, what is not there 404, stored data that cannot be read 422.
    """
    @functools.wraps(answer)
    def application(self, environ, start_response):
        request = wrappers.Request(environ)
        if request.method not in ("GET", "HEAD"):
            response = _text(request, "only GET and HEAD", 405, [("Allow", "GET, HEAD")])
        else:
            try:
                response = answer(self, request, Params(_arguments(request)))
            except BadRequest as error:
                response = _text(request, str(error), 400)
            except NotThere as error:
                response = _text(request, str(error), 404)
            except codec.FormatError as error:
                response = _text(request, str(error), 422)
        return response(environ, start_response)

    return application


def _arguments(request):
    try:
        return request.args
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8") from error


def _text(request, message, code, headers=None):
    return http_util.Respond(request, message, "text/plain", code=code, headers=headers)


def _binary(request, array: np.ndarray, gzipped: bytes | None = None):
    """Respond with an array as it lies in memory, little-endian; shape and dtype are headers."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    headers = [("X-Latent-Shape", ",".join(map(str, array.shape))), ("X-Latent-Dtype", array.dtype.name)]
    return http_util.Respond(request, gzipped or array.tobytes(), "application/octet-stream",
                             content_encoding="gzip" if gzipped else None, headers=headers)


class LatentPlugin(base_plugin.TBPlugin):
    """Serves what `tb_plugin.summary` logged."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext):
        self._store = Store(context.data_provider)
        self._planes: OrderedDict[tuple, planes.Plane] = OrderedDict()
        self._planes_lock = threading.Lock()

    def get_plugin_apps(self):
        """The routes: those of the data, and one for each file in `static`; nothing else can be read."""
        files = {"/" + path.relative_to(STATIC).as_posix(): functools.partial(self._static, path)
                 for path in STATIC.rglob("*") if path.is_file() and path.suffix in (".js", ".css", ".svg", ".json")}
        return files | {
            "/runs": self.runs,
            "/step": self.step,
            "/codes": self.codes,
            "/projection": self.projection,
            "/coordinates": self.coordinates,
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
        return http_util.Respond(request, path.read_bytes(), kind)(environ, start_response)

    @route
    def runs(self, request, params):
        """What there is: runs, tags, steps, how many of how many are kept."""
        ctx, experiment = _context(request)
        listing: dict[str, dict[str, Any]] = {}
        for space in self._store.spaces(ctx, experiment):
            listing.setdefault(space.run, {})[space.name] = self._describe(ctx, space)
        return http_util.Respond(request, listing, "application/json")

    def _describe(self, ctx, space: Space) -> dict[str, Any]:
        steps = space.steps
        described = {
            "display_name": space.display_name,
            "description": plugin_util.markdown_to_safe_html(space.description[:MAX_DESCRIPTION]),
            "steps": steps,
            "wall_times": [_finite(wall_time) for wall_time in space.wall_times],
            "kept": len(steps),
            "error": space.error,
        }
        last: dict[str, Any] = dict.fromkeys(("points", "dims", "index", "image_shape", "class_names"))
        parts: list[str] = []
        if space.error is None:
            try:
                last = self._head(ctx, space.record(space.resolve(None)))
                parts = last["parts"]
                first = self._head(ctx, space.once(max(steps)))
                last["class_names"] = first["class_names"]
                last["image_shape"] = last["image_shape"] or first["image_shape"]
                parts = [part for part in codec.PARTS if part in parts
                         or (part in first["parts"] and part not in codec.STEP_PARTS)]
            except NotThere:  # nothing once per run, or a run that is just being deleted
                pass
            except codec.FormatError as error:
                described["error"] = str(error)
        logged = None if last["index"] is None else max(last["index"] + 1, len(steps))
        keys = ("points", "dims", "image_shape", "class_names")
        return described | {"logged": logged, "parts": parts} | {key: last[key] for key in keys}

    def _head(self, ctx, record) -> dict[str, Any]:
        blob = self._store.part(ctx, record, "head")
        try:
            return codec.unpack_head(blob)
        except codec.FormatError as error:
            raise codec.FormatError(f"This step cannot be read: {error}.") from error

    def _select(self, request, params) -> tuple[Any, Space, int]:
        """The context, the latent space and the step that a request is about."""
        ctx, experiment = _context(request)
        space = self._store.space(ctx, experiment, params.text("run"), params.text("tag"))
        return ctx, space, space.resolve(params.integer("step", None, -2**63, 2**63 - 1))

    def _codes(self, ctx, space: Space, step: int) -> np.ndarray:
        return self._store.array(ctx, space.record(step), "codes", "float32", 2)

    @route
    def step(self, request, params):
        """What was logged at a step."""
        ctx, space, step = self._select(request, params)
        record = space.record(step)
        head = self._head(ctx, record)
        head["image_shape"] = self._image_shape(ctx, space, step, head)
        answer = {key: head[key] for key in ("points", "dims", "index", "image_shape", "parts", "walk")}
        return http_util.Respond(request, answer | {"step": step, "wall_time": _finite(record.wall_time)},
                                 "application/json")

    @route
    def codes(self, request, params):
        """The codes float32 [N, D] of a step."""
        ctx, space, step = self._select(request, params)
        return _binary(request, self._codes(ctx, space, step))

    @route
    def projection(self, request, params):
        """A plane through the codes, as JSON."""
        plane, _ = self._plane(request, params)
        return http_util.Respond(request, {
            "origin": plane.origin.tolist(), "u": plane.u.tolist(), "v": plane.v.tolist(),
            "explained_variance_ratio": list(plane.explained)}, "application/json")

    @route
    def coordinates(self, request, params):
        """Where the codes of a step lie in a plane, float32 [N, 2]."""
        plane, codes = self._plane(request, params)
        with np.errstate(over="ignore", invalid="ignore"):
            points = planes.coordinates(codes, plane)
        if not np.isfinite(points).all():
            raise codec.FormatError("The codes of this step are too large to be projected.")
        return _binary(request, points)

    def _plane(self, request, params) -> tuple[planes.Plane, np.ndarray]:
        """The plane that a request is about, and the codes of its step."""
        ctx, space, step = self._select(request, params)
        method = params.choice("plane", ("axes", "pca"))
        codes = self._codes(ctx, space, step)
        if method == "axes":
            last = codes.shape[1] - 1
            i, j = params.integer("i", 0, 0, last), params.integer("j", min(1, last), 0, last)
            return planes.axes(codes, i, j), codes
        fit = space.resolve(params.integer("fit", step, -2**63, 2**63 - 1))
        key = (_context(request)[1], space.run, space.name, fit, space.record(fit).wall_time)
        with self._planes_lock:  # held while it is computed: once, and one at a time
            if key not in self._planes:
                fitted = codes if fit == step else self._codes(ctx, space, fit)
                if fitted.size > MAX_PCA_NUMBERS:
                    raise BadRequest(f"plane: no PCA of more than {MAX_PCA_NUMBERS:,} numbers")
                self._planes[key] = planes.principal(fitted)
            self._planes.move_to_end(key)
            while len(self._planes) > MAX_PLANES:
                self._planes.popitem(last=False)
            plane = self._planes[key]
        if len(plane.origin) != codes.shape[1]:
            raise BadRequest("fit: at this step the codes have another width")
        return plane, codes

    @route
    def labels(self, request, params):
        """The labels int32 [N]."""
        ctx, space, step = self._select(request, params)
        return _binary(request, self._store.array(ctx, space.once(step), "labels", "int32", 1))

    @route
    def errors(self, request, params):
        """The error of each point at a step, float32 [N]."""
        ctx, space, step = self._select(request, params)
        return _binary(request, self._store.array(ctx, space.record(step), "errors", "float32", 1))

    @route
    def images(self, request, params):
        """The images uint8 [n, H, W, C] that were encoded."""
        ctx, space, step = self._select(request, params)
        return self._pictures(request, params, ctx, space.once(step), "images")

    @route
    def reconstructions(self, request, params):
        """The reconstructions uint8 [n, H, W, C] of a step."""
        ctx, space, step = self._select(request, params)
        return self._pictures(request, params, ctx, space.record(step), "reconstructions")

    def _pictures(self, request, params, ctx, record, part: str):
        blob = self._store.part(ctx, record, part)
        array = array_of(blob, part, "uint8", 4)
        start = params.integer("start", 0, 0, max(0, len(array) - 1))
        count = params.integer("count", len(array) - start, 0, len(array) - start)
        gzipped = None
        if count == len(array):  # all of them go as they are stored
            header, payload = codec.unpack_raw(blob)
            gzipped = payload if header.get("gzip") else None
        return _binary(request, array[start:start + count], gzipped)

    def _decoder(self, ctx, space: Space, step: int) -> Decoder:
        blob = self._store.part(ctx, space.record(step), "decoder")
        try:
            return Decoder.from_blob(blob)
        except codec.FormatError as error:
            raise codec.FormatError(f"The decoder of this step cannot be read: {error}.") from error

    @route
    def decoder(self, request, params):
        """The decoder of a step as a blob of the stored format, weights float32."""
        ctx, space, step = self._select(request, params)
        return http_util.Respond(request, self._decoder(ctx, space, step).to_blob(), "application/octet-stream")

    def _decode(self, decoder: Decoder, codes: np.ndarray) -> np.ndarray:
        if len(codes) * decoder.macs > MAX_MACS or len(codes) * math.prod(decoder.output_shape) > MAX_PIXELS:
            most = min(MAX_MACS // max(1, decoder.macs), MAX_PIXELS // math.prod(decoder.output_shape))
            raise BadRequest(f"too much for one request: this decoder takes {most:,} codes at a time")
        pictures = decoder(codes)
        if not np.isfinite(pictures).all():
            raise codec.FormatError("The decoder of this step gives numbers that are not finite.")
        return pictures

    @route
    def decode(self, request, params):
        """What the decoder of a step makes of given codes: float32 [n, ...]."""
        ctx, space, step = self._select(request, params)
        decoder = self._decoder(ctx, space, step)
        return _binary(request, self._decode(decoder, params.codes("codes", decoder.dims)))

    @route
    def walk_gif(self, request, params):
        """A walk through the space of the codes, decoded, as an animation."""
        ctx, space, step = self._select(request, params)
        decoder = self._decoder(ctx, space, step)
        size = params.integer("size", 224, 1, planes.MAX_SIDE)
        milliseconds = params.integer("ms", 100, 20, 5000)
        head = self._head(ctx, space.record(step))
        shape = checks.picture_shape(decoder.output_shape, self._image_shape(ctx, space, step, head))
        if shape is None:
            raise NotThere("this decoder gives no pictures of 1, 3 or 4 channels")
        path = self._path(ctx, space, step, params, decoder.dims, head["walk"])
        side = max(size, *shape[:2])
        if side > planes.MAX_SIDE or len(path) * side**2 * shape[2] > MAX_PIXELS:
            raise BadRequest(f"frames, size: too large; the product of frames and pixels is {MAX_PIXELS:,} at most")
        pictures = self._decode(decoder, path).reshape(-1, *shape)
        return http_util.Respond(request, planes.gif(pictures, size, milliseconds), "image/gif")

    def _image_shape(self, ctx, space: Space, step: int, head: dict[str, Any]) -> tuple[int, ...] | None:
        """(H, W, C) of the images that go with a step; the first step may be the only one that says it."""
        shape = head["image_shape"]
        if not shape:
            try:
                shape = self._head(ctx, space.once(step))["image_shape"]
            except NotThere:
                shape = None
        return tuple(shape) if shape else None

    def _path(self, ctx, space: Space, step: int, params, dims: int, logged: Any) -> np.ndarray:
        """The codes [frames, D] of the walk that a request describes."""
        if params.choice("path", ("circle", "line")) == "line":
            return planes.line(params.vector("start", dims), params.vector("end", dims),
                               params.integer("frames", 60, 2, checks.MAX_FRAMES))
        try:
            circle = dict(checks.walk(logged, dims))
        except ValueError:  # none was logged
            codes = self._codes(ctx, space, step)
            if codes.shape[1] != dims:
                raise codec.FormatError("The decoder of this step does not take its codes.") from None
            circle = planes.mean_circle(codes)
        frames = params.integer("frames", circle.get("frames", 60), 2, checks.MAX_FRAMES)
        basis = np.eye(2, dims, dtype=np.float32)
        return planes.circle(
            params.vector("center", dims, circle["center"]), params.number("radius", circle["radius"]),
            params.vector("u", dims, circle.get("u", basis[0])), params.vector("v", dims, circle.get("v", basis[1])),
            frames)


def _context(request) -> tuple[Any, str]:
    return plugin_util.context(request.environ), plugin_util.experiment_id(request.environ)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
