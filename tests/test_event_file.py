"""Event files: on disk at once, whole whatever happens, and read by TensorBoard and TensorFlow."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import fsspec
import numpy as np
import pytest
from helpers import latent
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto import summary_pb2

from legacy_ports.tf1 import tf
from tb_plugin.events import event_file
from tb_plugin.events.event_file import EventFile
from tb_plugin.summary import LatentWriter

codes = latent.arrays()[0]


def scalar(value):
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="a", simple_value=value)])


def steps(path):
    """Returns the steps of the summaries in an event file; its checksums are verified."""
    return [event.step for event in EventFileLoader(str(path)).Load() if event.HasField("summary")]


def test_what_is_added_is_on_disk_at_once(tmp_path):
    events = EventFile(tmp_path / "a" / "run")
    for step in range(3):
        events.add_summary(scalar(step), step)
        assert steps(events.path) == list(range(step + 1))
    writer = LatentWriter(str(tmp_path / "b"))
    writer.add("z", 7, codes)
    writer.flush()
    (path,) = (tmp_path / "b").iterdir()
    assert set(steps(path)) == {7}
    writer.close()
    events.close()
    events.close()  # does nothing


def test_tensorflow_reads_every_kind_of_event(tmp_path):
    """With tf.io, which verifies the checksums in C++; also a summary of its own class, and a serialized one."""
    with tf.Graph().as_default():
        theirs = tf.Summary(value=[tf.Summary.Value(tag="a", simple_value=0)])
    events = EventFile(tmp_path)
    for step, summary in enumerate((scalar(0), theirs, theirs.SerializeToString())):
        events.add_summary(summary, step, wall_time=100.5)
    large = summary_pb2.Summary()
    large.value.add(tag="large").image.encoded_image_string = np.random.default_rng(0).bytes(10**7)
    events.add_summary(large, 3)
    events.close()
    read = [tf.Event.FromString(record) for record in tf.io.tf_record_iterator(str(events.path))]
    assert read[0].file_version == "brain.Event:2"
    assert [event.step for event in read[1:]] == [0, 1, 2, 3]
    assert [event.wall_time for event in read[1:4]] == [100.5] * 3
    assert abs(read[4].wall_time - time.time()) < 100
    assert read[1].summary == read[2].summary == read[3].summary == theirs
    assert read[4].summary.SerializeToString() == large.SerializeToString()


def test_a_later_file_sorts_later(tmp_path):
    """Also after files from the future, and beside names that are nearly those of event files."""
    for name in ("events.out.tfevents.9000000000.host.1.v2", "events.out.tfevents.x", "other"):
        (tmp_path / name).touch()
    names = ["events.out.tfevents.9000000000.host.1.v2"]
    for _ in range(3):
        events = EventFile(tmp_path)
        names.append(events.name)
        events.close()
    assert names == sorted(set(names))
    events = EventFile(tmp_path / "empty")
    assert abs(int(events.name.split(".")[3]) - time.time()) < 100


def test_a_full_disk_is_an_oserror_and_leaves_whole_events(tmp_path):
    """With a limit on the size of files, which cuts an event in the middle as a full disk does."""
    events = EventFile(tmp_path)
    events.add_summary(scalar(0), 0)
    whole = events.path.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole + 20, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            events.add_summary(scalar(1), 1)
        assert events.path.stat().st_size == whole
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.filename == str(events.path)
    events.add_summary(scalar(2), 2)
    assert steps(events.path) == [0, 2]


def test_a_closed_file_and_a_folder_that_cannot_be_made_are_oserrors(tmp_path):
    writer = LatentWriter(tmp_path / "run")
    writer.close()
    with pytest.raises(OSError, match="the event file is closed") as caught:
        writer.add("z", 0, codes)
    assert Path(caught.value.filename).parent == tmp_path / "run"
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        LatentWriter(tmp_path / "file" / "run")


@pytest.fixture
def bucket():
    """Makes a folder in fsspec's file system in memory, and the event files there."""
    system = fsspec.filesystem("memory")
    yield lambda: sorted(path for path in system.find("/bucket"))
    if system.exists("/bucket"):
        system.rm("/bucket", recursive=True)


