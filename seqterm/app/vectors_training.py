"""How word vectors come to their trainer: the words of a text, the settings, the run's description."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

import seqterm
from seqterm.app.arguments import line
from seqterm.app.commands import Resume
from seqterm.app.commands.training import TrainVectors
from seqterm.app.session import Session
from seqterm.app.stopping import stop_reason
from seqterm.app.training_text import SPOOL, TRAINING_IDS
from seqterm.backends.base import Backend
from seqterm.errors import DataError, UnsuitedDeviceError, UsageError
from seqterm.events import Note, Started
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.glove_settings import parse_size
from seqterm.options import from_json, pick, to_json
from seqterm.store.home import fetched_folder
from seqterm.store.run_folder import RunFolder
from seqterm.text import corpus, tokens
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import Vocabulary
from seqterm.text.words import count_words, open_words, write_words
from seqterm.training.settings import VectorTrainingSettings
from seqterm.training.vectors import VectorTrainer

INITIALISE = 3  # the purpose of a random key


def prepare(command: TrainVectors, folder: RunFolder, session: Session, began: float) -> tuple[VectorTrainer, list[Note]]:
    """Read the text, build the model, write what the run is."""
    settings = pick(resolve(CATALOGUE[command.model].settings), command)
    training = pick(VectorTrainingSettings, command)
    _check(settings)
    _check_device(settings, training, session.backend)
    vocabulary, text = _read_text(command, folder)
    model = resolve(CATALOGUE[command.model].model).of(settings, vocabulary, session.backend)
    model.initialise(np.random.Generator(np.random.Philox(key=[command.seed, INITIALISE])))
    training = dataclasses.replace(training, threads=training.threads or session.backend.host.threads)
    config = {
        "seqterm": seqterm.__version__,
        "command": line(command),
        "model": command.model,
        "model_settings": to_json(settings),
        "parameters": sum(tensor.size for name, tensor in model.tensors().items() if not name.startswith("squares.")),
        "vocabulary_size": len(vocabulary),
        "corpus": text,
        "training": to_json(training),
    }
    trainer = _trainer(folder, config, training, model, session, began, command.time_limit)
    folder.write_description(config, vocabulary.to_json())
    left_out = text["text_words"] - text["training_tokens"]
    why = f"too rare and left out (--min-count {command.min_count})"
    if command.vocab_size:
        why = f"left out (--min-count {command.min_count}, --vocab-size {command.vocab_size})"
    rare = f"{left_out:,} of {text['text_words']:,} words are {why}."
    return trainer, [Note(rare)] if left_out else []


def reopen(
    command: Resume,
    folder: RunFolder,
    config: dict[str, Any],
    vocabulary: Vocabulary,
    model: Any,
    session: Session,
    began: float,
) -> VectorTrainer:
    """The trainer of a run, at its last checkpoint."""
    try:
        settings = from_json(VectorTrainingSettings, config["training"])
    except (KeyError, UsageError) as error:
        raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error
    if command.epochs is not None and command.epochs != settings.epochs:
        raise UsageError(
            f"{folder.name} was begun for {settings.epochs} epochs, to which its learning rate falls: leave --epochs out."
        )
    if folder.read_state()["complete"]:
        raise UsageError(f"{folder.name} is complete after {settings.epochs} epochs.")
    _check_device(model.settings, settings, model.backend)
    trainer = _trainer(folder, config, settings, model, session, began, command.time_limit)
    trainer.restore()
    return trainer


def _check(settings: Any) -> None:
    shortest, longest = getattr(settings, "min_ngram", 0), getattr(settings, "max_ngram", 0)
    if shortest > longest:
        raise UsageError(f"--min-ngram {shortest} is more than --max-ngram {longest}: raise --max-ngram.")
    if hasattr(settings, "memory"):
        parse_size(settings.memory)


def _check_device(settings: Any, training: VectorTrainingSettings, backend: Backend) -> None:
    """UnsuitedDeviceError for what the processor alone does."""
    if backend.on_host:
        return
    if settings.loss == "softmax":
        raise UnsuitedDeviceError("No GPU trains with --loss softmax: choose another loss, or --device cpu.")
    if training.deterministic:
        raise UnsuitedDeviceError("On a GPU no training of word vectors is --deterministic: leave that out, or use --device cpu.")


def _read_text(command: TrainVectors, folder: RunFolder) -> tuple[Vocabulary, dict[str, Any]]:
    """The vocabulary, a file of ids in the run folder, and its description for config.json."""
    form = TextFormat(command.tokens, command.sentences, command.lowercase)
    spool: Path = folder.path / SPOOL
    paths = corpus.find(command.corpus, spool, fetched_folder())
    vocabulary = count_words(tokens.read(paths, form), form, command.vocab_size, command.min_count)
    read, written = write_words(tokens.read(paths, form), form, vocabulary, folder.path / TRAINING_IDS)
    spool.unlink(missing_ok=True)
    description = {
        "sources": list(command.corpus),
        **dataclasses.asdict(form),
        "text_words": read,
        "training_tokens": written,
        "validation_tokens": 0,
    }
    return vocabulary, description


def _trainer(
    folder: RunFolder,
    config: dict[str, Any],
    settings: VectorTrainingSettings,
    model: Any,
    session: Session,
    began: float,
    time_limit: float | None,
) -> VectorTrainer:
    text = config["corpus"]
    ids = open_words(folder.path / TRAINING_IDS, text["training_tokens"])
    model.prepare(ids, settings, folder.path)
    started = Started(
        run=folder.name,
        model=config["model"],
        parameters=config["parameters"],
        vocabulary_size=config["vocabulary_size"],
        training_tokens=text["training_tokens"],
        validation_tokens=0,
        epochs=settings.epochs,
        step=0,
        steps=0,
        unit=model.unit,
    )
    resume = line(Resume(run=folder.name))
    return VectorTrainer(model, folder, settings, stop_reason(folder, session, began, time_limit), resume, started)
