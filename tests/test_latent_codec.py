"""The stored format: blobs and metadata. Everything that was not written by this version is refused."""

import tracemalloc

import numpy as np
import pytest
from helpers import hostile

from tb_plugin import codec
from tb_plugin.metadata import FormatError, parse_metadata


def test_blobs_are_unpacked_and_damage_is_detected():
    blob = codec.pack({"a": 1}, np.arange(6, dtype=np.int32).reshape(2, 3), np.ones(5, np.uint8), compress=True)
    header, (first, second) = codec.unpack(blob)
    assert header["a"] == 1
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert second.tolist() == [1] * 5
    for at in range(len(blob)):
        for damaged in (blob[:at], blob[:at] + bytes([blob[at] ^ 16]) + blob[at + 1 :]):
            with pytest.raises(FormatError):
                codec.unpack(damaged)


@pytest.mark.parametrize(
    "specs",
    [
        None,
        3,
        [3],
        [{"dtype": "|O", "shape": [1]}],
        [{"dtype": "<f4", "shape": [-1]}],
        [{"dtype": "<f4", "shape": "12"}],
        [{"dtype": "<f4", "shape": [2**27]}],
        [{"dtype": "<f4", "shape": [2**14] * 4}],
        [{"dtype": "<f4", "shape": [1.0]}],
        [{"dtype": "<f4", "shape": [2]}],
        [{"dtype": "<f4", "shape": [1]}] * 2,
        [{"dtype": ["<f4"], "shape": [1]}],
    ],
)
@pytest.mark.parametrize("compress", [False, True])
def test_a_header_that_does_not_fit_is_refused(specs, compress):
    blob = forged({"arrays": specs, "gzip": compress}, np.ones(1, np.float32), compress)
    with pytest.raises(FormatError):
        codec.unpack(blob)


def forged(header, array, compress=False):
    """Returns a blob with a valid checksum, any header, and the payload of an array."""
    _, payload = codec.unpack_raw(codec.pack({}, array, compress=compress))
    return hostile.sealed(header, payload)


def test_a_gzip_bomb_stays_small():
    blob = forged({"arrays": [{"dtype": "|u1", "shape": [10]}], "gzip": True}, np.zeros(2**26, np.uint8), compress=True)
    tracemalloc.start()
    with pytest.raises(FormatError, match="not as long"):
        codec.unpack(blob)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"version": 2, "kind": "steps"}', "format 2, and this plugin reads formats up to 1; update the plugin"),
        (b'{"version": 0, "kind": "steps"}', "not written by this plugin"),
        (b'{"version": "1", "kind": "steps"}', "not written by"),
        (b'{"version": 1, "kind": "other"}', "not written by this plugin"),
        (b'{"version": 1, "kind": []}', "not written by this plugin"),
        (b"\xff", "not written by this plugin"),
        (b"", "not written by this plugin"),
        (b"[1]", "not written by this plugin"),
        (b"[" * 100_000, "not written by this plugin"),
    ],
)
def test_metadata_of_another_format_is_refused(content, message):
    with pytest.raises(FormatError, match=message):
        parse_metadata("z/latent", content)
