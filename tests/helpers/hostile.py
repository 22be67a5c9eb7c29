"""Hostile and damaged event files: a run of each kind, beside a good one."""

import gzip
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.summary.writer.record_writer import masked_crc32c

from helpers import latent
from tb_plugin import codec, layers
from tb_plugin.decoder import Decoder
from tb_plugin.summary import latent as summary

codes, labels, images, decoder = latent.arrays()
HEAD, CODES, ERRORS, RECONSTRUCTIONS, DECODER, LABELS, IMAGES = range(len(codec.PARTS))


def sealed(header, payload=b""):
    """Returns a blob with a valid checksum and any header: bytes, or a value for JSON, which may contain NaN."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return codec.PREFIX.pack(codec.MAGIC, len(text), zlib.crc32(payload, zlib.crc32(text))) + text + payload


def array(shape, dtype="<f4", payload=None, **more):
    """Returns a blob that claims to have an array of `shape`; by default it has it, of zeros."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return sealed({"arrays": [{"dtype": dtype, "shape": shape}], **more}, bytes(size) if payload is None else payload)


def filled(value, shape=(30, 2)):
    return array(shape, payload=np.full(shape, value, "<f4").tobytes())


def head(**more):
    return sealed(
        {
            "points": 30,
            "dims": 2,
            "index": 0,
            "image_shape": [6, 6, 1],
            "class_names": None,
            "walk": None,
            "parts": ["codes", "decoder"],
            "arrays": [],
            **more,
        }
    )


def forged(dims, *specs, arrays=()):
    """Returns the blob of a decoder with any layers, which may not fit."""
    return sealed(
        {"dims": dims, "layers": specs, "arrays": [{"dtype": "<f4", "shape": a.shape} for a in arrays]},
        b"".join(a.astype("<f4").tobytes() for a in arrays),
    )


def slow(*more):
    """Returns the blob of a decoder whose pictures are large in the middle and small in the end."""
    return Decoder(
        2,
        [
            layers.dense(np.ones((2, 1))),
            layers.reshape((1, 1, 1)),
            layers.upsample(2000),
            *more,
            layers.conv2d(np.ones((1, 1, 1, 1)), strides=1000, padding="valid"),
        ],
    ).to_blob()


