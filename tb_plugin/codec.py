"""The stored format: how arrays and their description become the blobs of an event file, and come back.

A latent space that is logged under NAME makes two time series of blob sequences. The plugin data in the
metadata of both is JSON, `{"version": 1, "kind": "steps" | "once"}`.

    NAME/latent       kind "steps": a record per logged step
    NAME/latent_once  kind "once": the first step's record again, then what is logged once per run

TensorBoard samples the steps of a long run, each series by itself, and always keeps only the last: the
series "once" is what keeps the first step.

A record is a sequence of blobs at fixed positions, PARTS; an absent part is an empty blob. So each part is
fetched without the others.

    head             JSON only: points, dims, index, image_shape, class_names, walk, parts
    codes            float32 [N, D]
    errors           float32 [N]
    reconstructions  uint8 [N, H, W, C]
    decoder          JSON: the layers; arrays: their weights, float32 or float16
    labels           int32 [N]            (only in "once")
    images           uint8 [N, H, W, C]   (only in "once")

A blob: b"LTNT", uint32 length of the header, uint32 CRC-32 of all that follows, the header (JSON in UTF-8,
padded with spaces to a multiple of 4), the arrays one after the other in C order. Numbers are little-endian.
The header's "arrays" lists dtype and shape of each; with "gzip": true the arrays are one gzip stream.
"""

import gzip
import json
import math
import struct
import zlib
from typing import Any

import numpy as np
from tensorboard.compat.proto import summary_pb2

from tb_plugin import PLUGIN_NAME

VERSION = 1
STEPS, ONCE = "steps", "once"
SUFFIXES = {STEPS: "/latent", ONCE: "/latent_once"}
PARTS = ("head", "codes", "errors", "reconstructions", "decoder", "labels", "images")
STEP_PARTS = PARTS[:5]

# A reader allocates no more than this for one blob, whatever the blob says of itself.
MAX_BLOB_BYTES = 256 * 2**20
MAX_HEADER_BYTES = 2**20
MAX_ARRAYS = 1024
MAX_RANK = 4

_MAGIC = b"LTNT"
_PREFIX = struct.Struct("<4sII")
_DTYPES = ("<f4", "<f2", "<i4", "|u1")


class FormatError(ValueError):
    """Stored data that is damaged, or newer than this version."""


def pack(header: dict[str, Any], *arrays: np.ndarray, compress: bool = False) -> bytes:
    """A blob of `header`, which JSON can hold, and arrays of dtype float32, float16, int32 or uint8.

    Raises:
      ValueError: what does not fit into a blob, or JSON cannot hold.
    """
    arrays = tuple(np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for array in arrays)
    specs = [{"dtype": array.dtype.str, "shape": array.shape} for array in arrays]
    if any(spec["dtype"] not in _DTYPES for spec in specs):
        raise ValueError(f"an array's dtype is not one of {', '.join(_DTYPES)}")
    if sum(array.nbytes for array in arrays) > MAX_BLOB_BYTES:
        raise ValueError(f"more than {MAX_BLOB_BYTES // 2**20} MiB of data in one part of a record")
    text = json.dumps({**header, "arrays": specs, "gzip": compress}, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"a description of {len(text):,} bytes; {MAX_HEADER_BYTES:,} are the most")
    payload = b"".join(array.tobytes() for array in arrays)
    if compress:
        payload = gzip.compress(payload, compresslevel=3, mtime=0)
    return _PREFIX.pack(_MAGIC, len(text), zlib.crc32(payload, zlib.crc32(text))) + text + payload


