"""The stored format of a record: arrays and JSON packed into the blobs of an event file.

A record has one blob per part, in the order of PARTS. A part that was not logged is an empty blob. So each part can be
fetched without the others. `metadata` describes the time series that the records belong to.

    head             JSON only: points, dims, index, image_shape, thumbnail_shape, class_names, labels, walk, chart,
                     parts, columns, projections, added, split
    codes            float32 or float16 [N, D]
    errors           float32 [N]
    reconstructions  uint8 [N, H, W, C]
    decoder          JSON: the layers; arrays: their weights, float32 or float16
    labels           int32 [N], or float32 [N] if they are continuous values (only in the series "once")
    images           uint8 [N, H, W, C]   (only in the series "once")

Images and reconstructions of more than MAX_BLOB_BYTES are stored as thumbnails: smaller, with thumbnail_shape.

More blobs follow if there are columns of metadata, projections or ADDED parts, or if a part is split, because it has
more than SPLIT_BYTES. The head says which. `columns` lists the columns (only in the series "once"), each with the
position of its blob, which has the arrays

    numbers          float32 or float64 [N], and if some points have no number uint8 [N], 1 for those that have
    texts            int32 [N], the index of each point's text or -1; int32 [K], the lengths of the K different texts in
                     bytes; uint8, the texts in UTF-8, one after another

`projections` lists the projections of a step by name, each with the position of its blob, which has float32 [N, 2].

`added` lists the parts of a step beyond PARTS, by name, each with the position of its blob; older readers skip them:

    encoder          as decoder; or "scaled" in the JSON tells of each array whether it is int16, followed by the
                     scales float32 of its last axis

`split` has, by the name of a part, the shape of the whole, the rows of each blob (the last may have fewer) and the
positions of its blobs.

A blob is b"LTNT", the length of the header as uint32, the CRC-32 of the rest as uint32, the header, and the arrays one
after another in C order. The header is JSON in UTF-8, padded with spaces to a multiple of 4 bytes. Its "arrays" lists
the dtype and shape of each array. With "gzip": true the arrays are one gzip stream. All numbers are little-endian.
"""

import gzip
import json
import math
import struct
import zlib
from typing import Any

import numpy as np

from tb_plugin.metadata import FormatError

PARTS = ("head", "codes", "errors", "reconstructions", "decoder", "labels", "images")
STEP_PARTS = PARTS[:5]
ADDED = ("encoder",)  # parts of a step, whose blobs follow
HEAD = (
    "points",
    "dims",
    "index",
    "image_shape",
    "thumbnail_shape",
    "class_names",
    "labels",
    "walk",
    "chart",
    "parts",
    "columns",
    "projections",
    "added",
    "split",
)
MAX_BLOBS = 512  # of a record

# A reader allocates at most this much for one blob, whatever the blob claims.
MAX_BLOB_BYTES = 256 * 2**20
SPLIT_BYTES = 64 * 2**20
MAX_PART_BYTES = 2**30  # of a part that is split
MAX_HEADER_BYTES = 2**20
MAX_ARRAYS = 4096
MAX_RANK = 8

MAGIC = b"LTNT"
PREFIX = struct.Struct("<4sII")  # MAGIC, length of the header, CRC-32 of the rest
_DTYPES = ("<f4", "<f2", "<f8", "<i4", "<i2", "<u2", "|u1")


def pack(header: dict[str, Any], *arrays: np.ndarray, compress: bool = False) -> bytes:
    """Returns a blob of `header`, which must be valid JSON, and of arrays of float32, float16, float64, int32,
    int16, uint16 or uint8.

    Raises:
      ValueError: the header is not valid JSON, or something does not fit into a blob.
    """
    arrays = tuple(np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for array in arrays)
    specs = [{"dtype": array.dtype.str, "shape": array.shape} for array in arrays]
    for spec in specs:
        if spec["dtype"] not in _DTYPES:
            raise ValueError(f"an array has dtype {spec['dtype']}, which is not one of {', '.join(_DTYPES)}")
    size = sum(array.nbytes for array in arrays)
    if size > MAX_BLOB_BYTES:
        raise ValueError(f"a part of the record has {size / 2**20:,.0f} MiB, the limit is {MAX_BLOB_BYTES // 2**20}")
    text = json.dumps({**header, "arrays": specs, "gzip": compress}, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"the header of a blob has {len(text):,} bytes, the limit is {MAX_HEADER_BYTES:,}")
    payload = b"".join(array.tobytes() for array in arrays)
    if compress:
        payload = gzip.compress(payload, compresslevel=3, mtime=0)
    return PREFIX.pack(MAGIC, len(text), zlib.crc32(payload, zlib.crc32(text))) + text + payload


