"""The text that a training reads: found, counted, and written into the run folder as ids."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqterm.app.commands.training import TrainLanguage, TrainNetwork
from seqterm.app.loaded import LoadedModel
from seqterm.errors import UsageError
from seqterm.events import Note
from seqterm.store.home import fetched_folder
from seqterm.store.run_folder import RunFolder
from seqterm.text import corpus, tokens
from seqterm.text.format import TextFormat
from seqterm.text.stream import open_ids, write_ids
from seqterm.text.vocabulary import START, Ids, Vocabulary

TRAINING_IDS, VALIDATION_IDS, SPOOL = "tokens.bin", "validation.bin", "corpus.txt"
UNKNOWN_SPELLING = "<unk>"
FORMAT = ("tokens", "sentences", "lowercase")  # how text is read
VOCABULARY = ("vocab_size", "min_count", "limit_vocab")


def check_format(command: TrainNetwork, base: LoadedModel) -> None:
    """The text must be read as the run to start from reads it."""
    for name, has in (("tokens", base.vocabulary.form.kind), *(vars(base.vocabulary.form).items())):
        if name in command.given and getattr(command, name) != has:
            raise UsageError(f"--{name} {getattr(command, name)} does not fit --from {command.from_run}, which has {has}.")
    for name in VOCABULARY:
        if name in command.given:
            raise UsageError(f"--{name.replace('_', '-')} does not fit --from, which brings its vocabulary: leave it out.")


def validation_of(text: str) -> float | Path:
    """--validation as a share or a file."""
    try:
        share = float(text)
    except ValueError:
        return Path(text)
    if not 0.0 <= share < 1.0:
        raise UsageError(f"--validation must be a share from 0 to below 1, or a file, not {text}.")
    return share


def read_text(
    command: TrainLanguage, folder: RunFolder, base: LoadedModel | None = None
) -> tuple[Vocabulary, dict[str, Any], list[Note]]:
    """Vocabulary, files of ids in the run folder, and their description for config.json."""
    form = base.vocabulary.form if base else TextFormat(command.tokens, command.sentences, command.lowercase)
    spool = folder.path / SPOOL
    held_out = validation_of(command.validation)
    paths = corpus.find(command.corpus, spool, fetched_folder())
    held_out_paths = corpus.find((str(held_out),), spool, fetched_folder()) if isinstance(held_out, Path) else []
    vocabulary = base.vocabulary if base else _count(command, form, paths, held_out_paths)
    written, unknown = write_ids(tokens.read(paths, form), vocabulary, folder.path / TRAINING_IDS)
    ids = open_ids(folder.path / TRAINING_IDS, vocabulary, written)
    validation_tokens = 0 if isinstance(held_out, Path) else written - _cut(ids, int(written * (1.0 - held_out)), vocabulary)
    if held_out_paths:
        validation_tokens, more = write_ids(tokens.read(held_out_paths, form), vocabulary, folder.path / VALIDATION_IDS)
        unknown += more
    spool.unlink(missing_ok=True)
    training_tokens = written if held_out_paths else written - validation_tokens
    if base is None:
        vocabulary.recount(ids[:training_tokens])  # the model starts from these frequencies, and held-out text is none of them
    description = {
        "sources": list(command.corpus),
        **dataclasses.asdict(form),
        "written_tokens": written,
        "training_tokens": training_tokens,
        "validation_tokens": validation_tokens,
        "validation": str(held_out),
        "separate_validation": bool(held_out_paths),
    }
    lacks = f"{base.folder.name} has never seen" if base else "the vocabulary lacks"
    notes = [Note(f"{unknown} tokens that {lacks} are left out.")] if unknown else []
    return vocabulary, description, notes


def _count(command: TrainLanguage, form: TextFormat, paths: list[Path], held_out: list[Path]) -> Vocabulary:
    """Every token of the held-out text is known too, unless the vocabulary is limited: then the training text alone decides."""
    limited = command.vocab_size is not None or command.min_count > 1 or command.limit_vocab or command.has_unknown
    pieces = tokens.read(paths if limited else [*paths, *held_out], form)
    return Vocabulary.count(pieces, form, command.vocab_size, command.min_count, _allowed(command, form), command.has_unknown)


def _allowed(command: TrainLanguage, form: TextFormat) -> Callable[[str], bool]:
    """What may be in the vocabulary."""
    if command.limit_vocab is not None:
        allowed = set("".join(tokens.read([Path(command.limit_vocab)], TextFormat("space", lowercase=form.lowercase))).split())
        return lambda token: token in allowed
    return lambda token: not (command.unk_literal and token.lower() == UNKNOWN_SPELLING)


def _cut(ids: Ids, place: int, vocabulary: Vocabulary) -> int:
    """The first place from `place` on where a sentence begins, in a text with sentence marks; else `place`."""
    if vocabulary.has_marks and place > 0:
        while place < len(ids) and ids[place] != vocabulary.special[START]:
            place += 1
    return place
