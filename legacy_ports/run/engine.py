"""Trains: a run's session, its training loop with checkpoints and progress, and when codes are logged."""

import time
from bisect import bisect
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
from tqdm import tqdm

from legacy_ports.run import checkpoints, memory, training
from legacy_ports.run.latent import Latent
from legacy_ports.run.latent import due as latent_due
from legacy_ports.run.recorder import Record
from legacy_ports.tf1 import draw_on_cpu, tf
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder

SECONDS = 10  # from checkpoint to checkpoint, at least, where the user does not say when


class Run(Record):
    """One run of one port: its record, and the training loop. See `Record` for the arguments."""

    _latent: Latent | None = None
    _train: training.Train
    _losses: Generator[Any, None, None] = (loss for loss in list[Any]())
    _left = 0  # steps up to the next stop whose batches are not drawn yet

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._ahead: deque[np.ndarray] = deque()  # batches that are drawn, of steps that are not yielded yet

    @contextmanager
    def session(self) -> Iterator[tf.Session]:
        """Opens a session on the present graph, and writes the graph for TensorBoard's Graphs tab."""
        memory.keep_freed()
        graph = tf.get_default_graph()
        draw_on_cpu(graph)
        if not self._checkpoint:  # else the event files have the graph
            self.writer.add_graph(graph)
        self.manifest["parameters"] = sum(int(np.prod(v.shape)) for v in tf.trainable_variables())
        # After the post's ops, because the seed of an op depends on the number of ops before it.
        saver = tf.train.Saver(max_to_keep=checkpoints.KEEP)
        with _Session(config=self.config) as sess:
            sess.ahead = self._ahead
            self._session = sess, saver
            try:
                yield sess
            finally:
                self._losses.close()  # waits for a computation in progress

    def steps(self, numbers: range, keep: Mapping[str, Any] | None = None) -> Iterator[int]:
        """Yields the numbers of the training loop, with a progress bar if stderr is a terminal.

        Saves a checkpoint every `save_every` steps, after the last step, and when SIGINT or SIGTERM asks the run to
        end, which waits for the steps in progress. If `save_every` is None, saves at the post's logging interval, but
        at most every `SECONDS`. A resumed run yields only the numbers that are left.

        The fused engine trains ahead of the yielded steps, up to the next stop: a checkpoint, or codes to log.

        Args:
          keep: by name, the objects that the loop changes, beside the session's variables and NumPy's global
            generator: see `checkpoints.save`. A resumed run gets them as they were.

        Raises:
          KeyboardInterrupt: after the steps that were begun when a signal came.
          UserError: the checkpoint to resume from holds other names than `keep`.
        """
        keep = {"numpy_random": _NumpyRandom, **(keep or {})}
        steps, logging = len(numbers), self._latent
        save_every = self.save_every or (logging.every if logging else steps)
        due = latent_due(steps, logging.every) if logging else set()
        if self._checkpoint:
            self._restore(self._checkpoint, keep)
        elif 0 in due:
            self._log_latent()
        stops = sorted({steps, *due, *range(0, steps, save_every)})
        left = numbers[self.step :]
        self.bar = tqdm(left, initial=self.step, total=steps, unit="step", disable=True if self.quiet else None)
        self._hold.begin()
        saved = time.monotonic()
        for i in self.bar:
            if not self._ahead:
                self._left = stops[bisect(stops, self.step)] - self.step
            yield i
            self.step += 1
            if self._ahead:  # the weights are those of a later step
                continue
            if self.step in due:
                self._log_latent()
            due_now = self.step % save_every == 0 and (self.save_every or time.monotonic() - saved >= SECONDS)
            if due_now or self.step == steps or self._hold.signal:
                self._save(keep)
                saved = time.monotonic()
            self._hold.check()
        self._hold.end()
        self._hold.check()

    def ahead(self, sess: tf.Session, model: Any, batches: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Yields a batch for each of `steps`. The engine draws it ahead where it trains ahead.

        Args:
          model: the port's tensors: x, loss and train_step.
          batches: float32 [N, ...].
        """
        self._train = getattr(training, self.engine)(sess, model)
        while True:
            if not self._ahead:
                drawn = self._draw(batches)
                self._losses = self._train(chain([next(drawn)], drawn))
            yield self._ahead.popleft()

    def _draw(self, batches: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Yields the batches of the steps up to the next stop, but none after a signal has come."""
        while self._left:
            self._left -= 1
            self._ahead.append(next(batches))
            yield self._ahead[-1]
            if self._hold.signal:
                break

    def train(self, batch: np.ndarray) -> Any:
        """Trains on a batch from `ahead`.

        Returns:
          The loss of this batch before its update, as float32.
        """
        return next(self._losses)

    def latent(
        self,
        sess: tf.Session,
        model: Any,
        x: np.ndarray,
        decoder: Callable[[], Decoder],
        encoder: Callable[[], Encoder],
        every: int,
        walk: Callable[[np.ndarray], dict[str, Any]] | None = None,
    ) -> None:
        """Makes `steps` log the codes of the test images `x`, the decoder and the encoder: see `latent.Latent`."""
        n = self.latent_points
        _, _, images, labels = self.digits.arrays
        self._latent = Latent(sess, model, x[:n], images[:n], labels[:n], decoder, encoder, every, walk)

    def _log_latent(self) -> None:
        assert self._latent is not None
        self.writer.add_summary(self._latent.summary(), self.step)
        self.writer.flush()

    def _save(self, keep: Mapping[str, Any]) -> None:
        """Saves a checkpoint, unless a weight is NaN or infinite: then the checkpoint before is the better one."""
        sess, saver = self._session
        if not all(np.isfinite(weights).all() for weights in sess.run(tf.trainable_variables())):
            return
        self.writer.flush()
        state = {**self._state(), "latent": self._latent.logged if self._latent else 0}
        checkpoints.save(self.folder / "checkpoints", saver, sess, self.step, state, keep)
        self._write_manifest()

    def _restore(self, checkpoint: checkpoints.Checkpoint, keep: Mapping[str, Any]) -> None:
        """Restores the session, and the objects that the loop changes, from the checkpoint."""
        sess, saver = self._session
        checkpoints.put_back(checkpoint, keep)
        saver.restore(sess, checkpoint.prefix)
        saver.recover_last_checkpoints(checkpoints.prefixes(self.folder / "checkpoints"))
        if self._latent:
            self._latent.logged = checkpoint.state["latent"]
        self._checkpoint = None


def mean_loss(sess: tf.Session, loss: tf.Tensor, x: tf.Tensor, images: np.ndarray) -> float:
    """Returns the mean of a mean loss over `images`, in batches of 1,000, as the recordings' test loss."""
    batches = [images[i : i + 1000] for i in range(0, len(images), 1000)]
    losses = [sess.run(loss, feed_dict={x: batch}) for batch in batches]
    return float(np.average(losses, weights=[len(batch) for batch in batches]))


class _Session(tf.Session):
    """A session that does not run while a loop is at an earlier step than the weights."""

    ahead: deque[Any] = deque()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Runs ops. Raises RuntimeError if the weights are those of a later step."""
        if self.ahead:
            raise RuntimeError(
                f"the session's weights are {len(self.ahead)} steps ahead: a loop may use it before or after a "
                "multiple of the logging interval that `latent` was given"
            )
        return super().run(*args, **kwargs)


class _NumpyRandom:
    """NumPy's global generator, from which `next_batch` draws."""

    @staticmethod
    def get_state() -> dict[str, Any]:
        state = np.random.get_state(legacy=False)
        assert isinstance(state, dict)
        return state

    @staticmethod
    def set_state(state: dict[str, Any]) -> None:
        np.random.set_state(state)
