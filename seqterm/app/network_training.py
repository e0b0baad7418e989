"""How a network as a language model comes to its trainer: the text, the settings, the run's description."""

import dataclasses
from typing import Any

import numpy as np

import seqterm
from seqterm.app.arguments import line, without_defaults_of
from seqterm.app.commands import Resume
from seqterm.app.commands.training import TrainNetwork
from seqterm.app.known_vectors import KnownVectors, known_vectors
from seqterm.app.loaded import LoadedModel
from seqterm.app.session import Session
from seqterm.app.stopping import stop_reason
from seqterm.app.training_text import FORMAT, TRAINING_IDS, VALIDATION_IDS, VOCABULARY, check_format, read_text
from seqterm.errors import DataError, UsageError
from seqterm.evaluation.lines import score_sentences
from seqterm.evaluation.perplexity import score_stream
from seqterm.events import Note, Sampled, Started
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.network_model import NetworkModel
from seqterm.options import from_json, parameters, pick, to_json
from seqterm.sampling.generate import generate
from seqterm.sampling.settings import SamplingSettings
from seqterm.store.run_folder import RunFolder
from seqterm.text.stream import Batches, SentenceBatches, open_ids
from seqterm.text.vocabulary import START, Ids, Vocabulary
from seqterm.training.loop import Helpers, Trainer
from seqterm.training.settings import ReportSettings, TrainingSettings
from seqterm.training.update import Updater

INITIALISE = 3  # the purpose of a random key


def _read_settings(folder: RunFolder, config: dict[str, Any]) -> tuple[TrainingSettings, ReportSettings]:
    """How the run is trained, as its config.json says."""
    try:
        if not isinstance(config["corpus"], dict):
            raise KeyError("corpus")
        return from_json(TrainingSettings, config["training"]), from_json(ReportSettings, config["reports"])
    except (KeyError, UsageError) as error:
        raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error


def reopen(
    command: Resume,
    folder: RunFolder,
    config: dict[str, Any],
    vocabulary: Vocabulary,
    model: NetworkModel,
    session: Session,
    began: float,
) -> Trainer:
    """The trainer of a run, at its last checkpoint."""
    state = folder.read_state()
    settings, reports = _read_settings(folder, config)
    done = state["counters"].get("epochs", settings.epochs)
    epochs = command.epochs or done
    if state["complete"] and epochs <= done:
        raise UsageError(f"{folder.name} is complete after {done} epochs: ask for more with --epochs.")
    settings = dataclasses.replace(settings, epochs=epochs)
    trainer = _trainer(folder, config, settings, reports, vocabulary, model, session, began, command.time_limit)
    trainer.restore(more=epochs > done)
    return trainer


def prepare(command: TrainNetwork, folder: RunFolder, session: Session, began: float) -> tuple[Trainer, list[Note]]:
    """Read the text, build the model, write what the run is."""
    command = _without_what_is_brought(command)
    if command.batching == "sentence" and command.sentences == "none" and not command.from_run:
        raise UsageError("--batching sentence needs sentences: give --sentences line or punctuation.")
    base = session.load(command.from_run) if command.from_run else None
    if command.batching == "sentence" and base and not base.vocabulary.has_marks:
        raise UsageError(f"--batching sentence needs sentence marks, which {command.from_run} was trained without.")
    settings = _model_settings(command, base)
    given = known_vectors(command.vectors, session) if command.vectors else None
    if given:
        settings = _with_vectors(settings, command, given)
    model_class: type[NetworkModel] = resolve(CATALOGUE[command.model].model)
    model_class.check(settings)  # before a long text is read
    vocabulary, text, notes = read_text(command, folder, base)
    model = model_class.of(settings, vocabulary, session.backend)
    if base:
        model.load(base.model.tensors())
    else:
        model.initialise(np.random.Generator(np.random.Philox(key=[command.seed, INITIALISE])))
    if given:
        notes += [*given.notes, _begin_with(given, vocabulary, model)]
    training = pick(TrainingSettings, command)
    training = dataclasses.replace(training, threads=training.threads or session.backend.threads)
    reports = pick(ReportSettings, command)
    config = {
        "seqterm": seqterm.__version__,
        "command": line(command),
        "model": command.model,
        "model_settings": to_json(settings),
        "parameters": model.flat.size,
        "vocabulary_size": len(vocabulary),
        "one_sentence": training.batching == "sentence",
        "corpus": text,
        "training": to_json(training),
        "reports": to_json(reports),
        "keep_checkpoints": command.keep_checkpoints,
    }
    trainer = _trainer(folder, config, training, reports, vocabulary, model, session, began, command.time_limit)
    folder.write_description(config, vocabulary.to_json())
    return trainer, notes


