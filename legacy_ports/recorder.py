"""A run: its folder, event file, checkpoint, manifest (run.json) and what it says on the terminal.

    runs/<port>/<name>/
        events.out.tfevents…   scalars, images, graph, text, hparams
        figures/               the post's figures
        checkpoints/           the weights at the end
        run.json               what was run, on what, and what came out; complete at any moment
"""

import json
import math
import os
import platform
import re
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

from legacy_ports.tf1 import session_config, tf  # first: TensorBoard's hparams imports TensorFlow

# isort: split
import numpy as np
from PIL import Image
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams_summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tqdm import tqdm

from legacy_ports import UserError, __version__, files
from legacy_ports.latent import Latent
from legacy_ports.latent import due as latent_due
from legacy_ports.mnist import Digits
from tb_plugin.decoder import Decoder

CURVE_EVERY = 10  # steps; all of the recordings' windows are multiples
PACKAGES = ("tensorflow", "tf-keras", "tensorboard", "numpy", "scikit-learn", "matplotlib", "mlxtend")


class Run:
    """One run of one port, as a context manager: leaving it, however, completes the record.

    Args:
      port: the port's name.
      docstring: the port's provenance, shown in TensorBoard's Text tab.
      options: the port's options with their values; shown as HParams.
      digits: the data.
      logdir, name: the run goes to `logdir/port/name`; name None: the time of day.
      device: see `tf1.session_config`.
      quiet: say nothing but the results.
      latent_points: how many of the test digits the Latent tab gets; None: all.

    Raises (on entering):
      UserError: that run exists already, or its folder cannot be made.
    """

    def __init__(self, port: str, docstring: str, options: dict[str, Any], digits: Digits,
                 logdir: str | os.PathLike = "runs", name: str | None = None, device: str = "auto",
                 quiet: bool = False, latent_points: int | None = None):
        self.logdir, self.port, self.name, self.quiet = Path(logdir), port, name, quiet
        self.digits, self.docstring = digits, docstring
        self.config = session_config(device)
        if device == "auto":
            device = "gpu:0" if tf.config.list_physical_devices("GPU") else "cpu"
        self.step = 0  # training steps done
        self.window: list[float] = []  # losses of the present part of the curve
        self.bar: tqdm | None = None
        self.latent_points = latent_points
        self._latent: Latent | None = None
        heading, url = docstring.splitlines()[:2]
        self.manifest: dict[str, Any] = {
            "port": port, "post": heading, "url": url, "status": "running",
            "options": options,
            "data": {"source": digits.source, "origin": digits.origin, "sha256": digits.sha256},
            "device": device, "python": platform.python_version(), "platform": platform.platform(),
            "versions": {"legacy-ports": __version__, **installed(PACKAGES)},
            "steps": 0, "losses": [], "curve": {"every": CURVE_EVERY, "mean_loss": []}, "results": {}, "figures": [],
        }

    def __enter__(self) -> "Run":
        self.started = time.time()
        self.folder = self._make_folder()
        self.writer = tf.summary.FileWriter(str(self.folder))
        self.manifest["started"] = datetime.now(UTC).isoformat(timespec="seconds")
        self.add_summary(hparams.hparams_pb(
            {**self.manifest["options"], "data": self.digits.source}, trial_id=f"{self.port}/{self.name}"))
        self._describe()
        return self

    def _make_folder(self) -> Path:
        """Makes the run's folder; never one that is there already."""
        parent = self.logdir / self.port
        now = f"{datetime.now():%Y%m%d-%H%M%S}"
        names = [self.name] if self.name is not None else [now, *(f"{now}-{i}" for i in range(2, 100))]
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for self.name in names:
                folder = parent / self.name
                try:
                    folder.mkdir()
                except FileExistsError:
                    continue
                (folder / "figures").mkdir()
                return folder
        except OSError as error:
            raise UserError(f"the run cannot be written to {error.filename}: {error.strerror}") from None
        raise UserError(f"the run {parent / names[-1]} exists already; give another --name")

    @contextmanager
    def session(self) -> Iterator[tf.Session]:
        """A session on the present graph, which is written for the Graphs tab.

        On leaving it, by an exception too, the weights are saved.
        """
        graph = tf.get_default_graph()
        self.writer.add_graph(graph)
        self.manifest["parameters"] = sum(int(np.prod(v.shape)) for v in tf.trainable_variables())
        saver = tf.train.Saver()  # after the post's ops: an op's seed depends on how many came before it
        with tf.Session(config=self.config) as sess:
            try:
                yield sess
            finally:
                if self.step:
                    saver.save(sess, str(self.folder / "checkpoints" / "model.ckpt"), self.step)

    def steps(self, numbers: range) -> Iterator[int]:
        """The numbers of the training loop, with a progress bar when a terminal looks on."""
        self.bar = tqdm(numbers, unit="step", disable=True if self.quiet else None)
        due = latent_due(len(numbers), self._latent.every) if self._latent else set()
        if 0 in due:
            self._log_latent()
        for i in self.bar:
            yield i
            self.step += 1
            if self.step in due:
                self._log_latent()

    def latent(self, sess: tf.Session, model: Any, x: np.ndarray, decoder: Callable[[], Decoder], every: int,
               walk: Callable[[np.ndarray], dict[str, Any]] | None = None) -> None:
        """Has `steps` log the codes of the test images `x`, and the decoder: see `latent.Latent`."""
        n = self.latent_points
        _, _, images, labels = self.digits.arrays
        self._latent = Latent(sess, model, x[:n], images[:n], labels[:n], decoder, every, walk)

    def _log_latent(self) -> None:
        assert self._latent is not None
        self.add_summary(self._latent.summary())
        self.writer.flush()

    def log(self, line: str) -> None:
        """Prints one of the post's log lines."""
        if not self.quiet:
            tqdm.write(line)
            sys.stdout.flush()

    def loss(self, step: int, loss: float) -> None:
        """Records the loss that the post logs at this step.

        Raises:
          FloatingPointError: it is not finite.
        """
        self.manifest["losses"].append([step, _finite(loss, step)])

    def batch_loss(self, loss: float) -> None:
        """Takes the loss of this step's batch, before its update; run.json has the mean of every 10.

        Raises:
          FloatingPointError: it is not finite.
        """
        self.window.append(_finite(loss, self.step))
        if len(self.window) == CURVE_EVERY:
            self.manifest["curve"]["mean_loss"].append(float(f"{np.mean(self.window):.7g}"))
            self.window.clear()

    def scalar(self, tag: str, value: float) -> None:
        """Writes a scalar at the present step."""
        self.add_summary(tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)]))

    def result(self, name: str, value: float | str, post: str) -> None:
        """Records a final number, and what the post (or its TensorFlow) says of it."""
        self.manifest["results"][name] = {"value": value, "post": post}

    def test_loss(self, name: str, value: float, post: str) -> None:
        """Records the mean loss on the test images, under the post's name for it."""
        self.manifest["test_loss"] = value
        self.result(name, value, post)

    def figure(self, name: str, data: bytes, tag: str | None = None, step: int | None = None) -> None:
        """Keeps a PNG or GIF as figures/`name` and as an image summary, figures/<stem> unless told otherwise."""
        (self.folder / "figures" / name).write_bytes(data)
        width, height = Image.open(BytesIO(data)).size
        image = tf.Summary.Image(encoded_image_string=data, width=width, height=height, colorspace=3)
        summary = tf.Summary(value=[tf.Summary.Value(tag=tag or f"figures/{Path(name).stem}", image=image)])
        self.writer.add_summary(summary, self.step if step is None else step)
        self.manifest["figures"].append(name)

    def add_summary(self, summary: Any) -> None:
        """Writes a Summary proto, TensorFlow's or TensorBoard's, at the present step."""
        self.writer.add_summary(summary.SerializeToString(), self.step)

    def __exit__(self, kind, error, traceback) -> None:
        if self.bar is not None:
            self.bar.close()
        if isinstance(error, UserError) and not self.step:  # bad input: leave nothing behind
            self.writer.close()
            shutil.rmtree(self.folder)
            return
        status = {None: "completed", KeyboardInterrupt: "interrupted"}.get(kind, "failed")
        if status == "failed":
            self.manifest["reason"] = f"{kind.__name__}: {error}"
        self.manifest["status"] = status
        end = api_pb2.STATUS_SUCCESS if status == "completed" else api_pb2.STATUS_FAILURE
        self.add_summary(hparams_summary.session_end_pb(end))
        self._describe()
        self.writer.close()

    def _describe(self) -> None:
        """Writes run.json, atomically, and the same for the Text tab."""
        self.manifest["steps"] = self.step
        self.manifest["seconds"] = round(time.time() - self.started, 1)
        files.write(self.folder / "run.json", _json(self.manifest).encode())
        self.add_summary(text_pb("run", markdown(self.manifest, self.docstring)))
        self.writer.flush()

    def closing_lines(self) -> str:
        """The last thing a run prints: the results beside the post's, and where everything is."""
        rows = [("", "this run", "the post")]
        rows += [(name, number(r["value"]), r["post"]) for name, r in self.manifest["results"].items()]
        # TensorBoard keeps 10 images of a tag unless told otherwise; told 0, all, it shows none.
        tensorboard = f"tensorboard --logdir {shlex.quote(str(self.logdir))} --samples_per_plugin images=100"
        widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
        table = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in rows]
        return "\n".join([
            f"{self.manifest['status']}: {self.step:,} steps, {self.manifest['seconds']} s", *table,
            f"run         {self.folder / 'run.json'}",
            f"figures     {self.folder / 'figures'}",
            f"TensorBoard {tensorboard}",
        ])


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The versions of installed packages."""
    return {package: metadata.version(package) for package in packages}


def mean_loss(sess: tf.Session, loss: tf.Tensor, x: tf.Tensor, images: np.ndarray) -> float:
    """The mean of a mean loss over `images`, in batches of 1,000, as the recordings' test loss."""
    batches = [images[i:i + 1000] for i in range(0, len(images), 1000)]
    losses = [sess.run(loss, feed_dict={x: batch}) for batch in batches]
    return float(np.average(losses, weights=[len(batch) for batch in batches]))


