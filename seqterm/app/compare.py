"""The command Compare: several runs on the same text, in one table.

Two runs can be compared by tokens where they read text alike (tokens, sentences, case) and know the same tokens, an unknown
one among them or not: then each predicts the same tokens, one by one out of the same alternatives, and the same are unknown
to all.  By character all can be compared that read the same letters and predict line ends, on the lines of which every run
knows every token: an unknown word would cost some of them no more than the word for it.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from seqterm.app.commands import Compare
from seqterm.app.lines import read_lines, readable_twice
from seqterm.app.loaded import LoadedModel
from seqterm.app.session import Session
from seqterm.backends.base import Array
from seqterm.errors import DataError, UsageError
from seqterm.evaluation.comparison import Judged, judge
from seqterm.events import Compared, Event, Note
from seqterm.text.vocabulary import Vocabulary


def compare(command: Compare, session: Session) -> Iterator[Event]:
    """One event a run, in their order."""
    if not command.runs:
        raise UsageError("Name the runs to compare and, last, the text: seqterm compare RUN RUN FILE.")
    runs = [session.load(run) for run in command.runs]
    differs = _by_character if command.per_character else _by_token
    hint = "" if command.per_character else "; --per-character may compare them"
    for one, other in pairwise(runs):
        if reason := differs(one, other):
            raise UsageError(f"{one.folder.name} and {other.folder.name} cannot be compared: {reason}{hint}.")
    with readable_twice(command.source) as source:
        judged = [judge(run.model, run.vocabulary, _Lines(source)) for run in runs]
    if not judged[0].tokens.any():
        raise DataError(f"{command.source} has nothing to predict: there is nothing to compare.")
    clean = np.all([each.unknown == 0 for each in judged], axis=0)
    if command.per_character and not clean.any():
        raise DataError(f"Every line of {command.source} has a token that one of the runs does not know: none can be compared.")
    yield from _notes(judged, clean, runs, command.per_character)
    for run, each in zip(runs, judged, strict=True):
        yield _compared(run, each, clean, command.per_character)


class _Lines:
    """The lines of a file, any number of times."""

    def __init__(self, source: str):
        self._source = source

    def __iter__(self) -> Iterator[str]:
        return read_lines(self._source)


def _by_token(one: LoadedModel, other: LoadedModel) -> str | None:
    """Why two runs cannot be compared by tokens."""
    first, second = one.vocabulary, other.vocabulary
    for name, has in vars(first.form).items():
        if (differs := getattr(second.form, name)) != has:
            what = {"kind": "tokens"}.get(name, name)
            return f"one was trained with --{what} {has}, the other with --{what} {differs}"
    if first.special.keys() != second.special.keys():
        return "one has a token for unknown ones, the other has none"
    mine, theirs = set(_ordinary(first)), set(_ordinary(second))
    if mine != theirs:
        token = min(mine ^ theirs)
        knows = (one if token in mine else other).folder.name
        return f"their vocabularies differ in {len(mine ^ theirs):,} tokens, such as {token!r}, which {knows} alone knows"
    return None


def _by_character(one: LoadedModel, other: LoadedModel) -> str | None:
    """Why two runs cannot be compared by characters."""
    if one.vocabulary.form.lowercase != other.vocabulary.form.lowercase:
        return "one reads all text in lower case, the other does not"
    for run in (one, other):
        if not run.vocabulary.has_marks and "\n" not in _ordinary(run.vocabulary):
            return f"{run.folder.name} does not predict where a line ends"
    return None


def _ordinary(vocabulary: Vocabulary) -> list[str]:
    """Its tokens without the special ones."""
    return vocabulary.tokens[len(vocabulary.special) :]


def _notes(judged: list[Judged], clean: Array, runs: list[LoadedModel], per_character: bool) -> Iterator[Note]:
    """What was left out."""
    if not clean.all():
        where = "Figures are" if per_character else "Bits per character are"
        yield Note(f"{where} of the {np.count_nonzero(clean):,} of {len(clean):,} lines in which all tokens are known.")
    unknown = int(judged[0].unknown.sum())
    if unknown and not per_character and runs[0].vocabulary.unknown < 0:
        yield Note(f"{unknown:,} tokens that the runs have never seen are left out, as they have no token for unknown ones.")


def _compared(run: LoadedModel, judged: Judged, clean: Array, per_character: bool) -> Compared:
    bits = judged.bits_per_character(clean)
    loss, known_loss = (None, None) if per_character else (judged.loss, judged.known_loss)
    return Compared(
        run=run.folder.name,
        model=run.config["model"],
        tokens=int(judged.tokens.sum()),
        unknown=int(judged.unknown.sum()),
        characters=int(judged.characters[clean].sum()),
        bits_per_character=bits,
        character_perplexity=None if bits is None else float(np.exp2(bits)),
        tokens_per_second=float(judged.tokens.sum()) / judged.seconds,
        bytes=run.folder.size(),
        nats=loss,
        bits=None if loss is None else loss / math.log(2),
        perplexity=None if loss is None else float(np.exp(loss)),
        known_perplexity=None if known_loss is None else float(np.exp(known_loss)),
    )
