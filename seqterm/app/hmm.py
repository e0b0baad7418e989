"""The commands on hidden Markov models: ShowHmm, DecodeHmm."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from seqterm.app.commands import DecodeHmm, ShowHmm
from seqterm.app.lines import read_lines
from seqterm.app.loaded import read_model
from seqterm.app.session import Session
from seqterm.backends.base import Array
from seqterm.datasets.series import read_series
from seqterm.errors import UsageError
from seqterm.events import Decoded, Event, HiddenState, Note, Transitions, Trellis
from seqterm.models.gaussian_hmm import GaussianHmm
from seqterm.models.hmm import Hmm
from seqterm.store.home import existing_run
from seqterm.store.run_folder import RunFolder
from seqterm.text.tokens import from_person, sentences, split
from seqterm.text.vocabulary import END, Vocabulary


def load_hmm(run: str, session: Session) -> tuple[Any, Vocabulary | None]:
    """The model of a run, of the best likelihood; the vocabulary is None where it emits numbers."""
    folder = RunFolder(existing_run(run))
    config, vocabulary, model = read_model(folder, session.backend)
    if not isinstance(model, Hmm):
        raise UsageError(f"{run} is a run of {config['model']}, not a hidden Markov model: make one with `seqterm train hmm`.")
    model.load(folder.load_checkpoint("best")[0])
    return model, vocabulary


def show(command: ShowHmm, session: Session) -> Iterator[Event]:
    """How states follow one another, then what each emits."""
    model, vocabulary = load_hmm(command.run, session)
    yield Transitions(model.initial.tolist(), model.transition.tolist())
    for state in range(model.settings.states):
        if vocabulary is None:
            sd = np.sqrt(model.variance[state]).tolist()
            yield HiddenState(state, [], list(zip(model.settings.column, model.mean[state].tolist(), sd, strict=True)))
        else:
            p = model.emission[state]
            order = np.argsort(-p, kind="stable")[: command.top]
            yield HiddenState(state, [(vocabulary.tokens[i], float(p[i])) for i in order if p[i] > 0], [])


def decode(command: DecodeHmm, session: Session) -> Iterator[Event]:
    """The states of every line, or of every row."""
    model, vocabulary = load_hmm(command.run, session)
    if vocabulary is None:
        yield from _decode_series(model, command)
        return
    unknown = 0
    for number, text in enumerate(read_lines(command.source), 1):
        tokens: list[str] = []
        states: list[int] = []
        probabilities: list[list[float]] = []
        for part in _parts(vocabulary, text):
            ids = vocabulary.encode_part(part).astype(np.int32)
            path, p = _states(model, _ended(vocabulary, ids), command)
            tokens += split(part, vocabulary.form.kind)
            states += path[: len(ids)].tolist()
            probabilities += p[: len(ids)].tolist()
            unknown += int(np.count_nonzero(ids < 0))
        yield _found(command, number, tokens, {}, states, probabilities)
    if unknown:
        yield Note(f"{unknown} tokens that the model has never seen say nothing of their states.")


def _parts(vocabulary: Vocabulary, text: str) -> list[str]:
    """The sequences of a line: itself, or its sentences."""
    text = from_person(text.removesuffix("\r").removeprefix("\ufeff"), vocabulary.form)
    return sentences(text, vocabulary.form) if vocabulary.form.sentences == "punctuation" else [text]


def _ended(vocabulary: Vocabulary, ids: Array) -> Array:
    """With the mark of a sentence's end, which a state emits too."""
    return np.append(ids, np.int32(vocabulary.special[END])) if vocabulary.has_marks else ids


def _states(model: Hmm, observations: Array, command: DecodeHmm) -> tuple[Array, Array]:
    """(T,) states, and, where they are asked for, the probabilities (T, K) of all."""
    if not (command.posterior or command.trellis):
        return model.viterbi(observations), np.zeros((len(observations), 0))
    _, smoothed = model.posteriors(observations)
    return smoothed.argmax(axis=1) if command.posterior else model.viterbi(observations), smoothed


def _decode_series(model: GaussianHmm, command: DecodeHmm) -> Iterator[Event]:
    """All rows are one sequence."""
    values = np.ascontiguousarray(read_series(command.source, model.settings.column).values)
    states, probabilities = (found.tolist() for found in _states(model, values, command))
    if command.trellis:
        series = dict(zip(model.settings.column, values.T.tolist(), strict=True))
        yield _found(command, 1, [], series, states, probabilities)
        return
    for row, state in enumerate(states):
        yield _found(command, row + 1, [], {}, [state], [probabilities[row]])


def _found(
    command: DecodeHmm,
    line: int,
    tokens: list[str],
    series: dict[str, list[float]],
    states: list[int],
    probabilities: list[list[float]],
) -> Event:
    """states (T,), probabilities (T, K)."""
    if command.trellis:
        return Trellis(line, tokens, series, states, probabilities)
    return Decoded(line, tokens, states, [max(row) for row in probabilities] if command.posterior else None)
