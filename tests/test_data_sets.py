"""MNIST and sets like it, under the names that they are published under; what is not MNIST is never taken for it."""

import gzip
import itertools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_ports import UserError, cli
from legacy_ports.data import batches, download, folder, mnist
from legacy_ports.data.idx import NPZ_KEYS, OFFICIAL_SHA256, Arrays, DataError
from legacy_ports.plots import figures
from legacy_ports.proof import verify

OFFICIAL = list(OFFICIAL_SHA256)
DOTTED = [name.replace("-idx", ".idx") for name in OFFICIAL]
NPZ = ["train-imgs.npz", "train-labels.npz", "test-imgs.npz", "test-labels.npz"]


def idx_bytes(array):
    magic = 2051 if array.ndim == 3 else 2049
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def some(seed=0, label=9):
    """Arrays of three training images and two test images; the largest label is `label`."""
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 256, (5, 28, 28), np.uint8)
    labels = np.array([0, label, 1, label, 2], np.uint8)
    return Arrays(images[:3], labels[:3], images[3:], labels[3:])


def write(directory, names, arrays):
    directory.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays):
        if name.endswith(".npz"):
            np.savez_compressed(directory / name, array)
        else:
            content = idx_bytes(array)
            (directory / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def same(found, arrays):
    assert all(np.array_equal(a, b) and a.dtype == np.uint8 for a, b in zip(found, arrays, strict=True))


def emnist(split, ending=""):
    return [f"emnist-{split}-{name.replace('t10k', 'test')}{ending}" for name in OFFICIAL]


PUBLISHED = {
    "MNIST, gzipped": [f"{name}.gz" for name in OFFICIAL],
    "7-Zip and Kaggle": DOTTED,
    "the same, gzipped": [f"{name}.gz" for name in DOTTED],
    "a split of EMNIST": emnist("letters"),
    "a split of EMNIST, gzipped": emnist("byclass", ".gz"),
    "Kuzushiji-MNIST as NumPy arrays": [f"kmnist-{name}" for name in NPZ],
    "Kuzushiji-49": [f"k49-{name}" for name in NPZ],
    "two conventions at once": [*DOTTED[:2], *(f"{name}.gz" for name in OFFICIAL[2:])],
}


@pytest.mark.parametrize("names", PUBLISHED.values(), ids=PUBLISHED)
@pytest.mark.parametrize("below", ["", "raw", "MNIST/raw", "EMNIST/raw"])
def test_published_names_also_one_and_two_folders_below(names, below, tmp_path):
    arrays = some()
    write(tmp_path / below, names, arrays)
    assert folder.complete(tmp_path)
    same(folder.read(tmp_path), arrays)
    digits = mnist.load(str(tmp_path))
    assert (digits.source, digits.classes) == ("custom", 10)


def test_torchvisions_root_of_the_official_set(full, tmp_path, monkeypatch):
    (tmp_path / "MNIST").mkdir()
    (tmp_path / "MNIST" / "raw").symlink_to(mnist.home())
    assert mnist.load(str(tmp_path)).source == "full"
    monkeypatch.setenv("LEGACY_PORTS_DATA", str(tmp_path))
    assert mnist.load("full").source == "full"  # nothing is fetched


def test_a_path_to_the_npz_itself(tmp_path):
    arrays = some()
    np.savez(tmp_path / "any name.npz", **dict(zip(NPZ_KEYS, arrays)))
    same(folder.read(tmp_path / "any name.npz"), arrays)
    write(tmp_path, OFFICIAL, arrays)
    with pytest.raises(DataError, match="train-images-idx3-ubyte: a file; --data takes the folder"):
        folder.read(tmp_path / OFFICIAL[0])


def test_of_several_sets_one_is_asked_for_by_name(tmp_path):
    sets = {name: some(seed) for seed, name in enumerate(["emnist-digits", "emnist-letters", "kmnist"])}
    for name, arrays in sets.items():
        write(tmp_path, [f"{name}-{one}" for one in (NPZ if name == "kmnist" else OFFICIAL)], arrays)
    with pytest.raises(DataError) as error:
        folder.read(tmp_path)
    names = [str(tmp_path / name) for name in sets]
    assert str(error.value) == f"{tmp_path}: has several sets; name one with --data: {' or '.join(names)}"
    for name, arrays in sets.items():
        same(folder.read(tmp_path / name), arrays)
    with pytest.raises(DataError, match=r"emnist-letter: no such directory; there is .*/emnist-digits or "):
        folder.read(tmp_path / "emnist-letter")
    write(tmp_path, OFFICIAL, some(7))
    same(folder.read(tmp_path), some(7))  # what is named as MNIST is what a folder of MNIST is asked for


def test_of_several_of_torchvisions_folders_one_is_asked_for_by_name(tmp_path):
    for seed, name in enumerate(["FashionMNIST", "MNIST"]):
        write(tmp_path / name / "raw", OFFICIAL, some(seed))
    with pytest.raises(DataError, match="has several sets; name one with --data: .*/FashionMNIST/raw or .*/MNIST/raw"):
        folder.read(tmp_path)
    same(folder.read(tmp_path / "MNIST"), some(1))


@given(st.lists(st.sampled_from([*OFFICIAL, *DOTTED, *(f"{n}.gz" for n in OFFICIAL + DOTTED)]), min_size=1))
def test_any_mixture_of_names_is_read_or_its_missing_files_are_named(tmp_path_factory, names):
    arrays = dict(zip(OFFICIAL, some()))
    directory = tmp_path_factory.mktemp("mixture")
    for name in names:
        write(directory, [name], [arrays[name.removesuffix(".gz").replace(".idx", "-idx")]])
    missing = [name for name in OFFICIAL if not any(one.replace(".idx", "-idx").startswith(name) for one in names)]
    assert folder.complete(directory) == (not missing)
    if missing:
        with pytest.raises(DataError, match=f"{', '.join(missing)} missing"):
            folder.read(directory)
    else:
        same(folder.read(directory), arrays.values())


def test_a_set_is_not_fetched_into_again(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    write(tmp_path, DOTTED, some())
    assert download.fetch(tmp_path) == []


# Labels beyond ten


@pytest.mark.parametrize("label", [10, 26, 61, 255])
def test_more_than_ten_classes(label, tmp_path):
    write(tmp_path, emnist("letters"), some(label=label))
    digits = mnist.load(str(tmp_path))
    assert digits.classes == label + 1
    assert f"3 + 2 digits with labels up to {label} from" in str(digits)
    data = batches.DataSet(digits.arrays.train_images, digits.arrays.train_labels, one_hot=True, seed=0)
    assert data.labels.argmax(axis=1).tolist() == digits.arrays.train_labels.tolist()
    colors = figures.label_colors(digits.arrays.train_labels)
    assert len({tuple(color) for color in colors}) == label + 1


def letters(bundled, most):
    """The bundled digits with labels up to `most`, as if they were letters."""
    relabel = [
        labels + np.uint8(10) * (np.arange(len(labels)) % 6 == 5).astype(np.uint8) for labels in bundled.arrays[1::2]
    ]
    train, test = (np.minimum(labels, most) for labels in relabel)
    arrays = Arrays(bundled.arrays[0], train, bundled.arrays[2], test)
    return bundled._replace(source="bundled", origin="letters", arrays=arrays)


def test_what_needs_ten_classes_says_so(bundled, tmp_path):
    from helpers.runs import run_port

    with pytest.raises(UserError, match="--classifier tells ten digits apart; letters has 20 classes"):
        run_port("smith", letters(bundled, 19), tmp_path, steps=1, classifier=True)
    assert list((tmp_path / "smith").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("port", ["vandenburg", "kajuvonen", "smith", "mathybit_dense", "mathybit_conv"])
def test_every_port_runs_on_more_than_ten_classes(port, bundled, tmp_path):
    from helpers.latent import Routes
    from helpers.runs import run_port

    run = run_port(port, letters(bundled, 19), tmp_path, steps=2)
    assert run.manifest["status"] == "completed"
    (space,) = [space for spaces in Routes(run.folder).get("/runs").get_json().values() for space in spaces.values()]
    assert space["class_names"] == [str(label) for label in range(20)]


# What is not the official set


def test_another_set_is_never_taken_for_the_official_one(tmp_path, monkeypatch, capsys):
    """Fashion-MNIST has MNIST's file names."""
    write(tmp_path, OFFICIAL, some())
    monkeypatch.setenv("LEGACY_PORTS_DATA", str(tmp_path))
    with pytest.raises(DataError, match=f"{tmp_path}: not the official MNIST; --data {tmp_path} takes what is there"):
        mnist.load("full")
    assert str(mnist.load("auto")).startswith("custom MNIST, 3 + 2 digits from")
    for args in (["verify", "vandenburg"], ["verify", "all", "--data", str(tmp_path)]):
        assert cli.main(args) == 2
        assert "there is no recording of" in capsys.readouterr().err


def test_a_run_on_another_set_is_not_held_against_recordings(tmp_path, capsys):
    manifest = json.loads((Path(__file__).parents[1] / "docs" / "runs" / "vandenburg-default.json").read_text())
    manifest["data"]["source"] = "custom"
    (tmp_path / "run.json").write_text(json.dumps(manifest))
    assert cli.main(["compare", str(tmp_path)]) == 2
    assert "not comparable: there is no recording of vandenburg on custom MNIST" in capsys.readouterr().out


def test_a_recording_is_not_replayed_on_another_set():
    recording = verify.shipped("vandenburg", "bundled")
    for source in ("custom", "full"):
        with pytest.raises(UserError, match=f"would replay vandenburg on {source} MNIST"):
            verify.plan([("vandenburg", {"readout": "linear"})], recording, source, None)


@pytest.mark.parametrize("which", range(4))
def test_one_other_byte_is_another_set(full, which):
    from legacy_ports.data import idx

    arrays = list(full.arrays)
    arrays[which] = arrays[which].copy()
    arrays[which].flat[-1] ^= 1
    assert idx.sha256(Arrays(*arrays)) != OFFICIAL_SHA256


def test_names_are_matched_whole(tmp_path):
    for one, name in itertools.product(("x{}x", "{}.bak", "{}.gz.part"), OFFICIAL):
        (tmp_path / one.format(name)).touch()
    (tmp_path / OFFICIAL[0]).mkdir()  # as Kaggle's archive has it
    with pytest.raises(DataError, match="has neither the four IDX files"):
        folder.read(tmp_path)
    write(tmp_path, DOTTED, some())
    same(folder.read(tmp_path), some())