def _without_what_is_brought(command: TrainNetwork) -> TrainNetwork:
    """Settings files have no say in what another run or vectors decide."""
    if command.from_run:
        settings = (parameter.name for parameter in parameters(resolve(CATALOGUE[command.model].settings)))
        return without_defaults_of(command, (*settings, *FORMAT, *VOCABULARY))
    return without_defaults_of(command, ["embedding"]) if command.vectors else command


def _with_vectors(settings: Any, command: TrainNetwork, given: KnownVectors) -> Any:
    """The settings with an embedding of the vectors' size."""
    size = given.space.matrix.shape[1]
    if command.from_run:
        raise UsageError("--vectors does not go with --from, which brings its embedding: leave one of them out.")
    if getattr(settings, "input", "embedding") == "onehot":
        raise UsageError("--vectors needs --input embedding: one-hot input has no vectors.")
    if "embedding" in command.given and settings.embedding != size:
        raise UsageError(f"--embedding {settings.embedding} does not fit --vectors {command.vectors}, which has {size}.")
    return dataclasses.replace(settings, embedding=size)


def _begin_with(given: KnownVectors, vocabulary: Vocabulary, model: NetworkModel) -> Note:
    """Put vectors into the embedding, those that there are."""
    known = 0
    with model.writing() as parameters:
        for number, token in enumerate(vocabulary.tokens):
            if (vector := given.of(token)) is not None:
                parameters["embedding"]["table"][number] = vector
                known += 1
    return Note(f"{known:,} of {len(vocabulary):,} tokens begin with a given vector.")


def _model_settings(command: TrainNetwork, base: LoadedModel | None) -> Any:
    """The command's, or those of the run to start from, with which nothing that was given may disagree."""
    settings_class = resolve(CATALOGUE[command.model].settings)
    asked = pick(settings_class, command)
    if base is None:
        return asked
    if base.config["model"] != command.model:
        raise UsageError(
            f"--from {command.from_run} is a run of {base.config['model']}: use `seqterm train {base.config['model']}`."
        )
    for parameter in parameters(settings_class):
        wanted, has = getattr(asked, parameter.name), getattr(base.model.settings, parameter.name)
        if parameter.name in command.given and wanted != has and parameter.name != "dropout":
            raise UsageError(
                f"--{parameter.flag} {wanted} does not fit --from {command.from_run}, which has {has}: leave it out."
            )
    check_format(command, base)
    return dataclasses.replace(base.model.settings, **({"dropout": asked.dropout} if "dropout" in command.given else {}))


def _trainer(
    folder: RunFolder,
    config: dict[str, Any],
    settings: TrainingSettings,
    reports: ReportSettings,
    vocabulary: Vocabulary,
    model: NetworkModel,
    session: Session,
    began: float,
    time_limit: float | None,
) -> Trainer:
    text = config["corpus"]
    folder.keep = config.get("keep_checkpoints", 0)
    ids = open_ids(folder.path / TRAINING_IDS, vocabulary, text["written_tokens"])
    held_out = ids[text["training_tokens"] :]
    if text["separate_validation"]:
        held_out = open_ids(folder.path / VALIDATION_IDS, vocabulary, text["validation_tokens"])
    one_sentence = settings.batching == "sentence"
    helpers = Helpers(
        stop=stop_reason(folder, session, began, time_limit),
        resume=line(Resume(run=folder.name)),
        validate=(lambda: _loss(model, held_out, one_sentence)) if len(held_out) else None,
        sample=(lambda: _sample(model, vocabulary, reports, settings.seed, one_sentence)) if reports.sample_length else None,
    )
    started = Started(
        run=folder.name,
        model=config["model"],
        parameters=model.flat.size,
        vocabulary_size=len(vocabulary),
        training_tokens=text["training_tokens"],
        validation_tokens=len(held_out),
        epochs=settings.epochs,
        step=0,
        steps=0,
    )
    batches = _batches(ids[: text["training_tokens"]], settings, vocabulary)
    return Trainer(model, Updater(model, settings), batches, folder, settings, reports, helpers, started)


def _batches(ids: Ids, settings: TrainingSettings, vocabulary: Vocabulary) -> Batches | SentenceBatches:
    if settings.batching == "sentence":
        return SentenceBatches(ids, vocabulary.special[START], settings.batch, settings.seed)
    return Batches(ids, settings.batch, settings.steps)


def _loss(model: NetworkModel, ids: Ids, one_sentence: bool) -> float:
    """Nats a token of held-out text, read as the training text is."""
    if one_sentence and model.start_token is not None:
        return score_sentences(model, ids, model.start_token).loss
    return score_stream(model, ids).loss


def _sample(model: NetworkModel, vocabulary: Vocabulary, reports: ReportSettings, seed: int, one_sentence: bool) -> str:
    settings = SamplingSettings(length=reports.sample_length)
    drawn = generate(model, vocabulary, reports.sample_prompt, settings, seed, model.backend, one_sentence=one_sentence)
    return reports.sample_prompt + next(event.text for event in drawn if isinstance(event, Sampled))
