"""How a hidden Markov model comes to its trainer: the text or the series, the settings, the run's description."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

import seqterm
from seqterm.app.arguments import line, without_defaults_of
from seqterm.app.commands import Resume, TrainHmm
from seqterm.app.session import Session
from seqterm.app.stopping import stop_reason
from seqterm.app.training_text import TRAINING_IDS, VALIDATION_IDS, read_text, validation_of
from seqterm.backends.base import Array
from seqterm.datasets.series import read_series
from seqterm.errors import DataError, UsageError
from seqterm.events import Note, Started
from seqterm.models.hmm import Hmm, Sequences
from seqterm.models.hmm_settings import HmmSettings
from seqterm.options import from_json, pick, to_json
from seqterm.store.run_folder import RunFolder
from seqterm.text.stream import open_ids, sentence_bounds
from seqterm.text.vocabulary import START, Ids, Vocabulary
from seqterm.training.expectation import ExpectationTrainer
from seqterm.training.expectation_settings import ExpectationSettings

SERIES = "series.bin"  # rows of float64, those to train on first
OF_TEXT = ("tokens", "sentences", "vocab_size", "min_count", "lowercase")  # options that say nothing to a series


def prepare(command: TrainHmm, folder: RunFolder, session: Session, began: float) -> tuple[ExpectationTrainer, list[Note]]:
    """Read the text or the series, build the model, write what the run is."""
    settings: HmmSettings = pick(HmmSettings, command)
    vocabulary: Vocabulary | None = None
    notes: list[Note] = []
    if settings.emission == "gaussian":
        command = without_defaults_of(command, OF_TEXT)
        settings, source = _read_series(command, settings, folder)
    elif settings.column:
        raise UsageError("--column needs --emission gaussian: a text has no columns.")
    else:
        vocabulary, source, notes = read_text(command, folder, None)
    model = Hmm.of(settings, vocabulary, session.backend)
    training = pick(ExpectationSettings, command)
    config = {
        "seqterm": seqterm.__version__,
        "command": line(command),
        "model": command.model,
        "model_settings": to_json(settings),
        "parameters": sum(tensor.size for tensor in model.tensors().values()),
        "one_sentence": vocabulary is not None and vocabulary.has_marks,
        "corpus": source,
        "training": to_json(training),
        "keep_checkpoints": command.keep_checkpoints,
    }
    trainer = _trainer(folder, config, training, vocabulary, model, session, began, command.time_limit)
    folder.write_description(config, vocabulary.to_json() if vocabulary else None)
    return trainer, notes


def reopen(
    command: Resume,
    folder: RunFolder,
    config: dict[str, Any],
    vocabulary: Vocabulary | None,
    model: Hmm,
    session: Session,
    began: float,
) -> ExpectationTrainer:
    """The trainer of a run, at its last checkpoint; of a complete one that shall do more iterations, at its best."""
    state = folder.read_state()
    try:
        settings = from_json(ExpectationSettings, config["training"])
    except (KeyError, UsageError) as error:
        raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error
    done = state["counters"].get("epochs", settings.epochs)
    epochs = command.epochs or done
    if state["complete"] and epochs <= done:
        raise UsageError(f"{folder.name} is complete after {done} iterations at most: ask for more with --epochs.")
    settings = dataclasses.replace(settings, epochs=epochs)
    trainer = _trainer(folder, config, settings, vocabulary, model, session, began, command.time_limit)
    trainer.restore(more=state["complete"])
    return trainer


def _trainer(
    folder: RunFolder,
    config: dict[str, Any],
    settings: ExpectationSettings,
    vocabulary: Vocabulary | None,
    model: Hmm,
    session: Session,
    began: float,
    time_limit: float | None,
) -> ExpectationTrainer:
    folder.keep = config.get("keep_checkpoints", 0)
    training, held_out = _read_back(folder, config["corpus"], vocabulary, model)
    n, n_held_out = len(training.observations), len(held_out.observations)
    if model.settings.states > n:
        raise DataError(f"There are {model.settings.states} states for {n} tokens to train on: lower --states, or add text.")
    model.prepare(training)
    started = Started(
        run=folder.name,
        model=config["model"],
        parameters=config["parameters"],
        vocabulary_size=len(vocabulary or model.settings.column),
        training_tokens=n,
        validation_tokens=n_held_out,
        epochs=settings.epochs,
        step=0,
        steps=0,
        unit=model.unit,
    )
    validate = (lambda: -model.expect(held_out).log_likelihood / n_held_out) if n_held_out else None
    stop = stop_reason(folder, session, began, time_limit)
    return ExpectationTrainer(model, folder, settings, stop, validate, started, line(Resume(run=folder.name)))


def _read_back(
    folder: RunFolder, source: dict[str, Any], vocabulary: Vocabulary | None, model: Hmm
) -> tuple[Sequences, Sequences]:
    """What the run's own files hold to train on, and what is held out."""
    if vocabulary is None:
        return _series(folder.path / SERIES, source, len(model.settings.column))
    ids = open_ids(folder.path / TRAINING_IDS, vocabulary, source["written_tokens"])
    held_out = ids[source["training_tokens"] :]
    if source["separate_validation"]:
        held_out = open_ids(folder.path / VALIDATION_IDS, vocabulary, source["validation_tokens"])
    return _sentences(ids[: source["training_tokens"]], vocabulary), _sentences(held_out, vocabulary)


