"""The commands on n-gram models: ARPA files read and written."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import seqterm
from seqterm.app.arguments import line
from seqterm.app.commands import ExportNgrams, ImportNgrams
from seqterm.app.session import Session
from seqterm.errors import DataError, UsageError
from seqterm.events import Event, Exported, Imported
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_settings import NgramSettings
from seqterm.options import to_json
from seqterm.store.arpa import read_arpa, write_arpa
from seqterm.store.home import new_run_path, run_path
from seqterm.store.run_folder import RunFolder
from seqterm.store.vector_formats import shown
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import UNKNOWN, Vocabulary


def export_ngrams(command: ExportNgrams, session: Session) -> Iterator[Event]:
    """Write the n-grams of a run into an ARPA file."""
    loaded = session.load(command.run)
    if not isinstance(loaded.model, NgramModel):
        raise UsageError(f"{command.run} is no n-gram model: only those can be written as ARPA files.")
    if loaded.model.settings.smoothing == "add-k":
        raise UsageError("A model of add-k has no back-off weights, so no ARPA file can hold it; train with other --smoothing.")
    write_arpa(Path(command.file), loaded.vocabulary.tokens, loaded.vocabulary.special, loaded.model.levels())
    yield Exported(loaded.folder.name, command.file)


def import_ngrams(command: ImportNgrams, session: Session) -> Iterator[Event]:
    """Make a run of an ARPA file."""
    file = Path(command.file)
    tokens, special, levels = read_arpa(file)
    unreadable = [token for token in tokens if any("\ud800" <= letter <= "\udfff" for letter in token)]
    if unreadable:  # a vocabulary is JSON
        raise DataError(f"{file} is not UTF-8, as its word {shown(unreadable[0])} shows: convert it to UTF-8.")
    form = TextFormat(command.tokens, "line" if len(special) > 1 else "none")
    counts = [0 if token == UNKNOWN else 1 for token in tokens[: len(special)]] + [1] * (len(tokens) - len(special))
    try:
        vocabulary = Vocabulary.from_json(Vocabulary(form, tokens, counts, special).to_json())
    except DataError as error:
        raise DataError(f"The words of {file} cannot be tokens of --tokens {command.tokens}.") from error
    settings = NgramSettings(order=len(levels), smoothing="imported")
    model = NgramModel.of(settings, vocabulary, session.backend)
    model.take_levels(levels)
    path = run_path(command.out) if command.out else new_run_path("ngram")
    made_here = not path.exists()
    folder = RunFolder.create(path)
    config = {
        "seqterm": seqterm.__version__,
        "command": line(command),
        "model": "ngram",
        "model_settings": to_json(settings),
        "parameters": sum(model.sizes),
        "vocabulary_size": len(vocabulary),
        "one_sentence": vocabulary.has_marks,
        "corpus": {"sources": [command.file], **vars(form)},
        "training": {},
    }
    folder.lock()
    try:
        folder.write_description(config, vocabulary.to_json())
        counters = {"step": 1, "steps": 1, **model.figures(), "log_sizes": folder.log_sizes()}
        folder.save_checkpoint(1, model.tensors(), counters, best=True, complete=True)
    except BaseException:
        if made_here:
            shutil.rmtree(path)
        raise
    finally:
        folder.unlock()
    yield Imported(folder.name, command.file)
