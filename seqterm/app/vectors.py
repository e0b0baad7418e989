"""The commands that ask word vectors: Similar, Analogy, OddOneOut, EvaluateVectors, MapVectors, ExportVectors."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from seqterm.app.commands import Analogy, EvaluateVectors, ExportVectors, MapVectors, OddOneOut, Similar
from seqterm.app.commands.vectors import OnVectors
from seqterm.app.known_vectors import KnownVectors, known_vectors
from seqterm.app.lines import read_lines
from seqterm.app.session import Session
from seqterm.backends.base import Array
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.evaluation.word_eval import Accuracy, evaluate_analogies, evaluate_pairs, read_pairs, read_questions
from seqterm.evaluation.word_space import principal_components
from seqterm.events import AnalogyAccuracy, Answer, Event, Exported, Neighbour, PairCorrelation, WordMap
from seqterm.events import OddOneOut as Found
from seqterm.store.vectors import Vectors, write_vectors

TOGETHER = 4096  # questions from standard input that are answered in one pass


def _known(command: OnVectors, session: Session) -> KnownVectors:
    return known_vectors(command.vectors, session, command.which, command.skip_bad_rows, command.restrict)


def similar(command: Similar, session: Session) -> Iterator[Event]:
    """Neighbours of each word, or of one sum."""
    known = _known(command, session)
    yield from known.notes
    is_sum = any(word in ("+", "-") for word in command.words)
    asked = [" ".join(command.words)] if is_sum else list(command.words) if command.words else read_lines("-")
    for query in filter(str.strip, asked):
        if len(query.split()) == 1:
            vector, ids = _vector_of(known, query.strip(), command.metric)
        else:
            vector, numbers = known.space.expression(query, command.metric)  # type: ignore[arg-type]
            ids = numbers.tolist()
        found, scores = known.space.neighbours(vector[None], command.top, command.metric, [ids])  # type: ignore[arg-type]
        for number, score in zip(found[0], scores[0], strict=True):
            if number >= 0:
                yield Neighbour(query.strip(), known.space.words[number], float(score))


def _vector_of(known: KnownVectors, word: str, metric: str) -> tuple[Array, list[int]]:
    """A word's vector (D,), and its id if it is known."""
    vector = known.of(word)
    if vector is None or word in known.space.index:
        number = known.space.id_of(word)
        return (known.space.matrix if metric == "euclid" else known.space.unit)[number], [number]
    return vector, []


def analogy(command: Analogy, session: Session) -> Iterator[Event]:
    """Answers to questions from the command or from standard input, many at a time."""
    if len(command.words) % 3:
        raise UsageError("A question has three words: seqterm analogy RUN man woman king.")
    known = _known(command, session)
    yield from known.notes
    given = [command.words[i : i + 3] for i in range(0, len(command.words), 3)]
    some: list[tuple[str, ...]] = []
    for question in given or _questions():
        some.append(tuple(question))
        if len(some) == TOGETHER:
            yield from _answers(known, some, command)
            some = []
    if some:
        yield from _answers(known, some, command)


def _questions() -> Iterator[list[str]]:
    for number, line in enumerate(read_lines("-"), 1):
        words = line.split()
        if words and len(words) != 3:
            raise DataError(f"Line {number} of standard input has {len(words)} words: a question has three.")
        if words:
            yield words


def _answers(known: KnownVectors, questions: list[tuple[str, ...]], command: Analogy) -> Iterator[Answer]:
    ids = np.array([[known.space.id_of(word) for word in question] for question in questions])
    found, scores = known.space.analogy(ids, command.top, command.method)  # type: ignore[arg-type]
    for question, numbers, row in zip(questions, found, scores, strict=True):
        for number, score in zip(numbers, row, strict=True):
            if number >= 0:
                a, b, c = question
                yield Answer((a, b, c), known.space.words[number], float(score))


def odd_one_out(command: OddOneOut, session: Session) -> Iterator[Event]:
    known = _known(command, session)
    yield from known.notes
    word, similarities = known.space.odd_one_out(command.words)
    yield Found(word, [(w, float(s)) for w, s in zip(command.words, similarities, strict=True)])


def evaluate(command: EvaluateVectors, session: Session) -> Iterator[Event]:
    """Sections of all files of questions and their totals, then the correlation of each file of pairs."""
    if not command.questions and not command.pairs:
        raise UsageError("Name what to evaluate with: --questions FILE, --pairs FILE.")
    sections = [section for file in command.questions for section in read_questions(Path(file))]
    pairs = [(file, read_pairs(Path(file))) for file in command.pairs]
    known = _known(command, session)
    yield from known.notes
    if sections:
        scores = evaluate_analogies(known.space, sections, None, command.rules, command.method)  # type: ignore[arg-type]
        for section in scores.sections:
            yield AnalogyAccuracy(section.name, section.correct, section.total, section.left_out, _share(section))
        overall = scores.overall
        totals = _share(overall), _share(scores.semantic), _share(scores.syntactic)
        yield AnalogyAccuracy(None, overall.correct, overall.total, overall.left_out, *totals)
    for file, some in pairs:
        found = evaluate_pairs(known.space, some)
        rho = None if math.isnan(found.spearman) else float(found.spearman)
        yield PairCorrelation(file, rho, found.total, found.out_of_vocabulary)


def _share(part: Accuracy) -> float | None:
    return part.accuracy if part.total else None


def word_map(command: MapVectors, session: Session) -> Iterator[Event]:
    """Words and arrows between them, a:b, in the plane of two principal components."""
    if not command.words:
        raise UsageError("Name the words to draw; a:b draws an arrow from a to b.")
    known = _known(command, session)
    yield from known.notes
    groups = [[word] if word in known.space.index else word.split(":") for word in command.words]
    words = list(dict.fromkeys(word for group in groups for word in group))
    arrows = [(words.index(a), words.index(b)) for group in groups for a, b in pairwise(group)]
    points, shares = principal_components(known.space.matrix[[known.space.id_of(word) for word in words]])
    yield WordMap(words, [(float(x), float(y)) for x, y in points], (float(shares[0]), float(shares[1])), arrows)


def export(command: ExportVectors, session: Session) -> Iterator[Event]:
    known = _known(command, session)
    yield from known.notes
    try:
        write_vectors(Path(command.file), Vectors(known.space.words, known.space.matrix), command.format)
    except OSError as error:
        raise SeqtermError(f"Cannot write {command.file}: {error.strerror}.") from error
    yield Exported(command.vectors, command.file)