def unpack_raw(blob: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a blob and its payload as stored; "arrays" is checked, the payload only by its CRC.

    Raises:
      FormatError: the blob is damaged.
    """
    if not isinstance(blob, bytes) or len(blob) < _PREFIX.size:
        raise FormatError("it is not a blob of this plugin")
    magic, length, crc = _PREFIX.unpack_from(blob)
    if magic != _MAGIC:
        raise FormatError("it is not a blob of this plugin")
    start = _PREFIX.size + length
    if length > MAX_HEADER_BYTES or start > len(blob):
        raise FormatError("it is cut short")
    if zlib.crc32(memoryview(blob)[_PREFIX.size :]) != crc:
        raise FormatError("its checksum is wrong")
    try:
        header = json.loads(blob[_PREFIX.size : start], parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError("its header is not JSON") from error
    if not isinstance(header, dict):
        raise FormatError("its header is not a JSON object")
    _check_specs(header.get("arrays"))
    return header, blob[start:]


def unpack(blob: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The header of a blob and its arrays, read-only; floats come back as float32.

    Raises:
      FormatError: the blob is damaged, or holds more than MAX_BLOB_BYTES, or a number is not finite.
    """
    header, payload = unpack_raw(blob)
    if header.get("gzip"):
        payload = _gunzip(payload, payload_bytes(header))
    if len(payload) != payload_bytes(header):
        raise FormatError("its arrays are not as long as its header says")
    arrays, offset = [], 0
    for spec in header["arrays"]:
        count = math.prod(spec["shape"])
        array = np.frombuffer(payload, spec["dtype"], count, offset).reshape(spec["shape"])
        offset += array.nbytes
        if array.dtype.kind == "f":
            array = array.astype(np.float32, copy=False)
            if not np.isfinite(array).all():
                raise FormatError("it holds numbers that are not finite")
        arrays.append(array)
    return header, arrays


def unpack_head(blob: bytes) -> dict[str, Any]:
    """The head of a record: points N and dims D; index (of the logged step), image_shape [H, W, C], class_names and
    walk, or None; parts, the names of those that are there.

    Raises:
      FormatError: it is damaged.
    """
    head, _ = unpack_raw(blob)
    fields = {key: head.get(key) for key in ("points", "dims", "index", "image_shape", "class_names", "walk", "parts")}
    fits = (
        _is_count(fields["points"])
        and _is_count(fields["dims"])
        and (fields["index"] is None or _is_count(fields["index"]))
        and (fields["image_shape"] is None or is_shape(fields["image_shape"]) and len(fields["image_shape"]) == 3)
        and (fields["class_names"] is None or _is_texts(fields["class_names"]))
        and (fields["walk"] is None or isinstance(fields["walk"], dict))
        and _is_texts(fields["parts"])
    )
    if not fits:
        raise FormatError("its head does not describe a record")
    return fields


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def payload_bytes(header: dict[str, Any]) -> int:
    """How long the arrays of a header that `unpack_raw` gave are, uncompressed."""
    return sum(math.prod(spec["shape"]) * np.dtype(spec["dtype"]).itemsize for spec in header["arrays"])


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_specs(specs: Any) -> None:
    if not isinstance(specs, list) or len(specs) > MAX_ARRAYS:
        raise FormatError("its header has no list of arrays")
    total = 0
    for spec in specs:
        if not isinstance(spec, dict) or spec.get("dtype") not in _DTYPES or not is_shape(spec.get("shape")):
            raise FormatError("its header does not describe an array")
        total += math.prod(spec["shape"]) * np.dtype(spec["dtype"]).itemsize
    if total > MAX_BLOB_BYTES:
        raise FormatError(f"it holds more than {MAX_BLOB_BYTES // 2**20} MiB")


def is_shape(value: Any) -> bool:
    """Whether `value`, from JSON, is the shape of an array: at most MAX_RANK small integers."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_RANK
        and all(type(size) is int and 0 <= size <= MAX_BLOB_BYTES for size in value)
    )


def _gunzip(payload: bytes, length: int) -> bytes:
    """At most length + 1 bytes of a gzip stream: a bomb stays small."""
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(payload, length + 1)
    except zlib.error as error:
        raise FormatError("its compressed arrays are damaged") from error
    if not stream.eof or stream.unused_data:
        raise FormatError("its compressed arrays are not as long as its header says")
    return data


def metadata(kind: str, display_name: str = "", description: str = "") -> summary_pb2.SummaryMetadata:
    """The metadata of a time series of `kind`, STEPS or ONCE; the description is Markdown."""
    return summary_pb2.SummaryMetadata(
        display_name=display_name,
        summary_description=description,
        # Unset, TensorBoard's fast loader drops the data without a word.
        data_class=summary_pb2.DATA_CLASS_BLOB_SEQUENCE,
        plugin_data=summary_pb2.SummaryMetadata.PluginData(
            plugin_name=PLUGIN_NAME, content=json.dumps({"version": VERSION, "kind": kind}).encode()
        ),
    )


def parse_metadata(tag: str, content: bytes) -> tuple[str, str]:
    """The name of the latent space and the kind of the series, from a tag and its plugin data.

    Raises:
      FormatError: the data is newer than this plugin, or not its own.
    """
    try:
        parsed = json.loads(content)
        version, kind = parsed["version"], parsed["kind"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError("its metadata is not of this plugin") from error
    if type(version) is not int or version < 1:
        raise FormatError("its metadata is not of this plugin")
    if version > VERSION:
        raise FormatError(
            f"it was written in format {version}, and this plugin reads up to {VERSION}: update the "
            "plugin (pip install --upgrade legacy-ports) and start TensorBoard again"
        )
    suffix = SUFFIXES.get(kind) if isinstance(kind, str) else None
    if suffix is None or not tag.endswith(suffix) or tag == suffix:
        raise FormatError("its metadata is not of this plugin")
    return tag.removesuffix(suffix), kind