def markdown(manifest: dict[str, Any], docstring: str) -> str:
    """The manifest as a Markdown table, with the port's provenance under it."""
    rows: Iterable[tuple[str, Any]] = (
        ("post", f"[{manifest['post']}]({url})" if (url := manifest["url"]).startswith("http") else manifest["post"]),
        ("status", manifest["status"]),
        ("options", ", ".join(f"{k} {v}" for k, v in manifest["options"].items())),
        ("data", f"{manifest['data']['source']}, from {manifest['data']['origin']}"),
        ("device", manifest["device"]),
        ("versions", ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())),
        ("steps", manifest["steps"]),
        ("seconds", manifest["seconds"]),
        *((name, f"{number(r['value'])} (the post: {r['post']})") for name, r in manifest["results"].items()),
    )
    table = "\n".join(f"| {key} | {value} |" for key, value in rows)
    return f"| | |\n|---|---|\n{table}\n\n```\n{docstring}\n```\n"


def _finite(loss: float, step: int) -> float:
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss} at step {step}; a smaller --learning-rate may help")
    return float(loss)


def _json(manifest: dict[str, Any]) -> str:
    """Indented, but each list of numbers on one line."""
    text = json.dumps(manifest, indent=1)
    return re.sub(r'\[[^\[\]{}"]+\]', lambda m: f"[{' '.join(m[0][1:-1].split())}]", text) + "\n"


def number(value: float | str) -> str:
    """A result as it is printed."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.5f}" if isinstance(value, float) else value
