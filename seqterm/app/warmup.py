"""The command Warmup: every kernel runs once on a tiny problem."""

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from seqterm.app.commands import Warmup
from seqterm.app.forecast_warmup import exercise_forecaster
from seqterm.app.session import Session
from seqterm.evaluation.perplexity import score_stream
from seqterm.evaluation.word_space import WordSpace
from seqterm.events import Event, Note
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.recurrent import RecurrentModel
from seqterm.sampling.generate import generate
from seqterm.sampling.settings import WEIGHTS, SamplingSettings
from seqterm.text.format import TextFormat
from seqterm.text.stream import Batch
from seqterm.text.vocabulary import Vocabulary
from seqterm.training.optimiser import RULES
from seqterm.training.settings import TrainingSettings, VectorTrainingSettings
from seqterm.training.update import Updater

VARIANTS: dict[str, list[dict[str, Any]]] = {"gru": [{"reset": "after"}, {"reset": "before"}]}


def warmup(command: Warmup, session: Session) -> Iterator[Event]:
    """One note for each model."""
    for name in CATALOGUE:
        yield Note(f"Compiling {name} ...")
        EXERCISES[CATALOGUE[name].family](name, session)
    yield Note("Every kernel is compiled and kept.")


def _network(name: str, session: Session) -> None:
    for variant in VARIANTS.get(name, [{}]):
        settings = resolve(CATALOGUE[name].settings)(hidden=4, layers=2, embedding=4, dropout=0.5, **variant)
        for changes in ({}, {"tied": True}, {"input": "onehot"}):
            _exercise(dataclasses.replace(settings, **changes), session)


def exercise_vectors(name: str, session: Session) -> None:
    """Train both ways, and ask."""
    ids = np.array([0, 1, 0], np.int32)
    ids.flags.writeable = False  # as those of a mapped file
    for deterministic in (False, True):
        model = resolve(CATALOGUE[name].model)(resolve(CATALOGUE[name].settings)(dim=4), ["a", "b"], [2, 1], session.backend)
        model.initialise(np.random.default_rng(1))
        model.prepare(
            ids,
            VectorTrainingSettings(deterministic=deterministic, threads=1),
            Path(tempfile.gettempdir()),
        )
        model.train_stretch(0, 0)
    space = WordSpace(model.words, model.vectors(), session.backend)
    space.neighbours(model.vectors(), 1, "euclid")
    space.analogy(np.zeros((1, 3), np.int64), 1)


def _exercise(settings: Any, session: Session) -> None:
    """Train, validate and sample."""
    vocabulary = Vocabulary(TextFormat(), ["a", "b"], [2, 1])
    model = RecurrentModel(settings, vocabulary.log_frequencies(), session.backend)
    ids = np.zeros((3, 2), np.int64)
    batch = Batch(ids, ids, np.array([3, 3]), first=True)
    for optimizer, momentum in [*((name, 0.0) for name in RULES), ("sgd", 0.9)]:
        training = TrainingSettings(optimizer=optimizer, momentum=momentum, batch=2, steps=3, threads=2)
        Updater(model, training).update(batch, 0.1, 0)
    score_stream(model, np.zeros(3, np.uint8))
    for weights in WEIGHTS:
        for _ in generate(model, vocabulary, "ab", SamplingSettings(length=2, weights=weights), 1, session.backend):
            pass


EXERCISES: dict[str, Callable[[str, Session], None]] = {
    "network": _network,
    "vectors": exercise_vectors,
    "forecast": exercise_forecaster,
}
