"""The Latent plugin and its routes, which http_api.md describes."""

import functools
import json
import threading
from typing import Any

import numpy as np
from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug.wrappers import Request, Response

from tb_plugin import codec, validation
from tb_plugin.metadata import PLUGIN_NAME, FormatError
from tb_plugin.server import charts, decoding, maps, moved, neighbors, projection, responses, static_files, walks
from tb_plugin.server.delayed_ack import without_delayed_ack
from tb_plugin.server.folders import Folders
from tb_plugin.server.label_classes import for_points
from tb_plugin.server.listing import Listing, describe_step
from tb_plugin.server.maps import Job
from tb_plugin.server.page.build import build
from tb_plugin.server.page.contents import Wanted
from tb_plugin.server.planes import METHODS, Planes
from tb_plugin.server.query import BadRequest, Params
from tb_plugin.server.reader import Reader, array_of
from tb_plugin.server.responses import COMPUTING, READING, binary, requested_rows, route
from tb_plugin.server.spaces import NotThere, Space, Spaces


class LatentPlugin(base_plugin.TBPlugin):
    """The plugin that serves what `tb_plugin.summary` logged."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext):
        data_provider = without_delayed_ack(context.data_provider)
        self.spaces = Spaces(data_provider)
        self._reader = Reader(data_provider)
        self._planes = Planes(self._reader)
        self._maps = maps.Maps(context.logdir)
        self._codes_of = neighbors.Codes()
        self._neighbors_of = moved.Neighbors()
        self._listing = Listing(self.spaces, self._reader, Folders(context))
        # So that the first client to open the tab does not wait for it.
        threading.Thread(target=static_files.script, args=(static_files.STATIC / "index.js",), daemon=True).start()

    def get_plugin_apps(self) -> dict[str, responses.Application]:
        """Returns the WSGI application of each route, below /data/plugin/latent."""
        return static_files.routes() | responses.routes(self)

    def is_active(self) -> bool:
        """Returns False: TensorBoard asks the data provider itself whether there is data for the plugin."""
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Returns how TensorBoard shows the tab."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Latent")

    @route("/runs", READING)
    def _runs(self, request: Request, params: Params) -> Response:
        """Responds with all latent spaces: runs, names, steps, parts."""
        listing, omitted = self._listing.describe_all(*_context(request))
        headers = [("X-Latent-Omitted", str(omitted))] if omitted else []
        return http_util.Respond(request, json.dumps(listing, allow_nan=False), "application/json", headers=headers)

    @route("/step", READING)
    def _step(self, request: Request, params: Params) -> Response:
        """Responds with the description of a step."""
        ctx, space, step = self._selected(request, params)
        return http_util.Respond(request, describe_step(self._reader, ctx, space, step), "application/json")

    @route("/codes", READING)
    def _codes(self, request: Request, params: Params) -> Response:
        """Responds with the codes float32 [N, D] of a step."""
        return self._rows(request, params, self._reader.code_rows(*self._selected(request, params)))

    @route("/labels", READING)
    def _labels(self, request: Request, params: Params) -> Response:
        """Responds with the labels, int32 or float32 [N]."""
        return self._rows(request, params, self._reader.labels(*self._selected(request, params)))

    @route("/errors", READING)
    def _errors(self, request: Request, params: Params) -> Response:
        """Responds with the error of each point at a step, float32 [N]."""
        ctx, space, step = self._selected(request, params)
        return self._rows(request, params, self._reader.array(ctx, space.record(step), "errors", "float32", 1))

    @route("/images", READING)
    def _images(self, request: Request, params: Params) -> Response:
        """Responds with the images uint8 [n, H, W, C]."""
        ctx, space, step = self._selected(request, params)
        return self._pictures(request, params, ctx, space.once(step), "images")

    @route("/reconstructions", READING)
    def _reconstructions(self, request: Request, params: Params) -> Response:
        """Responds with the reconstructions uint8 [n, H, W, C] of a step."""
        ctx, space, step = self._selected(request, params)
        return self._pictures(request, params, ctx, space.record(step), "reconstructions")

    @route("/metadata", READING)
    def _metadata(self, request: Request, params: Params) -> Response:
        """Responds with a blob of a column of metadata."""
        name = params.text("column")
        ctx, space, step = self._selected(request, params)
        about, arrays = self._reader.column(ctx, space.once(step), name)
        if sum(array.nbytes for array in arrays) > responses.MAX_BYTES:
            raise FormatError("The column is too large to be sent.")
        header = {key: value for key, value in about.items() if key != "blob"}
        return http_util.Respond(request, codec.pack(header, *arrays), "application/octet-stream")

    @route("/points", COMPUTING)
    def _points(self, request: Request, params: Params) -> Response:
        """Responds with a blob of the codes of a step in a plane, the plane, and if requested the points' classes."""
        method, labeled = params.choice("plane", METHODS), params.integer("labels", 0, 0, 1)
        first, bits = params.integer("first", None, 1, validation.MAX_POINTS), params.integer("bits", 32, 16, 32)
        if bits not in (16, 32) or (bits == 16 and params.integer("components", 2, 2, projection.MAX_COMPONENTS) > 2):
            raise BadRequest("The parameter bits must be 16 or 32, and with more than two components 32.")
        ctx, space, step = self._selected(request, params, or_first=True)
        header = {"run": space.run, "tag": space.name, "step": step}
        if method == "map":
            name = params.text("map")
            points = self._map(ctx, space, step, name)
            if isinstance(points, Job):
                progress = json.dumps({"map": name, "step": step, "started": points.started, "done": points.done})
                return http_util.Respond(request, progress, "application/json", code=202)
            header |= {"plane": "map", "map": name}
            arrays = [points]
        else:
            codes = self._reader.codes(ctx, space, step)
            plane, choice = self._planes.requested(ctx, params, method, space, step, codes)
            with np.errstate(over="ignore", invalid="ignore"):
                points = projection.coordinates(codes, plane)
            if not np.isfinite(points).all():
                raise FormatError("The codes of this step are too large to be projected.")
            header |= {**choice, "explained_variance_ratio": plane.explained, "sample": plane.sample}
            arrays = [points, plane.origin, *plane.directions]
        bounds = projection.box(points)
        header |= {"box": bounds, "points": len(points)}
        sent = slice(first if first and 2 * first < len(points) else None)
        arrays[0] = points[sent] if bits == 32 else projection.quantized(points[sent], bounds)
        labels = self._reader.labels(ctx, space, step) if labeled else np.empty(0)
        if len(labels) == len(points):
            about, of = for_points(labels, self._reader.head(ctx, space.once(step))["class_names"])
            header |= about
            arrays.append(of[sent])
        try:
            blob = codec.pack(header, *arrays)
        except ValueError as error:
            raise FormatError(f"The points of this step cannot be sent: {error}.") from error
        return http_util.Respond(request, blob, "application/octet-stream")

    @route("/neighbors", COMPUTING)
    def _neighbors(self, request: Request, params: Params) -> Response:
        """Responds with the points whose codes are nearest to a point or to a code."""
        metric = params.choice("metric", neighbors.METRICS)
        count = params.integer("count", 12, 1, neighbors.MAX_NEIGHBORS)
        if ("index" in params) == ("code" in params):
            raise BadRequest("Either the parameter index or the parameter code must be given.")
        ctx, space, step = self._selected(request, params)
        read = functools.partial(self._reader.codes, ctx, space, step)
        codes, squares = self._codes_of.get(space.key(step), read)
        index = params.integer("index", None, 0, len(codes) - 1)
        code = params.vector("code", codes.shape[1]) if index is None else codes[index]
        indices, distances = neighbors.nearest(codes, squares, code, count, metric, index)
        answer = {"indices": indices.tolist(), "distances": distances.tolist()}
        return http_util.Respond(request, json.dumps(answer, allow_nan=False), "application/json")

    @route("/moved", COMPUTING)
    def _moved(self, request: Request, params: Params) -> Response:
        """Responds with how many neighbors each point keeps between two steps or runs, uint8 [N]."""
        run, name = params.text("other_run"), params.text("other_tag")
        ctx, space, step = self._selected(request, params)
        other = self.spaces.get(ctx, space.experiment, run, name)
        other_step = other.resolve(params.integer("other_step", None, -(2**63), 2**63 - 1))
        codes = self._reader.codes(ctx, space, step), self._reader.codes(ctx, other, other_step)
        try:
            kept = moved.compare(*codes, self._neighbors_of, (space.key(step), other.key(other_step)))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return binary(request, kept)

    @route("/decoder", READING)
    def _decoder(self, request: Request, params: Params) -> Response:
        """Responds with the decoder of a step as a blob, weights float32."""
        return responses.network(request, self._reader.decoder(*self._selected(request, params)))

    @route("/encoder", READING)
    def _encoder(self, request: Request, params: Params) -> Response:
        """Responds with the encoder of a step as a blob, weights float32."""
        return responses.network(request, self._reader.encoder(*self._selected(request, params)))

    @route("/decode", COMPUTING)
    def _decode(self, request: Request, params: Params) -> Response:
        """Responds with the decoder's pictures of the given codes, float32 [n, ...]."""
        codes = params.codes("codes")
        decoder = self._reader.decoder(*self._selected(request, params))
        return binary(request, decoding.decode(decoder, codes))

    @route("/walk.gif", COMPUTING)
    def _walk_gif(self, request: Request, params: Params) -> Response:
        """Responds with an animation of a decoded walk."""
        size = params.integer("size", 224, 1, decoding.MAX_GIF_SIDE)
        milliseconds = params.integer("ms", 100, 20, 5000)
        decoding.require_gif_size(params.integer("frames", 2, 2, validation.MAX_FRAMES), size, 1)
        ctx, space, step = self._selected(request, params)
        decoder = self._reader.decoder(ctx, space, step)
        head = self._reader.head(ctx, space.record(step))
        images = self._reader.image_shape(ctx, space, step, head)
        shape = validation.picture_shape(decoder.output_shape, images)
        chart = None
        if shape is None:
            chart = self._reader.chart(ctx, space) if len(decoder.output_shape) == 1 else None
            if chart is None:
                raise NotThere("The decoder of this step does not return pictures with 1, 3 or 4 channels.")
            shape = (charts.HEIGHT, charts.WIDTH, 1)
        side, channels = max(size, *shape[:2]), shape[2]
        most = decoding.most_frames(decoder, side, channels)
        codes = self._walk(ctx, params, space, step, head["walk"], decoder.dims, most)
        decoding.require_gif_size(len(codes), side, channels)
        decoded = decoding.decode(decoder, codes)
        pictures = charts.draw(decoded, chart) / 255 if chart else decoded.reshape(-1, *shape)
        headers = [("X-Latent-Frames", str(len(codes)))]
        return http_util.Respond(
            request, decoding.animation(pictures, size, milliseconds), "image/gif", headers=headers
        )

    @route("/page", COMPUTING)
    def _page(self, request: Request, params: Params) -> Response:
        """Responds with latent spaces as one HTML page, a file to save."""
        pairs = params.spaces("spaces")
        ctx, experiment = _context(request)
        spaces = [self.spaces.get(ctx, experiment, run, tag) for run, tag in dict.fromkeys(pairs)]
        page = build(self._reader, self._listing, ctx, spaces, Wanted())
        # Never shown as a page of this server: its scripts would run with the rights of TensorBoard's.
        headers = [("Content-Disposition", "attachment"), ("X-Content-Type-Options", "nosniff")]
        return http_util.Respond(request, page, "application/octet-stream", headers=headers)

    def _walk(self, ctx: Any, params: Params, space: Space, step: int, logged: Any, dims: int, most: int) -> np.ndarray:
        """Returns the codes float32 [frames, dims] of the walk that a request describes.

        If the request does not say how many frames, there are at most `most`.
        """
        if params.choice("path", walks.PATHS) == "line":
            return walks.requested_line(params, dims, most)
        default = walks.logged_circle(logged, dims)
        if default is None:
            codes = self._reader.codes(ctx, space, step)
            if codes.shape[1] != dims:
                raise FormatError(
                    f"The decoder of this step takes codes of {dims} numbers, its codes have another width."
                )
            default = walks.mean_circle(codes)
        return walks.requested_circle(params, dims, default, most)

    def _map(self, ctx: Any, space: Space, step: int, name: str) -> np.ndarray | Job:
        """Returns the places in a projection that was logged, or in a map that is computed, or its job."""
        try:
            return self._reader.projection(ctx, space, step, name)
        except NotThere:
            if name not in maps.METHODS:
                raise
        return self._maps.get(space, step, name, self._reader.codes(ctx, space, step))

    def _selected(self, request: Request, params: Params, or_first: bool = False) -> tuple[Any, Space, int]:
        """Returns TensorBoard's context, the latent space and the step that a request selects.

        With `or_first` a request that names no latent space selects the first one.
        """
        ctx, experiment = _context(request)
        first = or_first and not responses.names_space(params)
        run, name = (None, None) if first else (params.text("run"), params.text("tag"))
        space = self.spaces.get(ctx, experiment, run, name)
        return ctx, space, space.resolve(params.integer("step", None, -(2**63), 2**63 - 1))

    def _rows(self, request: Request, params: Params, array: Any) -> Response:
        return binary(request, array, requested_rows(params, array.shape, array.dtype))

    def _pictures(self, request: Request, params: Params, ctx: Any, record: Any, part: str) -> Response:
        if len(record.values) > len(codec.PARTS):  # it may be split
            return self._rows(request, params, self._reader.rows(ctx, record, part, "uint8", 4))
        blob = self._reader.part(ctx, record, part)
        array = array_of(blob, part, "uint8", 4)
        rows, gzipped = requested_rows(params, array.shape, array.dtype), None
        if rows == slice(0, len(array)):  # all rows are sent as they are stored
            header, payload = codec.unpack_raw(blob)
            gzipped = payload if header.get("gzip") else None
        return binary(request, array, rows, gzipped)


def _context(request: Request) -> tuple[Any, str]:
    return plugin_util.context(request.environ), plugin_util.experiment_id(request.environ)
