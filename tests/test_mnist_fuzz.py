"""Damaged and hostile data files: the digits, or one line that says why not; never much memory, never foreign code."""

import gzip
import io
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_ports.data import folder as data_folder
from legacy_ports.data import idx
from legacy_ports.data.idx import NPZ_KEYS, OFFICIAL_SHA256, Arrays, DataError

NAMES = list(OFFICIAL_SHA256)
many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def idx_bytes(array):
    magic = 2051 if array.ndim == 3 else 2049
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def npz(members, method=zipfile.ZIP_DEFLATED):
    """Returns a zip file of the members, bytes by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


@pytest.fixture(scope="module")
def arrays(bundled):
    return Arrays(*(array[:1] for array in bundled.arrays))


@pytest.fixture(scope="module")
def good(arrays):
    """Returns the content of each kind of file: plain IDX, gzipped IDX by name; npz."""
    plain = {name: idx_bytes(array) for name, array in zip(NAMES, arrays)}
    packed = {f"{name}.gz": gzip.compress(content) for name, content in plain.items()}
    return {
        "plain": plain,
        "gz": packed,
        "npz": {"mnist.npz": npz({f"{key}.npy": npy(array) for key, array in zip(NPZ_KEYS, arrays)})},
    }


@pytest.fixture(scope="module", params=["plain", "gz", "npz"])
def kind(request, good, tmp_path_factory):
    """Makes a folder of good files of a kind, and their content."""
    folder = tmp_path_factory.mktemp(request.param)
    for name, content in good[request.param].items():
        (folder / name).write_bytes(content)
    return request.param, folder, good[request.param]


def read(folder, memory=2**22):
    """Returns what `folder` holds, or None where it is refused: in one line that names it, within `memory` bytes."""
    tracemalloc.start()
    try:
        return data_folder.read(folder)
    except DataError as error:
        message = str(error)
        assert message.startswith(str(folder))
        assert "\n" not in message
        assert len(message) < len(str(folder)) + 300
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < memory


def test_cut_at_any_byte(kind):
    _, folder, files = kind
    for name, content in files.items():
        for length in range(len(content)):
            (folder / name).write_bytes(content[:length])
            assert read(folder) is None, (name, length)
        (folder / name).write_bytes(content)
    assert read(folder) is not None


def check(kind, arrays, found):
    """What is read is the digits; where the format has no checksum, at least something of their form."""
    if found is not None:
        for got, want in zip(found, arrays):
            assert (got.dtype, got.shape) == (np.uint8, want.shape)
            assert kind == "plain" or np.array_equal(got, want)


@many
@given(data=st.data())
def test_any_damage(kind, arrays, data):
    kind, folder, files = kind
    name = data.draw(st.sampled_from(sorted(files)))
    damaged = bytearray(files[name])
    anywhere = st.integers(0, len(damaged) - 1)
    ends = st.integers(0, 60) | st.integers(1, 300).map(lambda i: len(damaged) - i)  # headers, directories, checksums
    for at in data.draw(st.lists(anywhere | ends, min_size=1, max_size=4)):
        damaged[at % len(damaged)] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        at, more = data.draw(anywhere), data.draw(st.binary(max_size=9))
        damaged[at : at + data.draw(st.integers(0, 9))] = more
    (folder / name).write_bytes(damaged)
    try:
        check(kind, arrays, read(folder))
    finally:
        (folder / name).write_bytes(files[name])


def folder_of(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("files")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


sizes = st.sampled_from([0, 1, 3, 28, 784, 2049, 2051, 2**16, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@many
@given(
    name=st.sampled_from(NAMES),
    gzipped=st.booleans(),
    header=st.lists(sizes, min_size=1, max_size=5),
    magic=st.sampled_from([2049, 2051]) | sizes,
)
def test_any_idx_header(tmp_path_factory, good, arrays, name, gzipped, header, magic):
    content = struct.pack(f">{1 + len(header)}I", magic, *header) + bytes(784)
    files = dict(good["gz"])
    files.pop(f"{name}.gz")
    files[name + ".gz" * gzipped] = gzip.compress(content) if gzipped else content
    check("plain", arrays, read(folder_of(tmp_path_factory, files)))


shapes = st.lists(st.sampled_from([-1, 0, 1, 2, 3, 28, 2**31, 2**63, True]) | st.integers(), max_size=4).map(tuple)
literals = st.one_of(
    st.fixed_dictionaries(
        {
            "descr": st.sampled_from(["|u1", "<u1", "|O", "<f8", "|V999999999", "|S0", "nonsense"]),
            "fortran_order": st.booleans() | st.just(7),
            "shape": shapes | st.just((1, 28, 28)),
        },
        optional={"more": st.integers()},
    ).map(repr),
    st.sampled_from(["(" * 5000, "{" * 200, "-" * 9000 + "1", "{[]: 1}", "__import__('os')", "{'shape': (3L,)}", "\0"]),
    st.text(max_size=30),
)


@many
@given(
    key=st.sampled_from(NPZ_KEYS),
    text=literals,
    version=st.sampled_from([(1, 0)] * 5 + [(2, 0), (3, 0), (9, 9)]),
    length=st.none() | st.integers(0, 2**16 - 1),
)
def test_any_npy_header(tmp_path_factory, arrays, key, text, version, length):
    encoded = text.encode()
    header = b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(encoded) if length is None else length) + encoded
    members = {f"{name}.npy": npy(array) for name, array in zip(NPZ_KEYS, arrays)}
    members[f"{key}.npy"] = header + bytes(arrays[NPZ_KEYS.index(key)].size)
    check("plain", arrays, read(folder_of(tmp_path_factory, {"mnist.npz": npz(members)})))


@many
@given(
    content=st.binary(max_size=60), start=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY", b"\x80"])
)
def test_any_bytes_as_npz(tmp_path_factory, content, start):
    assert read(folder_of(tmp_path_factory, {"mnist.npz": start + content})) is None


class Evil:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


@pytest.mark.parametrize("what", ["an npy file", "raw bytes", "pickles", "bzip2", "lzma", "encrypted"])
def test_an_npz_of_other_things(tmp_path, arrays, what):
    good = {f"{key}.npy": npy(array) for key, array in zip(NPZ_KEYS, arrays)}
    evil = io.BytesIO()
    np.lib.format.write_array(evil, np.array([Evil()]), allow_pickle=True)
    content = {
        "an npy file": lambda: npy(arrays[0]),
        "raw bytes": lambda: npz(dict(zip(NPZ_KEYS, good.values()))),
        "pickles": lambda: npz(dict.fromkeys(good, evil.getvalue())),
        "bzip2": lambda: npz(good, zipfile.ZIP_BZIP2),
        "lzma": lambda: npz(good, zipfile.ZIP_LZMA),
        "encrypted": lambda: npz(good).replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"),
    }[what]()
    assert content != npz(good)
    (tmp_path / "mnist.npz").write_bytes(content)
    assert read(tmp_path) is None


def test_columns_first(tmp_path, arrays):
    np.savez(tmp_path / "mnist.npz", **{key: np.asfortranarray(array) for key, array in zip(NPZ_KEYS, arrays)})
    check("npz", arrays, read(tmp_path))


# Bombs, at full size, in a process that may not take more than it should.

MOST = idx.MAX_COUNT * 784
ROOM = MOST * 5 // 4  # the bytes of one array, and what a growing one keeps in hand

READ = """
import resource, sys
from pathlib import Path
from legacy_ports.data.folder import read
from legacy_ports.data.idx import DataError
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + int(sys.argv[2]),) * 2)
try:
    read(Path(sys.argv[1]))
