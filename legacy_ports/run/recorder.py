"""Records a run: its folder, log lines, losses, results and figures, however it ends.

runs/<port>/<name>/
    events.out.tfevents…   scalars, images, graph, text, hparams
    figures/               the post's figures
    checkpoints/           the last few; see checkpoints.py
    run.json               what was run, on which data, and the results; complete at any moment
"""

import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from legacy_ports.tf1 import device_name, session_config  # first: TensorBoard's hparams imports TensorFlow

# isort: split
import numpy as np
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams_summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tqdm import tqdm

from legacy_ports import RunError, UserError, files
from legacy_ports.data.mnist import Digits
from legacy_ports.run import checkpoints, directory, errors, events, lock, manifest, signals


class Record:
    """The record of one run of one port, as a context manager. Leaving it completes the record, however the run ends.

    Args:
      port: the port's name.
      docstring: the port's docstring, shown in TensorBoard's Text tab.
      options: the port's options with their values, shown as HParams.
      digits: the data.
      logdir, name: the run's folder is `logdir/port/name`; name None: the time of day.
      device: see `tf1.session_config`.
      quiet: whether to print nothing but the results.
      latent_points: how many test digits the Latent tab gets; None: all.
      save_every: steps between checkpoints; None: see `Run.steps`.
      resume: the folder of a run to resume, instead of `logdir` and `name`. The other arguments must be that run's.
      band: what the post's own TensorFlow gave for the final test loss, in words.
      engine: what trains, "session" or "fused": see `training`.
      threads: see `tf1.session_config`.

    Raises:
      UserError: `logdir` is a URL, or no name of a folder.
    Raises (on entering):
      UserError: the run exists already, its folder cannot be created or is not named in UTF-8, or another process
        holds it.
    Raises (on leaving):
      RunError: a file of the run could not be written.
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
        engine: str = "session",
        threads: int | None = None,
    ):
        self.port, self.docstring, self.digits = port, docstring, digits
        self.logdir, self.name, self.resume = files.local(logdir), name, resume
        self.quiet, self.latent_points, self.save_every, self.band = quiet, latent_points, save_every, band
        self.engine = engine
        self.config = session_config(device, threads)
        self.step = 0  # training steps done
        self.window: list[float] = []  # losses since the curve's last mean
        self.bar: tqdm | None = None  # the training loop's progress bar
        self._hold = signals.Hold()
        self._checkpoint: checkpoints.Checkpoint | None = None  # from which the session is yet to be restored
        self._seconds = 0.0  # of the run before it was resumed
        self.manifest = manifest.new_manifest(
            port, docstring, options, digits, device_name(device), latent_points, save_every, engine, threads
        )

    def __enter__(self) -> Self:
        self._started = time.time()
        files.check_utf8(self.resume or self.logdir / (self.name or ""))
        self.folder = self.resume or directory.make(self.logdir, self.port, self.name)
        try:
            self._lock = lock.hold(self.folder)
            directory.fill(self.folder)
            self._checkpoint, damaged = checkpoints.newest(self.folder / "checkpoints")
            for line in damaged:
                self.log(line)
            if self._checkpoint:
                self._continue(self._checkpoint)
            else:
                self._begin()
        except (UserError, *errors.WRITING) as error:
            if not self.resume:
                shutil.rmtree(self.folder, ignore_errors=True)
            if isinstance(error, UserError):
                raise
            raise UserError(f"the run cannot be written: {errors.one_line(error)}") from None
        return self

    def _begin(self) -> None:
        """Begins a new record."""
        if self.resume:
            self.log("no checkpoint to resume from: starting again at step 0")
        events.truncate(self.folder, {})
        self.writer = events.Writer(self.folder)
        self.manifest["started"] = datetime.now(UTC).isoformat(timespec="seconds")
        self.writer.add_start(0)
        shown = {**self.manifest["options"], "data": self.digits.source}
        self.writer.add_summary(hparams.hparams_pb(shown, trial_id=f"{self.port}/{self.folder.name}"), 0)
        self._write_manifest()
        self._show_manifest()

    def _continue(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Continues the record of a run that is resumed, as the checkpoint left it."""
        state, now = checkpoint.state, self.manifest["versions"]
        self.step, self.window, self.manifest = state["step"], state["window"], state["manifest"]
        self._seconds = self.manifest["seconds"]
        before = self.manifest["versions"]
        changed = {name: version for name, version in now.items() if version != before.get(name)}
        if changed:
            self.log(f"this run was started with other versions than {changed}; its losses may differ")
        resumed = {"step": self.step, **({"versions": changed} if changed else {})}
        self.manifest.setdefault("resumed", []).append(resumed)
        self._write_manifest()
        self.writer, kept = events.reopen(self.folder, state["events"], self.step)
        # A process that is killed around this line leaves the old checkpoint or the new one, and its events.
        self._checkpoint = checkpoints.with_state(checkpoint, events=kept)
        events.truncate(self.folder, kept)
        self.log(f"resuming from step {self.step:,}")

    def _state(self) -> dict[str, Any]:
        """Returns the state of the record that a checkpoint keeps."""
        self._update_manifest()
        return {
            "step": self.step,
            "manifest": self.manifest,
            "window": self.window,
            "events": events.sizes(self.folder),
        }

    def log(self, line: str) -> None:
        """Prints a line. If stdout is a pipe that nobody reads any more, the run ends as by a signal."""
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
          FloatingPointError: it is NaN or infinite.
        """
        self.manifest["losses"].append([step, errors.finite(loss, step)])

    def batch_loss(self, loss: float) -> None:
        """Records the loss of this step's batch, before its update. run.json gets the mean of every 10.

        Raises:
          FloatingPointError: it is NaN or infinite.
        """
        self.window.append(errors.finite(loss, self.step))
        if len(self.window) == manifest.CURVE_EVERY:
            self.manifest["curve"]["mean_loss"].append(float(f"{np.mean(self.window):.7g}"))
            self.window.clear()

    def result(self, name: str, value: float | str, post: str) -> None:
        """Records a final number, beside what the post (or its TensorFlow) gives for it."""
        self.manifest["results"][name] = {"value": value, "post": post}

    def test_loss(self, name: str, value: float, post: str) -> None:
        """Records the mean loss on the test images, under the post's name for it; see `band`."""
        self.manifest["test_loss"] = value
        self.result(name, value, f"{post}; {self.band}" if self.band else post)

    def figure(self, name: str, data: bytes, tag: str | None = None, step: int | None = None) -> None:
        """Writes a PNG or GIF to figures/`name`, and an image summary the first time that the run draws it.

        A resumed run draws its figures from before the training loop again. Their files are replaced; the event files
        have their image summaries already.

        Args:
          tag: of the image summary; None: figures/ and the name without its suffix.
          step: of the image summary; None: the present step.
        """
        files.write(self.folder / "figures" / name, data)
        if name not in self.manifest["figures"]:
            summary = events.image(tag or f"figures/{Path(name).stem}", data)
            self.writer.add_summary(summary, self.step if step is None else step)
            self.manifest["figures"].append(name)

    def _write_manifest(self) -> None:
        """Writes run.json."""
        self._update_manifest()
        manifest.write_manifest(self.folder, self.manifest)

    def _update_manifest(self) -> None:
        self.manifest["steps"] = self.step
        self.manifest["seconds"] = round(self._seconds + time.time() - self._started, 1)

    def _show_manifest(self) -> None:
        """Writes the manifest for TensorBoard's Text tab."""
        self._update_manifest()
        self.writer.add_summary(text_pb("run", manifest.markdown(self.manifest, self.docstring)), self.step)
        self.writer.flush()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._hold.begin()  # signals wait until the record is complete
        try:
            self._end(error)
        finally:
            os.close(self._lock)
            self._hold.end()
        if error is None:
            self._hold.check()

    def _end(self, error: BaseException | None) -> None:
        """Completes the record. Removes it if the user's input was refused before the first step."""
        if self.bar is not None:
            self.bar.close()
        if isinstance(error, UserError) and not self.step and not self.resume:
            self.writer.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        directory.free_reserve(self.folder)
        self._set_status(error)
        try:
            status = api_pb2.STATUS_SUCCESS if error is None else api_pb2.STATUS_FAILURE
            self.writer.add_summary(hparams_summary.session_end_pb(status), self.step)
            self._show_manifest()
            self.writer.close()
        except errors.WRITING as failure:
            if error is None:
                self._set_status(error := failure)
        try:
            self._write_manifest()
        except UserError as failure:
            error = error or failure
        if error is not None and errors.cannot_write(error):
            raise RunError(f"stopped at step {self.step:,}: {errors.one_line(error)}") from None

    def _set_status(self, error: BaseException | None) -> None:
        """Sets how the run ended, and why, in the manifest."""
        self.manifest["status"] = (
            "completed" if error is None else "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        )
        if error is not None:
            self.manifest["reason"] = errors.one_line(error)
