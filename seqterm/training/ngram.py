"""Training of n-gram models: count, estimate, save.  It is done in one go, and either whole or not at all."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from seqterm.backends.base import Array
from seqterm.errors import SeqtermError
from seqterm.events import Event, Finished, NgramOrder, Note, Progress, Saved, Started, Validation
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_counts import Counting, Room
from seqterm.models.ngram_smoothing import Smoothing
from seqterm.store.run_folder import RunFolder


@dataclass(frozen=True)
class Corpus:
    """ids (T,), and the numbers of the words that end sentences (-1: none does) and that stand for unknown ones."""

    ids: Array
    end: int
    unknown: int


class NgramTrainer:
    """Trains `model` into `folder`, which is locked.

    `describe(n)` writes what the run is, n being how many n-grams it has; `stop()` is a reason to give up, or None;
    `validate()`: nats a token on held-out text.
    """

    def __init__(
        self,
        model: NgramModel,
        corpus: Corpus,
        prune: tuple[int, ...],
        memory: int,
        folder: RunFolder,
        started: Started,
        describe: Callable[[int], None],
        stop: Callable[[], str | None],
        validate: Callable[[], float] | None,
    ):
        self._model, self._corpus, self._prune, self._memory, self._folder = model, corpus, prune, memory, folder
        self._started, self._describe, self._stop, self._validate = started, describe, stop, validate
        self._began = time.monotonic()

    def train(self) -> Iterator[Event]:
        """Every event but progress is recorded in the folder before it is given out."""
        for event in self._train():
            if not isinstance(event, Note | Progress):
                self._folder.append(self._folder.events_path, event, time.monotonic() - self._began)
            yield event

    def _train(self) -> Iterator[Event]:
        model, corpus = self._model, self._corpus
        order, n_words, host = model.settings.order, model.vocabulary_size, model.backend.host
        with Room(self._memory, self._folder.path) as room:
            counting = Counting(corpus.ids, n_words, order, corpus.end, room, host)
            for share in counting.steps():
                self._give_up_if_asked()
                yield Progress(round(share * len(corpus.ids)), len(corpus.ids))
            smoothing = Smoothing(counting.trie(), model.settings, self._prune, room, host)
            estimate = smoothing.estimate(-1 if model.start_token is None else model.start_token, corpus.unknown)
            self._give_up_if_asked()
            model.take(estimate)
            n_ngrams = sum(model.sizes)
            self._describe(n_ngrams)
            yield replace(self._started, parameters=n_ngrams)
            orders = smoothing.orders(estimate)
            yield from orders
            validation = Validation(1, 1, None, self._validate() if self._validate else None, self._validate is not None)
            yield validation
            yield self._save(orders, validation.validation_loss)
        seconds = round(time.monotonic() - self._began, 3)
        yield Finished(self._folder.name, 1, None, validation.validation_loss, validation.validation_loss, seconds)

    def _give_up_if_asked(self) -> None:
        reason = self._stop()
        if reason == "interrupted":
            raise KeyboardInterrupt
        if reason:
            raise SeqtermError(f"Stopped before all n-grams were counted ({reason}): nothing is kept.")

    def _save(self, orders: list[NgramOrder], loss: float | None) -> Saved:
        counters: dict[str, Any] = {
            "step": 1,
            "steps": 1,
            "best_loss": loss,
            "seconds": round(time.monotonic() - self._began, 3),
            **self._model.figures(),
            "discounts": [[round(value, 6) for value in event.discounts] for event in orders],
        }
        counters["log_sizes"] = self._folder.log_sizes()
        name = self._folder.save_checkpoint(1, self._model.tensors(), counters, best=True, complete=True)
        return Saved(1, f"checkpoints/{name}")
