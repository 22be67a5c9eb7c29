"""A run: its folder, event file, checkpoints, manifest (run.json) and what it says on the terminal.

runs/<port>/<name>/
    events.out.tfevents…   scalars, images, graph, text, hparams
    figures/               the post's figures
    checkpoints/           the last few; see checkpoints.py
    run.json               what was run, on what, and what came out; complete at any moment
"""

import errno
import math
import os
import platform
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from legacy_ports.tf1 import draw_on_cpu, session_config, tf  # first: TensorBoard's hparams imports TensorFlow

# isort: split
import numpy as np
from PIL import Image
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams_summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tqdm import tqdm

from legacy_ports import RunError, UserError, __version__, files
from legacy_ports.data.mnist import Digits
from legacy_ports.run import checkpoints, events, lock, manifest, signals
from legacy_ports.run.latent import Latent
from legacy_ports.run.latent import due as latent_due
from tb_plugin.decoder import Decoder

CURVE_EVERY = 10  # steps; all of the recordings' windows are multiples
RESERVE = 2**20  # bytes of the disk that a run keeps for its last words, should the disk be full
_RESERVED = ".reserve"
_WRITING = (OSError, UserError, tf.errors.OpError)


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
      save_every: steps from checkpoint to checkpoint; None: the interval at which the latent space is logged, the
        post's own.
      band: what the post's own TensorFlow gave for the final test loss, in words.
      resume: the folder of a run to go on with, in place of `logdir` and `name`. The rest must be as it was then.

    Raises (on entering):
      UserError: that run exists already, or its folder cannot be made, or another process is at it.
    Raises (on leaving):
      RunError: the run could not go on, as a file of its could not be written.
    """

    def __init__(
        self,
        port: str,
        docstring: str,
        options: dict[str, Any],
        digits: Digits,
        logdir: str | os.PathLike = "runs",
        name: str | None = None,
        device: str = "auto",
        quiet: bool = False,
        latent_points: int | None = None,
        save_every: int | None = None,
        resume: Path | None = None,
        band: str = "",
    ):
        self.logdir, self.port, self.name, self.quiet = Path(logdir), port, name, quiet
        self.resume, self.save_every, self.band = resume, save_every, band
        if resume:
            self.logdir, self.name = resume.parent.parent, resume.name
        self.digits, self.docstring = digits, docstring
        self.config = session_config(device)
        if device == "auto":
            device = "gpu:0" if tf.config.list_physical_devices("GPU") else "cpu"
        self.step = 0  # training steps done
        self.window: list[float] = []  # losses of the present part of the curve
        self.bar: tqdm | None = None
        self.latent_points = latent_points
        self._latent: Latent | None = None
        self._pending: checkpoints.Checkpoint | None = None  # what the session and the batches are yet to go on from
        self._saved = -1  # the step of the newest checkpoint
        self._seconds = 0.0  # of the run until it was resumed
        self._hold = signals.Hold()
        heading, url = docstring.splitlines()[:2]
        self.manifest: dict[str, Any] = {
            "port": port,
            "post": heading,
            "url": url,
            "status": "running",
            "options": options,
            "data": {"source": digits.source, "origin": digits.origin, "sha256": digits.sha256},
            "device": device,
            "latent_points": latent_points,
            "save_every": save_every,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "versions": {"legacy-ports": __version__, **manifest.installed(manifest.PACKAGES)},
            "steps": 0,
            "losses": [],
            "curve": {"every": CURVE_EVERY, "mean_loss": []},
            "results": {},
            "figures": [],
        }

    def __enter__(self) -> "Run":
        self.started = time.time()
        self.folder = self.resume or self._make_folder()
        try:
            self._lock = lock.hold(self.folder)
            self._open()
        except _WRITING as error:
            if not self.resume:
                shutil.rmtree(self.folder, ignore_errors=True)
            if isinstance(error, UserError):
                raise
            raise UserError(f"the run cannot be written: {_reason(error)}") from None
        return self

    def _open(self) -> None:
        """Opens the record: a new one, or that of the run to go on with, as its newest checkpoint left it."""
        for name in ("figures", "checkpoints"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / _RESERVED).write_bytes(bytes(RESERVE))
        self._pending, damaged = checkpoints.newest(self.folder / "checkpoints")
        for line in damaged:
            self.log(line)
        kept = self._pending.state["events"] if self._pending else {}
        first, tail, without = events.overlap(self.folder, kept)
        events.cut(self.folder, kept)
        self.writer = events.Writer(self.folder)
        if self._pending:
            self._go_on(self._pending.state)
            self.writer.add_start(self.step + 1 if first is None else first)
            for event in tail:
                self.writer.add_event(event)
            self.writer.flush()
            # Told twice by the files until the cut; a kill between them leaves either the old checkpoint or the new.
            self._pending = checkpoints.with_state(self._pending, events={**events.sizes(self.folder), **without})
            events.cut(self.folder, self._pending.state["events"])
            self.log(f"going on from step {self.step:,}")
        else:
            if self.resume:
                self.log("from the start: there is no checkpoint to go on from")
            self.manifest["started"] = datetime.now(UTC).isoformat(timespec="seconds")
            self.writer.add_start(0)
            self.add_summary(
                hparams.hparams_pb(
                    {**self.manifest["options"], "data": self.digits.source}, trial_id=f"{self.port}/{self.name}"
                )
            )
            self._write_manifest()
            self._show_manifest()

    def _make_folder(self) -> Path:
        """Makes the run's folder; never one that is there already."""
        parent = self.logdir / self.port
        now = f"{datetime.now():%Y%m%d-%H%M%S}"
        names = [self.name] if self.name is not None else [now, *(f"{now}-{i}" for i in range(2, 100))]
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for self.name in names:
                with suppress(FileExistsError):
                    (parent / self.name).mkdir()
                    return parent / self.name
        except OSError as error:
            raise UserError(f"the run cannot be written to {error.filename}: {error.strerror}") from None
        raise UserError(f"the run {parent / names[-1]} exists already; give another --name")

    def _go_on(self, state: dict[str, Any]) -> None:
        """Takes up the record of a run where a checkpoint left it."""
        now = self.manifest["versions"]
        self.step, self.window, self.manifest = state["step"], state["window"], state["manifest"]
        self._saved, self._seconds = self.step, self.manifest["seconds"]
        before = self.manifest["versions"]
        changed = {name: version for name, version in now.items() if version != before.get(name)}
        if changed:
            self.log(f"not the versions that it was started with: {changed}; the losses may differ")
        resumed = {"step": self.step, **({"versions": changed} if changed else {})}
        self.manifest.setdefault("resumed", []).append(resumed)
        self._write_manifest()

    @contextmanager
    def session(self) -> Iterator[tf.Session]:
        """A session on the present graph, which is written for the Graphs tab."""
        graph = tf.get_default_graph()
        draw_on_cpu(graph)
        if not self._pending:
            self.writer.add_graph(graph)
        self.manifest["parameters"] = sum(int(np.prod(v.shape)) for v in tf.trainable_variables())
        # After the post's ops: an op's seed depends on how many came before it.
        saver = tf.train.Saver(max_to_keep=checkpoints.KEEP)
        with tf.Session(config=self.config) as sess:
            self._session = sess, saver
            yield sess

    def steps(self, numbers: range, keep: Sequence[Any] = ()) -> Iterator[int]:
        """The numbers of the training loop, with a progress bar when a terminal looks on.

        Saves a checkpoint every `save_every` steps, after the last one and when SIGINT or SIGTERM asks to end,
        which waits for the step that is under way. A resumed run gets the numbers that are left.

        Args:
          keep: what the loop changes, beside the session and NumPy's global generator: see `checkpoints.save`. A
            resumed run finds it as it was.

        Raises:
          KeyboardInterrupt: after the step during which a signal came.
        """
        keep = [_GlobalRandom, *keep]
        steps, latent = len(numbers), self._latent
        every = self.save_every or (latent.every if latent else steps)
        due = latent_due(steps, latent.every) if latent else set()
        if self._pending:
            self._restore(keep)
        elif 0 in due:
            self._log_latent()
        self.bar = tqdm(
            numbers[self.step :], initial=self.step, total=steps, unit="step", disable=True if self.quiet else None
        )
        self._hold.begin()
        for i in self.bar:
            yield i
            self.step += 1
            if self.step in due:
                self._log_latent()
            if self.step % every == 0 or self.step == steps or self._hold.signal:
                self._save(keep)
            self._hold.check()
        self._hold.end()
        self._hold.check()

    def _save(self, keep: list[Any]) -> None:
        """Saves a checkpoint, unless the weights are no longer finite: it would be the worse one."""
        sess, saver = self._session
        if self.step == self._saved or not all(np.isfinite(w).all() for w in sess.run(tf.trainable_variables())):
            return
        self.writer.flush()
        self._update_manifest()
        state = {
            "step": self.step,
            "manifest": self.manifest,
            "window": self.window,
            "latent": self._latent.logged if self._latent else 0,
            "events": events.sizes(self.folder),
        }
        checkpoints.save(self.folder / "checkpoints", saver, sess, self.step, state, keep)
        self._saved = self.step
        self._write_manifest()

    def _restore(self, keep: list[Any]) -> None:
        """Gives the session, and what the loop changes, what they had at the pending checkpoint."""
        assert self._pending
        sess, saver = self._session
        saver.restore(sess, self._pending.prefix)
        saver.recover_last_checkpoints(checkpoints.prefixes(self.folder / "checkpoints"))
        checkpoints.put_back(keep, self._pending.kept)
        if self._latent:
            self._latent.logged = self._pending.state["latent"]
        self._pending = None

    def latent(
        self,
        sess: tf.Session,
        model: Any,
        x: np.ndarray,
        decoder: Callable[[], Decoder],
        every: int,
        walk: Callable[[np.ndarray], dict[str, Any]] | None = None,
    ) -> None:
        """Has `steps` log the codes of the test images `x`, and the decoder: see `latent.Latent`."""
        n = self.latent_points
        _, _, images, labels = self.digits.arrays
        self._latent = Latent(sess, model, x[:n], images[:n], labels[:n], decoder, every, walk)

    def _log_latent(self) -> None:
        assert self._latent is not None
        self.add_summary(self._latent.summary())
        self.writer.flush()

    def log(self, line: str) -> None:
        """Prints one of the post's log lines. Where nobody reads them any more, the run ends as by a signal."""
        if self.quiet:
            return
        try:
            tqdm.write(line)
            sys.stdout.flush()
        except OSError as error:
            signals.discard(sys.stdout)
            if not isinstance(error, BrokenPipeError):
                raise
            self._hold.note(signals.SIGPIPE)

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
        self.result(name, value, f"{post}; {self.band}" if self.band else post)

    def figure(self, name: str, data: bytes, tag: str | None = None, step: int | None = None) -> None:
        """Keeps a PNG or GIF as figures/`name` and as an image summary, figures/<stem> unless told otherwise."""
        if self._pending:  # drawn before the training, and so before the checkpoint
            return
        files.write(self.folder / "figures" / name, data)
        width, height = Image.open(BytesIO(data)).size
        image = tf.Summary.Image(encoded_image_string=data, width=width, height=height, colorspace=3)
        summary = tf.Summary(value=[tf.Summary.Value(tag=tag or f"figures/{Path(name).stem}", image=image)])
        self.writer.add_summary(summary, self.step if step is None else step)
        self.manifest["figures"].append(name)

    def add_summary(self, summary: Any) -> None:
        """Writes a Summary proto, TensorFlow's or TensorBoard's, at the present step."""
        self.writer.add_summary(summary, self.step)

    def __exit__(self, kind, error, traceback) -> None:
        self._hold.begin()  # the record is completed, whatever comes now
        try:
            self._end(error)
        finally:
            os.close(self._lock)
            self._hold.end()
        if error is None:
            self._hold.check()

    def _end(self, error: BaseException | None) -> None:
        if self.bar is not None:
            self.bar.close()
        if isinstance(error, UserError) and not self.step and not self.resume:  # bad input: leave nothing behind
            self.writer.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        with suppress(OSError):  # a folder that cannot be written any more
            (self.folder / _RESERVED).unlink()
        self._judge(error)
        try:
            end = api_pb2.STATUS_SUCCESS if error is None else api_pb2.STATUS_FAILURE
            self.add_summary(hparams_summary.session_end_pb(end))
            self._show_manifest()
            self.writer.close()
        except _WRITING as failure:
            if error is None:
                self._judge(error := failure)
        try:
            self._write_manifest()
        except UserError as failure:
            error = error or failure
        if error is not None and _cannot_write(error):
            raise RunError(f"stopped at step {self.step:,}: {_reason(error)}") from None

    def _judge(self, error: BaseException | None) -> None:
        """Puts into the manifest how the run ended, and why."""
        self.manifest["status"] = (
            "completed" if error is None else "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        )
        if error is not None:
            self.manifest["reason"] = _reason(error)
        self._update_manifest()

    def _update_manifest(self) -> None:
        self.manifest["steps"] = self.step
        self.manifest["seconds"] = round(self._seconds + time.time() - self.started, 1)

    def _write_manifest(self) -> None:
        """Writes run.json, atomically."""
        self._update_manifest()
        files.write(self.folder / "run.json", manifest.to_json(self.manifest).encode())

    def _show_manifest(self) -> None:
        self.add_summary(text_pb("run", manifest.markdown(self.manifest, self.docstring)))
        self.writer.flush()

    def closing_lines(self) -> str:
        """The last thing a run prints: the results beside the post's, and where everything is."""
        rows = [("", "this run", "the post")]
        rows += [(name, manifest.number(r["value"]), r["post"]) for name, r in self.manifest["results"].items()]
        # TensorBoard keeps 10 images of a tag unless told otherwise; told 0, all, it shows none.
        tensorboard = f"tensorboard --logdir {shlex.quote(str(self.logdir))} --samples_per_plugin images=100"
        widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
        table = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in rows]
        return "\n".join(
            [
                f"{self.manifest['status']}: {self.step:,} steps, {self.manifest['seconds']} s",
                *table,
                f"run         {self.folder / 'run.json'}",
                f"figures     {self.folder / 'figures'}",
                f"TensorBoard {tensorboard}",
                *(
                    []
                    if self.manifest["status"] == "completed"
                    else [f"to go on    legacy-ports run --resume {shlex.quote(str(self.folder))}"]
                ),
            ]
        )


