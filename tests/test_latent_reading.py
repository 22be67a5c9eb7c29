"""What the plugin remembers of what it read, and how it follows runs that are written, restarted or replaced."""

import time

import numpy as np
import pytest
from helpers import latent

from tb_plugin.server import reader
from tb_plugin.summary import LatentWriter

codes, labels, images, decoder = latent.arrays()
AT = {"run": ".", "tag": "codes"}


def count_calls(routes, monkeypatch, method):
    """Returns a list of the options of each call of a method of the data provider, which grows with the calls."""
    calls, original = [], getattr(routes.provider, method)

    def counted(*args, **options):
        calls.append(options)
        return original(*args, **options)

    monkeypatch.setattr(routes.provider, method, counted)
    return calls


def test_a_listing_is_used_again_for_a_second(tmp_path, monkeypatch):
    latent.write(tmp_path)
    routes = latent.Routes(tmp_path)
    calls = count_calls(routes, monkeypatch, "list_blob_sequences")
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for moment, listings in ((0.0, 1), (0.5, 1), (1.5, 2), (1.6, 2)):
        clock[0] = 100 + moment
        assert routes.get("/codes", **AT).status_code == 200
        assert len(calls) == listings
    assert routes.get("/runs").status_code == 200
    assert len(calls) == 3  # /runs always reads a new one


@pytest.mark.parametrize(("classes", "read_again"), [(10, 0), (1000, 1)])
def test_small_heads_are_read_once(tmp_path, monkeypatch, classes, read_again):
    with LatentWriter(str(tmp_path)) as writer:  # the class names are in the head of the series "once"
        writer.add("codes", 0, codes, labels=labels, class_names=[f"class {number}" for number in range(classes)])
    routes = latent.Routes(tmp_path)
    calls = count_calls(routes, monkeypatch, "read_blob")
    first = routes.get("/runs").json
    assert len(calls) == 2  # of the last step, and of what is logged once
    assert routes.get("/runs").json == first
    assert len(calls) == 2 + read_again


def test_the_number_of_remembered_heads_has_a_limit(tmp_path, monkeypatch):
    for name in "abc":
        latent.write(tmp_path, name=name)
    routes = latent.Routes(tmp_path)
    calls = count_calls(routes, monkeypatch, "read_blob")
    monkeypatch.setattr(reader, "MAX_HEADS", 2)
    first = routes.get("/runs").json
    assert len(calls) == 6
    assert routes.get("/runs").json == first
    assert len(calls) >= 6 + 4  # two of six were remembered


def test_the_head_of_a_run_that_replaced_another(tmp_path, monkeypatch):
    """Its step has the same number as before, and so its blob has the same key."""
    latent.write(tmp_path / "old", steps=[0])
    with LatentWriter(str(tmp_path / "new")) as writer:
        writer.add("codes", 0, codes[:5])
    routes, replacement = latent.Routes(tmp_path / "old"), latent.Routes(tmp_path / "new")
    assert routes.get("/runs").json["."]["codes"]["points"] == 30
    for method in ("list_blob_sequences", "read_blob_sequences", "read_blob"):
        monkeypatch.setattr(routes.provider, method, getattr(replacement.provider, method))
    assert routes.get("/runs").json["."]["codes"]["points"] == 5
    assert routes.get("/step", **AT).json["points"] == 5


def test_a_run_that_is_being_written_is_read_without_a_gap(tmp_path):
    """TensorBoard may have dropped some of the steps that it listed a moment ago, even the last one."""
    with LatentWriter(str(tmp_path)) as writer:
        for last in range(20):
            writer.add("codes", last, codes + last, decoder=decoder, images=images if last == 0 else None)
            writer.flush()
            if last == 0:
                routes = latent.Routes(tmp_path, samples=2)
            routes.reload()
            for path in ("/step", "/decoder", "/walk.gif", "/points", "/images", "/codes"):
                assert routes.get(path, **AT).status_code == 200
    assert routes.get("/runs").json["."]["codes"]["steps"][-1] == 19  # which reads a new listing
    np.testing.assert_array_equal(routes.array("/codes", **AT), (codes + 19).astype(np.float32))


def test_a_restarted_run_has_its_own_labels(tmp_path):
    latent.write(tmp_path, steps=(0, 10))
    with LatentWriter(tmp_path) as writer:
        writer.add("codes", 20, codes[:5], labels=labels[:5] + 100)
    routes = latent.Routes(tmp_path)
    assert routes.get("/runs").json["."]["codes"]["steps"] == [0, 10, 20]
    assert routes.array("/labels", **AT, step=10).max() == 9
    assert routes.array("/labels", **AT, step=20).tolist() == [100, 101, 102, 103, 104]


@pytest.mark.parametrize("samples", [1, 2, 10])
def test_sampling_keeps_the_first_and_the_last_step(tmp_path, samples):
    latent.write(tmp_path, steps=range(0, 600, 10))
    described = latent.Routes(tmp_path, samples).get("/runs").json["."]["codes"]
    assert (described["steps"][0], described["steps"][-1]) == (0, 590)
    assert described["kept"] == len(described["steps"]) in (samples, samples + 1)
    assert described["logged"] == 60