except DataError as error:
    print(error)
"""


def zeros(times):
    """Returns a deflate stream, without its end, of `times` MiB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)) * times


def bomb(header, mebibytes):
    return (
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
        + b"\0"
        + struct.pack("<HH", len(header), len(header) ^ 0xFFFF)
        + header
        + zeros(mebibytes)
    )


def zip_bomb(path, mebibytes):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (idx.MAX_COUNT, 28, 28)}
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("x_train.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for _ in range(mebibytes):
                member.write(bytes(2**20))
        for key in NPZ_KEYS[1:]:
            archive.writestr(f"{key}.npy", b"")


@pytest.mark.parametrize("which", ["gzip", "zip"])
def test_a_bomb_takes_no_more_than_a_large_set(tmp_path, good, which):
    if which == "gzip":
        for name, content in good["gz"].items():
            (tmp_path / name).write_bytes(content)
        (tmp_path / f"{NAMES[0]}.gz").write_bytes(bomb(struct.pack(">4I", 2051, idx.MAX_COUNT, 28, 28), 4096))
    else:
        zip_bomb(tmp_path / "mnist.npz", MOST // 2**20 + 64)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2**23
    done = subprocess.run(
        [sys.executable, "-c", READ, tmp_path, str(ROOM)],
        capture_output=True,
        text=True,
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path(idx.__file__).parents[2])},
    )
    assert done.stderr == ""
    assert f"longer than the {idx.MAX_COUNT:,} entries" in done.stdout