def _sentences(ids: Ids, vocabulary: Vocabulary) -> Sequences:
    """Each sentence a sequence, without its start mark, which no state emits; without marks one sequence."""
    if not vocabulary.has_marks:
        return Sequences(np.array(ids, np.int32), np.array([0, len(ids)]))
    start = vocabulary.special[START]
    bounds = sentence_bounds(ids, start)
    return Sequences(np.array(ids[ids != start], np.int32), bounds - np.arange(len(bounds)))


# Series of numbers


def _read_series(command: TrainHmm, settings: HmmSettings, folder: RunFolder) -> tuple[HmmSettings, dict[str, Any]]:
    """The settings with the columns' names, and the description of what was written into the run folder: each file a sequence."""
    for name in OF_TEXT:
        if name in command.given:
            raise UsageError(f"--{name.replace('_', '-')} is for text: leave it out with --emission gaussian.")
    held_out = validation_of(command.validation)
    first = read_series(command.corpus[0], settings.column)
    columns = tuple(first.names)
    each = [first.values, *(read_series(file, columns).values for file in command.corpus[1:])]
    bounds = np.cumsum([0, *map(len, each)])
    cut = bounds[-1] if isinstance(held_out, Path) else int(bounds[-1] * (1 - held_out))
    if isinstance(held_out, Path):
        each.append(read_series(str(held_out), columns).values)
        bounds = np.append(bounds, cut + len(each[-1]))
    values = np.concatenate(each)
    for name, spread in zip(columns, values[:cut].var(axis=0) if cut else [], strict=False):
        if not spread > 0:
            raise DataError(f"Column {name!r} has the same number in every row to train on: there is nothing to learn from.")
    values.astype(np.float64).tofile(folder.path / SERIES)
    return dataclasses.replace(settings, column=columns), {
        "sources": list(command.corpus),
        "bounds": bounds.tolist(),
        "training_tokens": int(cut),
        "validation_tokens": int(bounds[-1] - cut),
        "validation": str(held_out),
    }


def _series(path: Path, source: dict[str, Any], n_columns: int) -> tuple[Sequences, Sequences]:
    bounds, cut = np.array(source["bounds"]), source["training_tokens"]
    try:
        values = np.fromfile(path)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}; the run cannot go on without it.") from error
    if values.size != bounds[-1] * n_columns:
        raise DataError(
            f"{path} holds {values.size} numbers where {bounds[-1] * n_columns} were written: it was changed or cut off."
        )
    values = values.reshape(-1, n_columns)
    return _part(values, bounds, 0, cut), _part(values, bounds, cut, int(bounds[-1]))


def _part(values: Array, bounds: Array, first: int, end: int) -> Sequences:
    """Rows first..end, cut where sequences are."""
    inside = bounds[(bounds > first) & (bounds < end)]
    return Sequences(values[first:end], np.array([first, *inside, end]) - first)
