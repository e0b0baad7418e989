"""Training as a generator of events: saves, validates, samples and stops between steps, goes on where a checkpoint ends."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from seqterm.backends.base import Array
from seqterm.errors import DataError, DivergedError, UsageError
from seqterm.events import Event, Finished, Note, Saved, Started, Step, Stopped, TrainingSample, Validation
from seqterm.store.run_folder import RunFolder
from seqterm.training.optimiser import Optimiser
from seqterm.training.schedule import learning_rate
from seqterm.training.settings import ReportSettings, UpdateSettings
from seqterm.training.update import Update

REPORTS = 2000  # step events in a whole training, at most
OPTIMISER, STATE = "optimiser", "carried.state"  # names of tensors in a checkpoint


@dataclass
class Progress:
    """Where training stands; stored in every checkpoint."""

    epochs: int
    steps: int  # of the whole training
    step: int = 0
    seconds: float = 0.0
    plateau_factor: float = 1.0
    best_loss: float | None = None
    best_step: int = 0
    validation_loss: float | None = None
    training_loss: float = 0.0
    worse_validations: int = 0
    loss_sum: float = 0.0  # since the last validation
    loss_steps: int = 0


@dataclass
class Recent:
    """Means over the steps since the last step event."""

    began: float
    loss: float = 0.0
    norm: float = 0.0
    tokens: int = 0
    steps: int = 0


@dataclass(frozen=True)
class Helpers:
    """What training is given by the floor above.

    `stop()`: a reason to stop now, or None.  `resume`: what a person types to go on.  `validate()`: nats a token on held-out
    text.  `sample()`: some text.
    """

    stop: Callable[[], str | None]
    resume: str
    validate: Callable[[], float] | None = None
    sample: Callable[[], str] | None = None


class Trainable(Protocol):
    """A model, as far as the loop knows it."""

    def tensors(self) -> dict[str, Array]: ...
    def load(self, tensors: dict[str, Array]) -> None: ...


class BatchSource(Protocol):
    """What an epoch is made of: so many windows."""

    windows: int

    def window(self, epoch: int, index: int) -> Any: ...


class Updates(Protocol):
    """What makes an update of the weights from a window, and carries a state to the next."""

    optimiser: Optimiser
    state: Array

    def update(self, batch: Any, rate: float, step: int, by_layer: bool) -> Update: ...

    def is_sound(self) -> bool:
        """Whether the weights, as the last update left them, can be saved."""
        ...


class Trainer:
    """Trains `model` on `batches`, recording into `folder`, which is locked; `started`, completed, is the first event."""

    def __init__(
        self,
        model: Trainable,
        updater: Updates,
        batches: BatchSource,
        folder: RunFolder,
        settings: UpdateSettings,
        reports: ReportSettings,
        helpers: Helpers,
        started: Started,
    ):
        self._model, self._folder, self._settings, self._reports, self._helpers = model, folder, settings, reports, helpers
        self._started = started
        self._batches = batches
        self.steps = settings.epochs * self._batches.windows
        self._updater = updater
        self._every = max(1, self.steps // REPORTS)
        self.progress = Progress(settings.epochs, self.steps)
        self._seconds_before = 0.0
        self._began = time.monotonic()

    # Checkpoints

    def restore(self, more: bool = False) -> None:
        """Take everything from the last checkpoint and drop what was logged after it; `more`: with new patience."""
        tensors, counters = self._folder.load_checkpoint("last")
        self._model.load(tensors)
        begin = f"{OPTIMISER}."
        self._updater.optimiser.load({n.removeprefix(begin): tensor for n, tensor in tensors.items() if n.startswith(begin)})
        self._updater.state = tensors[STATE].copy()
        try:
            self._folder.cut_logs(counters.pop("log_sizes"))
            self.progress = Progress(**{**counters, "epochs": self._settings.epochs, "steps": self.steps})
        except (KeyError, TypeError) as error:
            raise DataError(f"The last checkpoint of {self._folder.name} is damaged: {error}.") from error
        if self.progress.step > self.steps:
            raise UsageError(f"{self._folder.name} is past {self._settings.epochs} epochs: ask for more with --epochs.")
        if more:
            self.progress.worse_validations = 0
        self._seconds_before = self.progress.seconds

    def _save(self, best: bool = False, complete: bool = False) -> Saved:
        """Only what can still predict is saved: an update shows that it went astray no sooner than the next forward pass."""
        if self.progress.step and not self._updater.is_sound():
            raise self._diverged(self.progress.step, "the loss after the last update is not a finite number")
        self.progress.seconds = round(self._seconds(), 3)
        tensors = {**self._model.tensors(), STATE: self._updater.state}
        tensors |= {f"{OPTIMISER}.{name}": kept for name, kept in self._updater.optimiser.tensors().items()}
        counters = {**dataclasses.asdict(self.progress), "log_sizes": self._folder.log_sizes()}
        name = self._folder.save_checkpoint(self.progress.step, tensors, counters, best, complete)
        self._last_save = time.monotonic()
        return Saved(self.progress.step, f"checkpoints/{name}")

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    # The loop

    def train(self) -> Iterator[Event]:
        """Every event is recorded in the folder before it is given out."""
        for event in self._train():
            self._record(event)
            yield event

    def _record(self, event: Event) -> None:
        if not isinstance(event, Note):
            path = self._folder.samples_path if isinstance(event, TrainingSample) else self._folder.events_path
            self._folder.append(path, event, self._seconds())

    def _train(self) -> Iterator[Event]:
        progress, windows = self.progress, self._batches.windows
        yield dataclasses.replace(self._started, step=progress.step, steps=self.steps)
        if progress.step == 0:
            yield self._save()
        self._last_save = time.monotonic()
        recent = Recent(time.monotonic())
        while progress.step < self.steps and not self._out_of_patience():
            if reason := self._helpers.stop():
                yield self._save()
                yield Stopped(self._folder.name, progress.step, reason, self._helpers.resume)
                return
            epoch, window = divmod(progress.step, windows)
            rate = learning_rate(self._settings, progress.step, self.steps, epoch, progress.plateau_factor)
            reported = (progress.step + 1) % self._every == 0 or progress.step + 1 == self.steps
            update = self._updater.update(self._batches.window(epoch, window), rate, progress.step, reported)
            self._count(update, recent)
            if reported:
                yield self._report(recent, epoch + 1, rate, update.layer_norms)
                recent = Recent(time.monotonic())
            yield from self._between_steps(epoch + 1)
        if self._out_of_patience():
            yield Note(f"No better validation loss for {progress.worse_validations} validations: stopping early.")
        yield self._save(complete=True)
        yield self._finish()

    def _out_of_patience(self) -> bool:
        return self._settings.patience is not None and self.progress.worse_validations >= self._settings.patience

    def _diverged(self, step: int, what: str) -> DivergedError:
        kept = self._folder.read_state()["last"].split(".")[0]
        where = f"Training diverged at step {step}: {what}."
        return DivergedError(f"{where} The state of step {kept} is kept; train again with a lower --lr and another -o.")

    def _count(self, update: Update, recent: Recent) -> None:
        progress = self.progress
        if not update.finite:
            raise self._diverged(progress.step + 1, f"loss {update.loss:.4g}, gradient norm {update.norm:.4g}")
        progress.step += 1
        progress.loss_sum += update.loss
        progress.loss_steps += 1
        recent.loss, recent.norm = recent.loss + update.loss, recent.norm + update.norm
        recent.tokens, recent.steps = recent.tokens + update.tokens, recent.steps + 1

    def _report(self, recent: Recent, epoch: int, rate: float, layer_norms: dict[str, float]) -> Step:
        speed = recent.tokens / max(1e-9, time.monotonic() - recent.began)
        loss, norm = recent.loss / recent.steps, recent.norm / recent.steps
        return Step(self.progress.step, epoch, loss, norm, rate, speed, layer_norms)

    def _between_steps(self, epoch: int) -> Iterator[Event]:
        progress, settings = self.progress, self._settings
        epoch_ends = progress.step % self._batches.windows == 0
        validation_due = progress.step % settings.validate_every == 0 if settings.validate_every else epoch_ends
        validation_due = validation_due or progress.step == self.steps
        if validation_due:
            validation = self._validate(epoch)
            yield validation
        sample_due = progress.step % self._reports.sample_every == 0 if self._reports.sample_every else validation_due
        if sample_due and self._helpers.sample:
            yield TrainingSample(progress.step, self._helpers.sample())
        if validation_due:
            yield self._save(best=validation.best)
        elif time.monotonic() - self._last_save > self._reports.save_every:
            yield self._save()

    def _validate(self, epoch: int) -> Validation:
        progress = self.progress
        progress.training_loss = progress.loss_sum / max(1, progress.loss_steps)
        progress.loss_sum, progress.loss_steps = 0.0, 0
        if self._helpers.validate is None:
            return Validation(progress.step, epoch, progress.training_loss, None, False)
        loss = self._helpers.validate()
        if not math.isfinite(loss):
            raise self._diverged(progress.step, f"validation loss {loss:.4g}")
        progress.validation_loss = loss
        best = progress.best_loss is None or loss < progress.best_loss
        if best:
            progress.best_loss, progress.best_step, progress.worse_validations = loss, progress.step, 0
        else:
            progress.worse_validations += 1
            if progress.worse_validations % (self._settings.plateau_patience + 1) == 0:
                progress.plateau_factor *= self._settings.decay
        return Validation(progress.step, epoch, progress.training_loss, loss, best)

    def _finish(self) -> Finished:
        p = self.progress
        return Finished(self._folder.name, p.step, p.training_loss, p.validation_loss, p.best_loss, round(self._seconds(), 3))
