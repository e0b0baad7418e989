"""The command Warmup: every kernel runs once on a tiny problem."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from seqterm.app.commands import Warmup
from seqterm.app.forecast_warmup import exercise_forecaster
from seqterm.app.session import Session
from seqterm.evaluation.lines import score_lines
from seqterm.evaluation.perplexity import score_stream
from seqterm.evaluation.word_space import WordSpace
from seqterm.events import Event, Note
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.categorical_hmm import CategoricalHmm
from seqterm.models.hmm import Hmm, Sequences
from seqterm.models.hmm_settings import HmmSettings
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_counts import Counting, Room
from seqterm.models.ngram_settings import NgramSettings
from seqterm.models.ngram_smoothing import Smoothing
from seqterm.sampling.generate import generate
from seqterm.sampling.settings import WEIGHTS, SamplingSettings
from seqterm.text.format import TextFormat
from seqterm.text.stream import Batch
from seqterm.text.vocabulary import UNKNOWN, Vocabulary
from seqterm.training.optimiser import RULES
from seqterm.training.settings import TrainingSettings, VectorTrainingSettings
from seqterm.training.update import Updater

RECURRENT: list[dict[str, Any]] = [{"layers": 2, "dropout": 0.5, **form} for form in ({}, {"tied": True}, {"input": "onehot"})]
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "elman": RECURRENT,
    "lstm": RECURRENT,
    "gru": [{**variant, "reset": reset} for reset in ("after", "before") for variant in RECURRENT],
    "nnlm": [{}, {"tied": True}, {"direct": True}],
}


def warmup(command: Warmup, session: Session) -> Iterator[Event]:
    """One note for each model."""
    for name in CATALOGUE:
        yield Note(f"Compiling {name} ...")
        EXERCISES[CATALOGUE[name].family](name, session)
    yield Note("Every kernel is compiled and kept.")


def _network(name: str, session: Session) -> None:
    for variant in VARIANTS[name]:
        settings = resolve(CATALOGUE[name].settings)(hidden=4, embedding=4, **variant)
        _exercise(resolve(CATALOGUE[name].model), settings, session)


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


def _exercise(model_class: Any, settings: Any, session: Session) -> None:
    """Train, validate and sample."""
    vocabulary = Vocabulary(TextFormat(), ["a", "b"], [2, 1])
    model = model_class.of(settings, vocabulary, session.backend)
    ids = np.zeros((3, 2), np.int64)
    batch = Batch(ids, ids, np.array([3, 3]), first=True)
    for optimizer, momentum in [*((name, 0.0) for name in RULES), ("sgd", 0.9)]:
        training = TrainingSettings(optimizer=optimizer, momentum=momentum, batch=2, steps=3, threads=2)
        Updater(model, training).update(batch, 0.1, 0)
    score_stream(model, np.zeros(3, np.uint8))
    for weights in WEIGHTS:
        for _ in generate(model, vocabulary, "ab", SamplingSettings(length=2, weights=weights), 1, session.backend, choices=1):
            pass


def exercise_hmm(name: str, session: Session) -> None:
    """Learn from tokens and from numbers, find states; score and sample."""
    vocabulary, bounds = Vocabulary(TextFormat(), ["a", "b"], [2, 1]), np.array([0, 2])
    settings = HmmSettings(states=2), HmmSettings(states=2, emission="gaussian", column=("x",))
    for one, observations in zip(settings, (np.array([0, 1], np.int32), np.array([[0.0], [1.0]])), strict=True):
        model = Hmm.of(one, vocabulary, session.backend)
        model.prepare(Sequences(observations, bounds))
        model.expect()
        model.viterbi(observations)
        model.posteriors(observations)
    language = CategoricalHmm.of(settings[0], vocabulary, session.backend)
    score_stream(language, np.zeros(3, np.uint8))
    for _ in generate(language, vocabulary, "ab", SamplingSettings(length=2), 1, session.backend, choices=1):
        pass


def exercise_ngram(name: str, session: Session) -> None:
    """Count over ids of each size, estimate in every way; score and sample."""
    vocabulary = Vocabulary(TextFormat(), [UNKNOWN, "a", "b"], [0, 2, 1], [UNKNOWN])
    for dtype, smoothing in ((np.uint8, "kneser-ney"), (np.uint16, "katz"), (np.uint32, "add-k")):
        ids = np.array([1, 2, 1, 1], dtype)
        ids.flags.writeable = False  # as those of a mapped file
        model = NgramModel.of(NgramSettings(order=2, smoothing=smoothing), vocabulary, session.backend)
        with Room(1 << 20, None) as room:
            counting = Counting(ids, 3, 2, -1, room, session.backend)
            for _ in counting.steps():
                pass
            model.take(Smoothing(counting.trie(), model.settings, (0, 1), room, session.backend).estimate(-1, 0))
    score_stream(model, ids)
    for _ in generate(model, vocabulary, "ab", SamplingSettings(length=2), 1, session.backend, choices=1):
        pass
    list(score_lines(model, Vocabulary(TextFormat("space"), [UNKNOWN, "a", "b"], [0, 2, 1], [UNKNOWN]), ["a b"]))


EXERCISES: dict[str, Callable[[str, Session], None]] = {
    "network": _network,
    "ngram": exercise_ngram,
    "vectors": exercise_vectors,
    "hmm": exercise_hmm,
    "forecast": exercise_forecaster,
}