def unpack_raw(blob: bytes) -> tuple[dict[str, Any], bytes]:
    """Returns the header of a blob and its payload as stored, which may be compressed.

    The header's "arrays" is validated. The payload is verified by its CRC only.

    Raises:
      FormatError: the blob is damaged.
    """
    if not isinstance(blob, bytes) or len(blob) < PREFIX.size:
        raise FormatError("it is not a blob of this plugin")
    magic, length, crc = PREFIX.unpack_from(blob)
    if magic != MAGIC:
        raise FormatError("it is not a blob of this plugin")
    start = PREFIX.size + length
    if length > MAX_HEADER_BYTES or start > len(blob):
        raise FormatError("it is truncated")
    if zlib.crc32(memoryview(blob)[PREFIX.size :]) != crc:
        raise FormatError("its checksum is wrong")
    try:
        header = json.loads(blob[PREFIX.size : start], parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError("its header is not JSON") from error
    if not isinstance(header, dict):
        raise FormatError("its header is not a JSON object")
    _validate_specs(header.get("arrays"))
    return header, blob[start:]


def unpack(blob: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Returns the header of a blob and its arrays, read-only. Stored float16 is returned as float32.

    Raises:
      FormatError: the blob is damaged, has more than MAX_BLOB_BYTES, or contains a number that is not finite.
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
            array = array.astype(np.float32, copy=False) if array.dtype.itemsize == 2 else array
            if not np.isfinite(array).all():
                raise FormatError("it contains numbers that are not finite")
        arrays.append(array)
    return header, arrays


def unpack_head(blob: bytes) -> dict[str, Any]:
    """Returns the fields of a record's head.

    These are the counts points (N) and dims (D); index (how many steps were logged before), image_shape and
    thumbnail_shape [H, W, C], class_names, labels ("classes" or "continuous"), walk and chart, each None if it was not
    logged; parts, the names of the parts that were logged; columns and projections, lists, and split, a dict, as the
    module describes them.

    Raises:
      FormatError: the head is damaged.
    """
    head, _ = unpack_raw(blob)
    fields = {key: head.get(key) for key in HEAD}
    for key in ("columns", "projections", "added"):
        fields[key] = [] if fields[key] is None else fields[key]
    fields["split"] = {} if fields["split"] is None else fields["split"]
    valid = (
        _is_count(fields["points"])
        and _is_count(fields["dims"])
        and (fields["index"] is None or _is_count(fields["index"]))
        and _is_image_shape(fields["image_shape"])
        and _is_image_shape(fields["thumbnail_shape"])
        and (fields["class_names"] is None or _is_strings(fields["class_names"]))
        and fields["labels"] in (None, "classes", "continuous")
        and (fields["walk"] is None or isinstance(fields["walk"], dict))
        and _is_chart(fields["chart"])
        and _is_strings(fields["parts"])
        and _is_named(fields["columns"])
        and all(column.get("type") in ("number", "text") for column in fields["columns"] or [])
        and _is_named(fields["projections"])
        and _is_named(fields["added"])
        and _is_split(fields["split"])
    )
    if not valid:
        raise FormatError("its head does not describe a record")
    return fields


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_image_shape(value: Any) -> bool:
    return value is None or (is_shape(value) and len(value) == 3)


def _is_chart(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and _is_numbers(value.get("range"))
        and len(value["range"]) == 2
        and value["range"][0] < value["range"][1]
        and (value.get("at") is None or _is_strings(value["at"]) or _is_numbers(value["at"]))
        and all(value.get(title) is None or isinstance(value[title], str) for title in ("x", "y"))
    )


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) in (int, float) and abs(number) < 1e300 for number in value)


def _is_position(value: Any) -> bool:
    return type(value) is int and 0 < value < MAX_BLOBS


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) and _is_position(one.get("blob")) for one in value
    )


def _is_split(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(part, dict)
        and is_shape(part.get("shape"))
        and part["shape"] != []
        and math.prod(part["shape"]) <= MAX_PART_BYTES
        and type(part.get("rows")) is int
        and part["rows"] >= 1
        and isinstance(part.get("blobs"), list)
        and all(map(_is_position, part["blobs"]))
        and len(part["blobs"]) == -(-part["shape"][0] // part["rows"])
        for part in value.values()
    )


def payload_bytes(header: dict[str, Any]) -> int:
    """Returns the uncompressed size in bytes of the arrays that a header from `unpack_raw` lists."""
    return sum(math.prod(spec["shape"]) * np.dtype(spec["dtype"]).itemsize for spec in header["arrays"])


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _validate_specs(specs: Any) -> None:
    if not isinstance(specs, list) or len(specs) > MAX_ARRAYS:
        raise FormatError("its header has no list of arrays")
    total = 0
    for spec in specs:
        if not isinstance(spec, dict) or spec.get("dtype") not in _DTYPES or not is_shape(spec.get("shape")):
            raise FormatError("its header does not describe an array")
        total += math.prod(spec["shape"]) * np.dtype(spec["dtype"]).itemsize
    if total > MAX_BLOB_BYTES:
        raise FormatError(f"its arrays have more than {MAX_BLOB_BYTES // 2**20} MiB")


def is_shape(value: Any) -> bool:
    """Returns whether `value`, parsed from JSON, is the shape of an array: at most MAX_RANK small integers."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_RANK
        and all(type(size) is int and 0 <= size <= MAX_BLOB_BYTES for size in value)
    )


def _gunzip(payload: bytes, length: int) -> bytes:
    """Decompresses at most length + 1 bytes, so that a gzip bomb stays small."""
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(payload, length + 1)
    except zlib.error as error:
        raise FormatError("its compressed arrays are damaged") from error
    if not stream.eof or stream.unused_data:
        raise FormatError("its compressed arrays are not as long as its header says")
    return data
