"""Text and how much each token of it surprises a model: Score with --heat."""

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import chain, islice, zip_longest

import numpy as np

from seqterm.app.commands import Score
from seqterm.app.lines import read_lines, readable_twice
from seqterm.app.loaded import LoadedModel
from seqterm.app.session import Session
from seqterm.errors import UsageError
from seqterm.evaluation.lines import Scored, score_lines
from seqterm.events import Event, Note, Painted, Painting
from seqterm.text.vocabulary import Vocabulary

Values = list[float]


def pieces(vocabulary: Vocabulary, ids: Iterable[int]) -> list[str]:
    """What each token adds to a text; "" where a letter goes on in the next token."""
    decoder = vocabulary.decoder()
    return [vocabulary.text_of(int(i), decoder) for i in ids]


def heat(command: Score, session: Session) -> Iterator[Event]:
    """A Painting, then a Painted a line, of one model or of two."""
    if not command.heat:
        raise UsageError("--against goes with --heat.")
    if command.stream or command.summary or command.per_token or command.ngram_details:
        raise UsageError("--heat shows lines: leave --stream, --summary, --per-token and --ngram-details out.")
    runs = [session.load(run) for run in (command.run, command.against) if run is not None]
    names = [run.folder.name for run in runs]
    uniform = max(math.log2(run.model.vocabulary_size) for run in runs)
    title = f"surprisal in bits, {names[0]}" if len(runs) == 1 else f"bits more for b = {names[1]} than for a = {names[0]}"
    rows = ["a", "b"][: len(runs)]
    with readable_twice(command.source) if len(runs) > 1 else nullcontext(command.source) as source:
        scored = zip_longest(*(score_lines(run.model, run.vocabulary, read_lines(source)) for run in runs))
        first = [*islice(scored, 1)]  # before anything is given: where a GPU has no room for it, the processor begins anew
        yield Painting(title, rows, [(0.0, round(uniform, 2))] * len(runs), difference=len(runs) == 2)
        n_unknown = 0
        for number, lines in enumerate(chain(first, scored), 1):
            n_unknown += sum(line.unknown for run, line in zip(runs, lines, strict=True) if run.vocabulary.unknown < 0)
            yield _painted(number, runs, lines)
    if n_unknown:
        yield Note(f"{n_unknown:,} tokens that the model has never seen are left out.")


def _painted(number: int, runs: list[LoadedModel], lines: tuple[Scored, ...]) -> Painted:
    """UsageError where two runs read a line differently."""
    read = [_surprisals(run, line) for run, line in zip(runs, lines, strict=True)]
    if len(read) == 2 and read[0][0] != read[1][0]:
        one, other = (run.folder.name for run in runs)
        raise UsageError(f"{one} and {other} cannot stand beside each other: they read line {number} as different tokens.")
    return Painted(number, read[0][0], [values for _, values in read])


def _surprisals(run: LoadedModel, line: Scored) -> tuple[list[str], Values]:
    """The pieces of a line and their bits; a letter of several tokens has the bits of all."""
    texts: list[str] = []
    bits: Values = []
    pending = 0.0
    for text, own in zip(pieces(run.vocabulary, line.ids), (-line.log_p.astype(np.float64) / math.log(2)).tolist(), strict=True):
        pending += own
        if text:
            texts.append(text)
            bits.append(pending)
            pending = 0.0
    return texts, bits