def tall(count):
    """Returns `count` MiB of zeros as a gzip stream without an end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * count


def deep(depth):
    return b"[" * depth + b"]" * depth


BLOBS = {
    "head not JSON": (HEAD, sealed(b"{")),
    "head deep": (HEAD, sealed(b'{"arrays": [], "walk": ' + deep(100_000) + b"}")),
    "head of huge counts": (HEAD, head(points=10**18, dims=10**18, index=2**53 - 1)),
    "head of no counts": (HEAD, head(points=0, dims=0)),
    "head with long numbers": (HEAD, sealed(b'{"arrays": [], "points": ' + b"9" * 6000 + b"}")),
    "huge picture": (HEAD, head(image_shape=[2**28, 2**28, 4])),
    "class names": (HEAD, head(class_names=["\u00e4" * 100_000])),
    "walk of infinity": (HEAD, head(walk={"center": [float("inf"), 0], "radius": 1})),
    "walk of 1e999": (HEAD, head(walk=0).replace(b'"walk": 0', b'"walk": 1e999')),
    "walk of texts": (HEAD, head(walk={"center": "ab", "radius": [1, 2], "frames": 10**9})),
    "walk of lists": (HEAD, head(walk={"center": [[[]]], "radius": {}, "u": None})),
    "longer header than blob": (CODES, codec.PREFIX.pack(codec.MAGIC, 2**32 - 1, 0)),
    "no codes": (CODES, array([0, 2])),
    "codes of no width": (CODES, array([5, 0])),
    "one code": (CODES, filled(1, (1, 2))),
    "wide codes": (CODES, array([1, 2**17])),
    "more points": (CODES, array([200_001, 1])),
    "huge shape": (CODES, array([2**28, 2**28], payload=b"")),
    "negative shape": (CODES, array([-5, 2], payload=b"")),
    "NaN": (CODES, filled(np.nan)),
    "infinity": (CODES, filled(-np.inf)),
    "far codes": (CODES, filled(3e38)),
    "far and near codes": (CODES, array([4, 2], payload=np.array([3e38, -3e38] * 4, "<f4").tobytes())),
    "bomb in codes": (CODES, array([2**25, 2], payload=tall(300), gzip=True)),
    "bomb that says it is small": (CODES, array([30, 2], payload=tall(64), gzip=True)),
    "object array": (CODES, array([2], payload=b"").replace(b"<f4", b"|O8")),
    "more errors": (ERRORS, array([200_001])),
    "NaN errors": (ERRORS, filled(np.nan, (30,))),
    "bomb in images": (IMAGES, array([60_000, 64, 64, 1], "|u1", payload=tall(300), gzip=True)),
    "no images": (IMAGES, array([0, 6, 6, 1], "|u1")),
    "images of no size": (IMAGES, array([5, 0, 6, 1], "|u1")),
    "other labels": (LABELS, array([7], "<i4")),
    "wide decoder": (DECODER, forged(2**22, {"kind": "linear", "weights": 0})),
    "decoder of no codes": (DECODER, forged(0, {"kind": "linear", "weights": 0})),
    "decoder NaN": (
        DECODER,
        forged(2, {"kind": "dense", "weights": 2}, arrays=[np.full((2, 36), np.nan), np.ones(36)]),
    ),
    "decoder far": (
        DECODER,
        forged(
            2,
            *[{"kind": "dense", "weights": 2}] * 2,
            arrays=[np.full((2, 2), 3e38), np.ones(2), np.full((2, 36), -3e38), np.ones(36)],
        ),
    ),
    "decoder that does not fit": (
        DECODER,
        forged(2, {"kind": "dense", "weights": 2}, arrays=[np.ones((3, 36)), np.ones(36)]),
    ),
    "decoder of huge pictures": (
        DECODER,
        forged(
            2,
            {"kind": "reshape", "weights": 0, "shape": [1, 1, 2]},
            {"kind": "upsample", "weights": 0, "size": [4096, 4096]},
        ),
    ),
    "decoder of strides": (
        DECODER,
        forged(
            2,
            {"kind": "conv2d", "weights": 2, "strides": [0, 2**40], "padding": []},
            arrays=[np.ones((1, 1, 1, 1)), np.ones(1)],
        ),
    ),
    "decoder of a kernel that is not there": (
        DECODER,
        forged(
            2,
            {"kind": "reshape", "weights": 0, "shape": [1, 1, 2]},
            {"kind": "conv2d", "weights": 0, "padding": "same"},
        ),
    ),
    "decoder that reads itself": (
        DECODER,
        forged(2, {"kind": "add", "weights": 0, "inputs": [0, 1]}),
    ),
    "decoder that reads no number": (
        DECODER,
        forged(2, {"kind": "concat", "weights": 0, "axis": 0, "inputs": [0, True, "0", None, 2**70, -1]}),
    ),
    "decoder that keeps all it makes": (
        DECODER,
        forged(
            2,
            {"kind": "reshape", "weights": 0, "shape": [1, 1, 2]},
            {"kind": "upsample", "weights": 0, "size": [1000, 2000]},
            *[{"kind": "sin", "weights": 0, "inputs": [2]}] * 63,
            {"kind": "concat", "weights": 0, "axis": 2, "inputs": list(range(2, 66))},
        ),
    ),
    "decoder of odd options": (
        DECODER,
        forged(2, {"kind": "slice", "weights": 0, "axis": -(2**70), "start": [], "stop": {}, "step": 0}),
    ),
    "decoder of booleans": (DECODER, forged(2, {"kind": "elu", "weights": 0, "alpha": True})),
    "slow decoder": (DECODER, slow(*["gelu"] * 200)),
    "decoder with a huge kernel": (
        DECODER,
        Decoder(
            2,
            [
                layers.reshape((1, 1, 2)),
                layers.conv2d_transpose(np.ones((500, 500, 2, 1)), padding=[[0, 490], [0, 490]]),
            ],
        ).to_blob(),
    ),
    "decoder of colors": (
        DECODER,
        Decoder(2, [layers.dense(np.ones((2, 3))), layers.reshape((1, 1, 3)), layers.upsample(256)]).to_blob(),
    ),
}


def dims(value, *sizes):
    del value.tensor.tensor_shape.dim[:]
    for size in sizes:
        value.tensor.tensor_shape.dim.add(size=size)


def one_value(value, *sizes):
    del value.tensor.string_val[1:]
    dims(value, *sizes)


def no_strings(value):
    del value.tensor.string_val[:]
    value.tensor.dtype = 1
    value.tensor.tensor_content = b"\1" * 28


def content(text):
    return lambda value: setattr(value.metadata.plugin_data, "content", text)


SUMMARIES = {
    "huge count": lambda value: dims(value, 2**40),
    "huge count of one": lambda value: one_value(value, 2**40),
    "huge product": lambda value: dims(value, 2**31, 2**31),
    "negative count": lambda value: dims(value, -5),
    "negative product": lambda value: dims(value, -1, -len(value.tensor.string_val)),
    "many axes": lambda value: dims(value, *[1] * 100, len(value.tensor.string_val)),
    "no count": lambda value: dims(value, 0),
    "count of one": lambda value: one_value(value, 1),
    "no shape": lambda value: dims(value),
    "fewer blobs": lambda value: value.tensor.string_val.pop(),
    "more blobs": lambda value: (
        value.tensor.string_val.extend([b"x"] * 5000),
        dims(value, len(value.tensor.string_val)),
    ),
    "numbers": no_strings,
    "unknown type": lambda value: setattr(value.tensor, "dtype", 99),
    "no metadata": content(b""),
    "metadata deep": content(deep(100_000)),
    "metadata of long numbers": content(b'{"version": ' + b"9" * 6000 + b', "kind": "steps"}'),
    "metadata of another": content(b'{"version": {}, "kind": []}'),
    "newer": content(b'{"version": 2, "kind": "steps"}'),
    "once as steps": content(b'{"version": 1, "kind": "once"}'),
    "long display name": lambda value: setattr(value.metadata, "display_name", "x" * 2**18),
    "costly description": lambda value: setattr(value.metadata, "summary_description", "![[" * 5000),
    "quoted description": lambda value: setattr(value.metadata, "summary_description", ">" * 15_000),
    "long tag": lambda value: setattr(value, "tag", "x" * 2**17 + value.tag),
    "tag of a path": lambda value: setattr(value, "tag", "../../etc/passwd" + value.tag),
    "tag of nothing": lambda value: setattr(value, "tag", value.tag[len("codes") :]),
    "tag of control": lambda value: setattr(value, "tag", "a\0\n\u202e" + value.tag),
}


def records(data):
    """Returns the bytes of an event file whose records have valid checksums."""
    return b"".join(
        struct.pack("<Q", len(d))
        + struct.pack("<I", masked_crc32c(struct.pack("<Q", len(d))))
        + d
        + struct.pack("<I", masked_crc32c(d))
        for d in data
    )


NO_EVENTS = "records of anything"  # TensorBoard's Python loader logs an exception about it
FILES = {
    "empty file": lambda good: b"",
    "garbage": lambda good: bytes(range(256)) * 40,
    "cut short": lambda good: good[: len(good) * 2 // 3],
    "cut in a length": lambda good: good[:5],
    "flipped": lambda good: good[: len(good) // 2] + bytes([good[len(good) // 2] ^ 8]) + good[len(good) // 2 + 1 :],
    "records of nothing": lambda good: records([b""] * 1000),
    NO_EVENTS: lambda good: records([b"\xff" * 50, b"\x0a\xff\xff\xff\xff\x7f", bytes(30)]),
    "steps out of order": lambda good: good + good,
}


def log(logdir, change=None, steps=(0, 1), step_of=int):
    """Writes a latent space "codes" after `change` was called with each of its summary values."""
    writer = EventFileWriter(str(logdir))
    for index in steps:
        first = {"labels": labels, "images": images} if index == 0 else {}
        made = summary("codes", codes, index=index, decoder=decoder, errors=labels / 7, **first)
        for value in made.value:
            if change:
                change(value)
        writer.add_event(event_pb2.Event(wall_time=index, step=step_of(index), summary=made))
    writer.close()


def overwrite(position, blob):
    def change(value):
        if position < len(value.tensor.string_val):
            value.tensor.string_val[position] = blob

    return change


def write(logdir, without=()):
    """Writes a run of each kind that is not in `without`, and the run "good"."""
    logdir = Path(logdir)
    log(logdir / "good")
    (path,) = (logdir / "good").iterdir()
    good = path.read_bytes()
    for name, (position, blob) in BLOBS.items():
        # The first step is stored twice, and TensorBoard's checksums in Python are slow.
        log(logdir / name, overwrite(position, blob), steps=[0] if position in (LABELS, IMAGES) else [1])
    for name, change in SUMMARIES.items():
        log(logdir / name, change)
    for name in FILES.keys() - set(without):
        (logdir / name).mkdir()
        (logdir / name / path.name).write_bytes(FILES[name](good))
    log(logdir / "extreme steps", step_of=lambda index: [-(2**63), 2**63 - 1][index])
