"""Training of word vectors: passes over the text, a stretch at a time, with events and checkpoints."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from seqterm.backends.base import Array
from seqterm.errors import DivergedError
from seqterm.events import Event, Finished, Note, Saved, Started, Step, Stopped, Validation
from seqterm.models.base import VectorModel
from seqterm.store.run_folder import RunFolder
from seqterm.training.settings import VectorTrainingSettings


@dataclass
class Progress:
    """How far training has come, and the sums of the epoch that is under way; all of it is in every checkpoint."""

    epochs: int
    steps: int
    step: int = 0
    loss_sum: float = 0.0
    examples: int = 0
    training_loss: float = 0.0
    seconds: float = 0.0


class VectorTrainer:
    """Trains `model` into `folder`, which is locked.  A step is a stretch of the text; `stop()` is asked between two."""

    def __init__(
        self,
        model: VectorModel,
        folder: RunFolder,
        settings: VectorTrainingSettings,
        stop: Callable[[], str | None],
        resume: str,
        started: Started,
    ):
        self._model, self._folder, self._settings, self._stop, self._resume = model, folder, settings, stop, resume
        self._started = started
        self.steps = settings.epochs * model.stretches
        self.progress = Progress(settings.epochs, self.steps)
        self._seconds_before, self._began = 0.0, time.monotonic()

    def restore(self) -> None:
        """Take everything from the last checkpoint, and drop what was logged after it."""
        tensors, counters = self._folder.load_checkpoint("last")
        self._model.load(tensors)
        self._folder.cut_logs(counters.pop("log_sizes"))
        self.progress = Progress(**counters)
        self._seconds_before = self.progress.seconds

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    def _save(self, complete: bool = False) -> Saved:
        """Only what is sound is saved: the loss shows that an update went astray no sooner than the next one."""
        tensors: dict[str, Array] = self._model.tensors()
        if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
            raise self._diverged("a vector is not of finite numbers")
        self.progress.seconds = round(self._seconds(), 3)
        counters = {**asdict(self.progress), "log_sizes": self._folder.log_sizes()}
        name = self._folder.save_checkpoint(self.progress.step, tensors, counters, best=False, complete=complete)
        self._last_save = time.monotonic()
        return Saved(self.progress.step, f"checkpoints/{name}")

    def train(self) -> Iterator[Event]:
        """Every event is recorded in the folder before it is given out."""
        for event in self._train():
            if not isinstance(event, Note):
                self._folder.append(self._folder.events_path, event, self._seconds())
            yield event

    def _train(self) -> Iterator[Event]:
        progress, stretches = self.progress, self._model.stretches
        yield replace(self._started, step=progress.step, steps=self.steps)
        if progress.step == 0:
            yield self._save()
        self._last_save = time.monotonic()
        while progress.step < self.steps:
            if reason := self._stop():
                yield self._save()
                yield Stopped(self._folder.name, progress.step, reason, self._resume)
                return
            epoch, stretch = divmod(progress.step, stretches)
            yield self._step(epoch, stretch)
            if progress.step % stretches == 0:
                progress.training_loss = progress.loss_sum / max(1, progress.examples)
                progress.loss_sum, progress.examples = 0.0, 0
                yield Validation(progress.step, epoch + 1, progress.training_loss, None, False)
                yield self._save(complete=progress.step == self.steps)
            elif time.monotonic() - self._last_save > self._settings.save_every:
                yield self._save()
        yield Finished(self._folder.name, progress.step, progress.training_loss, None, None, round(self._seconds(), 3))

    def _diverged(self, what: str) -> DivergedError:
        kept = self._folder.read_state()["last"].split(".")[0]
        where = f"Training diverged at step {self.progress.step + 1}: {what}."
        return DivergedError(f"{where} The state of step {kept} is kept; train again with a lower --lr and another -o.")

    def _step(self, epoch: int, stretch: int) -> Step:
        progress, began = self.progress, time.monotonic()
        loss, examples, words = self._model.train_stretch(epoch, stretch)
        if not loss < float("inf"):
            raise self._diverged("the loss is not a finite number")
        progress.step += 1
        progress.loss_sum, progress.examples = progress.loss_sum + loss, progress.examples + examples
        speed = words / max(1e-9, time.monotonic() - began)
        rate = self._model.learning_rate(epoch, stretch)
        return Step(progress.step, epoch + 1, loss / max(1, examples), None, rate, speed)
