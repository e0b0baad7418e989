"""How an n-gram model comes to its trainer: the words of a text, the settings, the run's description."""

from typing import Any, NoReturn

import numpy as np

import seqterm
from seqterm.app.arguments import line
from seqterm.app.commands import Resume, TrainNgram
from seqterm.app.session import Session
from seqterm.app.stopping import stop_reason
from seqterm.app.training_text import TRAINING_IDS, VALIDATION_IDS, read_text
from seqterm.backends.base import Array
from seqterm.errors import DataError, UsageError
from seqterm.evaluation.lines import score_sentences
from seqterm.evaluation.perplexity import score_stream
from seqterm.events import Note, Started
from seqterm.models.glove_settings import parse_size
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_settings import NgramSettings
from seqterm.models.ngram_smoothing import thresholds
from seqterm.options import pick, to_json
from seqterm.store.run_folder import RunFolder
from seqterm.text.stream import open_ids
from seqterm.text.vocabulary import END, Vocabulary
from seqterm.training.ngram import Corpus, NgramTrainer


def prepare(command: TrainNgram, folder: RunFolder, session: Session, began: float) -> tuple[NgramTrainer, list[Note]]:
    """Read the text; counting and the run's description are the trainer's."""
    settings = pick(NgramSettings, command)
    memory = parse_size(command.memory)
    thresholds(command.prune, settings.order)  # before a long text is read
    vocabulary, text, notes = read_text(command, folder)
    model = NgramModel.of(settings, vocabulary, session.backend)
    ids, held_out = _ids(folder, text, vocabulary)
    if not len(ids):
        raise DataError("All of the corpus is held out: lower --validation, or add text.")

    def describe(n_ngrams: int) -> None:
        for name in (TRAINING_IDS, VALIDATION_IDS):  # of no more use: training does not go on
            (folder.path / name).unlink(missing_ok=True)
        config = {
            "seqterm": seqterm.__version__,
            "command": line(command),
            "model": command.model,
            "model_settings": to_json(settings),
            "parameters": n_ngrams,
            "vocabulary_size": len(vocabulary),
            "one_sentence": vocabulary.has_marks,
            "corpus": text,
            "training": {"prune": list(command.prune)},
        }
        folder.write_description(config, vocabulary.to_json())

    started = Started(
        run=folder.name,
        model=command.model,
        parameters=0,
        vocabulary_size=len(vocabulary),
        training_tokens=len(ids),
        validation_tokens=len(held_out),
        epochs=1,
        step=0,
        steps=1,
    )
    corpus = Corpus(ids, vocabulary.special.get(END, -1), vocabulary.unknown)
    stop = stop_reason(folder, session, began, command.time_limit)
    validate = (lambda: _loss(model, held_out)) if len(held_out) else None
    return NgramTrainer(model, corpus, command.prune, memory, folder, started, describe, stop, validate), notes


def _ids(folder: RunFolder, text: dict[str, Any], vocabulary: Vocabulary) -> tuple[Array, Array]:
    """Of the text to count, and of the held-out one."""
    ids = np.asarray(open_ids(folder.path / TRAINING_IDS, vocabulary, text["written_tokens"]))
    held_out = ids[text["training_tokens"] :]
    if text["separate_validation"]:
        held_out = np.asarray(open_ids(folder.path / VALIDATION_IDS, vocabulary, text["validation_tokens"]))
    return ids[: text["training_tokens"]], held_out


def _loss(model: NgramModel, ids: Array) -> float:
    """Nats a token of held-out text."""
    if model.start_token is not None:
        return score_sentences(model, ids, model.start_token).loss
    return score_stream(model, ids).loss


def reopen(command: Resume, folder: RunFolder, *opened: Any) -> NoReturn:
    raise UsageError(f"{folder.name} is complete: an n-gram model is counted in one go.")