def mean_loss(sess: tf.Session, loss: tf.Tensor, x: tf.Tensor, images: np.ndarray) -> float:
    """The mean of a mean loss over `images`, in batches of 1,000, as the recordings' test loss."""
    batches = [images[i : i + 1000] for i in range(0, len(images), 1000)]
    losses = [sess.run(loss, feed_dict={x: batch}) for batch in batches]
    return float(np.average(losses, weights=[len(batch) for batch in batches]))


class _GlobalRandom:
    """NumPy's global generator, from which `next_batch` draws."""

    @staticmethod
    def get_state() -> dict[str, Any]:
        return np.random.get_state(legacy=False)

    @staticmethod
    def set_state(state: dict[str, Any]) -> None:
        np.random.set_state(state)


def _cannot_write(error: BaseException) -> bool:
    """Whether a file could not be written; a TensorFlow error of an op is another thing, but for that of a Saver."""
    if isinstance(error, tf.errors.OpError):
        return error.op is None or error.op.type == "SaveV2"
    return isinstance(error, (OSError, UserError))


def _reason(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, KeyboardInterrupt):
        return signals.which(error).name
    if isinstance(error, OSError):
        return f"{error.filename or 'writing'}: {error.strerror}"
    if isinstance(error, tf.errors.OpError):  # many lines; somewhere in them is what the operating system said
        said = [text for text in map(os.strerror, errno.errorcode) if text in str(error)]
        if said:
            return f"a file cannot be written ({said[0]})"
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"


def _finite(loss: float, step: int) -> float:
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss} at step {step}; a smaller --learning-rate may help")
    return float(loss)