def test_a_remote_folder_has_what_was_flushed(bucket, tmp_path):
    def remote(path):
        (tmp_path / "copy").write_bytes(fsspec.filesystem("memory").cat_file(path))
        return steps(tmp_path / "copy")

    events = EventFile("memory://bucket/run")
    events.add_summary(scalar(0), 0)
    assert bucket() == []
    events.flush()
    events.add_summary(scalar(1), 1)
    (path,) = bucket()
    assert remote(path) == [0]
    events.flush()
    events.add_summary(scalar(2), 2)
    assert remote(path) == [0, 1]
    events.close()
    assert remote(path) == [0, 1, 2]
    assert not events.path.exists()
    EventFile("memory://bucket/run").close()
    first, second = bucket()
    assert first == path < second


def test_a_remote_folder_is_uploaded_from_time_to_time(bucket, monkeypatch):
    events = EventFile("memory://bucket/run")
    monkeypatch.setattr(event_file, "UPLOAD_SECONDS", 0)
    events.add_summary(scalar(0), 0)
    assert len(bucket()) == 1
    events.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [("s3://bucket/run", "s3://bucket/run: .*s3fs"), ("what://run", "what://run: Protocol not known: what")],
)
def test_a_url_that_needs_a_package_is_refused_in_one_line(url, message):
    with pytest.raises(ValueError, match=message) as caught:
        LatentWriter(url)
    assert "\n" not in str(caught.value)


def test_without_fsspec_a_url_is_refused_and_a_folder_is_not(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ValueError, match=r"gs://bucket/run: .* type: pip install 'legacy-ports\[remote\]'$"):
        LatentWriter("gs://bucket/run")
    EventFile(tmp_path).close()


UNTOUCHED = """
import sys, numpy
import tb_plugin.demo, tb_plugin.from_keras, tb_plugin.from_torch
from tb_plugin.summary import LatentWriter, latent
latent("z", numpy.ones((3, 2)), index=0)
with LatentWriter(sys.argv[1]) as writer:
    writer.add("z", 0, numpy.ones((3, 2)))
    writer.flush()
print(sorted(
    name for name in sys.modules
    if name.split(".")[0] in ("tensorflow", "keras", "tf_keras", "fsspec", "scipy", "sklearn", "matplotlib", "PIL")
    or name in ("tensorboard.compat.notf", "tensorboard.compat.tensorflow_stub")
))
from tensorboard.compat import tf
print(tf.__version__, "tensorflow" in sys.modules)
"""


def test_writing_imports_no_tensorflow_and_leaves_tensorboards_choice_of_it_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", UNTOUCHED, tmp_path], check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines() == ["[]", f"{tf.__version__} True"]


WITHOUT_POSIX = """
import os
import pathlib
import signal
import sys

for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"):
    sys.modules[name] = None
for name in ("SIGPIPE", "SIGHUP", "SIGKILL", "SIGALRM", "alarm", "setitimer", "pthread_kill"):
    if hasattr(signal, name):
        delattr(signal, name)
for name in ("fork", "forkserver", "geteuid", "getuid", "statvfs", "killpg", "setsid", "O_NOFOLLOW"):
    if hasattr(os, name):
        delattr(os, name)

import tb_plugin.demo, tb_plugin.loader, tb_plugin.server.plugin
from legacy_ports.run import lock, signals
tb_plugin.demo.STEPS = 3
tb_plugin.demo.write(sys.argv[1], 2)
assert signals.SIGPIPE == signal.SIGTERM
assert lock.held(pathlib.Path(sys.argv[1])) is None
"""


def test_plugin_writer_and_demo_take_nothing_that_only_posix_has(tmp_path):
    """With what Windows lacks taken away."""
    subprocess.run([sys.executable, "-c", WITHOUT_POSIX, tmp_path], check=True, timeout=120)
    assert latent.Routes(tmp_path).get("/runs").json["."]["digits"]["steps"] == [0, 1, 2, 3]
