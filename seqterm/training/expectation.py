"""Training by expectation and maximisation: restarts of iterations, with events and checkpoints."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from seqterm.errors import DivergedError
from seqterm.events import Event, Finished, Note, Saved, Started, Step, Stopped, Validation
from seqterm.models.hmm import Expected, Hmm, criteria
from seqterm.store.run_folder import RunFolder
from seqterm.training.expectation_settings import ExpectationSettings

INITIALISE, RESEED = 3, 6  # the purposes of a random key, to which restart or step are added


@dataclass
class Progress:
    """How far training has come; all of it is in every checkpoint.  `loss` is that of the parameters as they are; the kept
    ones have `best_training_loss` and, on held-out text, `best_loss`."""

    epochs: int
    steps: int
    step: int = 0
    restart: int = 0
    iteration: int = 0
    reseeded: int = 0
    converged: bool = False
    loss: float = math.inf
    best_training_loss: float = math.inf
    best_loss: float | None = None
    seconds: float = 0.0


class ExpectationTrainer:
    """Trains `model`, which is prepared, into `folder`, which is locked.  `stop()` is asked between two iterations.

    An iteration chooses parameters by what was expected under those before, then finds what is expected under them: the loss of
    an iteration is that of the parameters that it leaves.
    """

    def __init__(
        self,
        model: Hmm,
        folder: RunFolder,
        settings: ExpectationSettings,
        stop: Callable[[], str | None],
        validate: Callable[[], float] | None,
        started: Started,
        resume: str,
    ):
        self._model, self._folder, self._settings, self._stop, self._validate = model, folder, settings, stop, validate
        self._started, self._resume = started, resume
        self.progress = Progress(settings.epochs, settings.epochs * settings.restarts)
        self._seconds_before, self._began = 0.0, time.monotonic()
        self._validation_loss: float | None = None

    def restore(self, more: bool) -> None:
        """Take everything from the last checkpoint, or, to do `more` iterations of what was complete, from the best; drop what
        was logged after the last."""
        tensors, counters = self._folder.load_checkpoint("last")
        sizes = counters.pop("log_sizes")
        own = {name: counters[name] for name in asdict(self.progress)}
        if more:
            tensors, best = self._folder.load_checkpoint("best")
            own |= {name: best[name] for name in ("iteration", "reseeded", "loss")}
            own |= {"restart": self._settings.restarts - 1, "converged": False}
        self._model.load(tensors)
        self._folder.cut_logs(sizes)
        self.progress = Progress(**own)
        left = self._settings.epochs * (self._settings.restarts - self.progress.restart) - self.progress.iteration
        self.progress.epochs, self.progress.steps = self._settings.epochs, self.progress.step + left
        self._seconds_before, self._saved = self.progress.seconds, self.progress.step

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    def _random(self, purpose: int, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self._settings.seed, purpose + (number << 8)]))

    def _save(self, complete: bool = False) -> Saved:
        progress, best = self.progress, self._is_best()
        if best:
            progress.best_training_loss, progress.best_loss = progress.loss, self._validation_loss
        progress.seconds = round(self._seconds(), 3)
        counters = {**asdict(progress), **self.criteria(), "log_sizes": self._folder.log_sizes()}
        name = self._folder.save_checkpoint(progress.step, self._model.tensors(), counters, best, complete)
        self._last_save, self._saved = time.monotonic(), progress.step
        return Saved(progress.step, f"checkpoints/{name}")

    def _is_best(self) -> bool:
        return self.progress.loss <= self.progress.best_training_loss

    def criteria(self) -> dict[str, float]:
        """Of the parameters that are kept, on the training text."""
        n = self._started.training_tokens
        return criteria(-self.progress.best_training_loss * n, self._model.free_parameters, n)

    def train(self) -> Iterator[Event]:
        """Every event is recorded in the folder before it is given out."""
        for event in self._train():
            if not isinstance(event, Note):
                self._folder.append(self._folder.events_path, event, self._seconds())
            yield event

    def _train(self) -> Iterator[Event]:
        progress, settings = self.progress, self._settings
        yield replace(self._started, step=progress.step, steps=progress.steps)
        if progress.step == 0:
            self._model.initialise(self._random(INITIALISE, 0))
        self._expected = self._expect()
        self._validation_loss = self._validate() if self._validate else None
        if progress.step == 0:
            yield self._save()
        self._last_save = time.monotonic()
        while True:
            if progress.converged or progress.iteration >= settings.epochs:
                yield from self._end_restart()
                if progress.restart + 1 == settings.restarts:
                    break
                self._begin_restart()
            if reason := self._stop():
                if progress.step != self._saved:  # else the parameters of that step are on the disk, and others may be here
                    yield self._save()
                yield Stopped(self._folder.name, progress.step, reason, self._resume)
                return
            yield from self._iterate()
            if self._folder.keep or time.monotonic() - self._last_save > settings.save_every:
                yield self._save()
        progress.steps = progress.step
        yield self._save(complete=True)
        yield Note(
            "Log-likelihood {log_likelihood:,.2f}; {free_parameters:,} free parameters; AIC {aic:,.1f}; BIC {bic:,.1f}.".format(
                **self.criteria()
            )
        )
        seconds = round(self._seconds(), 3)
        held_out = progress.best_loss
        yield Finished(self._folder.name, progress.step, progress.best_training_loss, held_out, held_out, seconds)

    def _begin_restart(self) -> None:
        progress = self.progress
        progress.restart, progress.iteration, progress.reseeded, progress.converged = progress.restart + 1, 0, 0, False
        self._model.initialise(self._random(INITIALISE, progress.restart))
        self._expected = self._expect()

    def _end_restart(self) -> Iterator[Event]:
        progress, settings = self.progress, self._settings
        if self._is_best() and progress.restart + 1 < settings.restarts:
            yield self._save()
        how = "converged" if progress.converged else "ended"
        of = f"Restart {progress.restart + 1} of {settings.restarts}" if settings.restarts > 1 else "Training"
        yield Note(f"{of} {how} after {progress.iteration:,} iterations: {progress.loss:.4f} {self._model.unit}.")

    def _expect(self) -> Expected:
        """Under the parameters as they are, whose loss is noted."""
        expected = self._model.expect()
        self.progress.loss = -expected.log_likelihood / self._started.training_tokens
        return expected

    def _iterate(self) -> Iterator[Event]:
        progress, began, before = self.progress, time.monotonic(), self.progress.loss
        self._model.maximise(self._expected, self._settings)
        revived = yield from self._revive()
        self._expected = self._expect()
        if not math.isfinite(progress.loss):
            kept = self._folder.read_state()["last"].split(".")[0]
            raise DivergedError(
                f"Training diverged at step {progress.step + 1}: what is learned from became impossible under the model.  The "
                f"state of step {kept} is kept; train again with a greater --prior-emission and another -o."
            )
        progress.step, progress.iteration = progress.step + 1, progress.iteration + 1
        progress.converged = not revived and before - progress.loss < self._settings.tolerance
        speed = self._started.training_tokens / max(1e-9, time.monotonic() - began)
        yield Step(progress.step, progress.iteration, progress.loss, None, None, speed)
        self._validation_loss = self._validate() if self._validate else None
        yield Validation(progress.step, progress.iteration, progress.loss, self._validation_loss, self._is_best())

    def _revive(self) -> Generator[Event, None, bool]:
        """Draw dead states anew, in a restart as many as there are states at most; -> whether there were any."""
        progress = self.progress
        dead = self._model.dead(self._expected)[: self._model.settings.states - progress.reseeded]
        if not len(dead):
            return False
        progress.reseeded += len(dead)
        self._model.reseed(dead, self._random(RESEED, progress.step))
        numbers = ", ".join(map(str, dead[:5])) + (", ..." if len(dead) > 5 else "")
        yield Note(f"Iteration {progress.iteration + 1}: hardly anything visits state {numbers}; drawn anew.")
        return True
