"""The commands that judge text: Score, Filter, Rank, Next."""

import math
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from seqterm.app.commands import Filter, Next, Rank, Score
from seqterm.app.heat import heat
from seqterm.app.lines import read_lines, readable_twice
from seqterm.app.loaded import LoadedModel
from seqterm.app.sample import check_one_prompt, read_prompt_text
from seqterm.app.session import Session
from seqterm.backends.base import Array
from seqterm.errors import DataError, UsageError
from seqterm.evaluation.lines import Scored, encode_line, score_ids, score_lines, score_sentences
from seqterm.evaluation.perplexity import score_stream
from seqterm.events import Event, Line, LineScore, NextSummary, NextToken, Note, Ranked, TotalScore
from seqterm.sampling.choices import entropy, probabilities
from seqterm.sampling.generate import read_prompt
from seqterm.store.home import fetched_folder
from seqterm.text import corpus, tokens
from seqterm.text.stream import open_ids, write_ids
from seqterm.text.vocabulary import END, START, Ids, Vocabulary


def _perplexity(log_probability: float, n_tokens: int) -> float:
    return float(np.exp(-log_probability / n_tokens)) if n_tokens else math.inf


def score(command: Score, session: Session) -> Iterator[Event]:
    """A LineScore a line unless --summary, then the total; with --heat the text to colour."""
    if command.heat or command.against:
        yield from heat(command, session)
        return
    if command.stream and command.per_token:
        raise UsageError("--per-token goes with lines, not with --stream.")
    loaded = session.load(command.run)
    if command.ngram_details and (command.stream or not hasattr(loaded.model, "lengths")):
        raise UsageError("--ngram-details goes with an n-gram model and with lines, not with --stream.")
    if command.stream:
        yield _score_stream(loaded, command)
        return
    log_probability, n_tokens, unknown = 0.0, 0, 0
    of_known, n_known = 0.0, 0
    for number, scored in enumerate(score_lines(loaded.model, loaded.vocabulary, read_lines(command.source)), 1):
        log_probability += scored.log_probability
        n_tokens += len(scored.log_p)
        unknown += scored.unknown
        known = scored.log_p if not scored.unknown else scored.log_p[scored.ids != loaded.vocabulary.unknown]
        of_known += scored.log_probability if not scored.unknown else float(known.sum(dtype=np.float64))
        n_known += len(known)
        if not command.summary:
            yield _line_score(loaded, number, scored, command)
    perplexity, of_known_tokens = _perplexity(log_probability, n_tokens), _perplexity(of_known, n_known)
    yield TotalScore(perplexity, log_probability, n_tokens, unknown, of_known_tokens)


def _line_score(loaded: LoadedModel, number: int, scored: Scored, command: Score) -> LineScore:
    names = loaded.vocabulary.tokens
    each = [(names[i], float(p)) for i, p in zip(scored.ids, scored.log_p, strict=True)] if command.per_token else None
    details = _ngram_details(loaded, scored) if command.ngram_details else None
    n_tokens = len(scored.log_p)
    return LineScore(number, scored.text, scored.log_probability, n_tokens, scored.unknown, scored.perplexity, each, details)


def _ngram_details(loaded: LoadedModel, scored: Scored) -> list[tuple[str, float, int, bool]]:
    """As KenLM's query shows them."""
    start, end = loaded.vocabulary.special.get(START), loaded.vocabulary.special.get(END)
    given = [] if start is None else [start]
    sentences = np.split(scored.ids, 1 + np.flatnonzero(scored.ids[:-1] == end))
    lengths = [loaded.model.trace(np.concatenate([given, sentence]))["ngram_length"][len(given) :] for sentence in sentences]
    own = np.concatenate(lengths)
    log10 = (scored.log_p / math.log(10)).tolist()
    rows = zip(scored.ids.tolist(), log10, own.tolist(), strict=True)
    return [(loaded.vocabulary.tokens[i], p, length, i == loaded.vocabulary.unknown) for i, p, length in rows]


@contextmanager
def open_stream(vocabulary: Vocabulary, source: str) -> Iterator[tuple[Ids, int]]:
    """A whole text as ids, without those that the vocabulary lacks, and how many are unknown; DataError where none is left."""
    with corpus.spooled((source,), fetched_folder()) as paths, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tokens.bin"
        written, unknown = write_ids(tokens.read(paths, vocabulary.form), vocabulary, file)
        if not written:
            raise DataError(f"{source} has no tokens that the model knows: there is nothing to score.")
        ids = open_ids(file, vocabulary, written)
        yield ids, int(np.count_nonzero(ids == vocabulary.unknown)) if vocabulary.unknown >= 0 else unknown


def _score_stream(loaded: LoadedModel, command: Score) -> TotalScore:
    """As validation in training does."""
    with open_stream(loaded.vocabulary, command.source) as (ids, unknown):
        if loaded.one_sentence and loaded.model.start_token is not None:
            total = score_sentences(loaded.model, ids, loaded.model.start_token)
        else:
            total = score_stream(loaded.model, ids)
    return TotalScore(_perplexity(*total), *total, unknown)


def filter_lines(command: Filter, session: Session) -> Iterator[Event]:
    """The lines that pass, unchanged."""
    if (command.max_perplexity is None) == (command.keep is None):
        raise UsageError("Say which lines pass: either --max-perplexity or --keep.")
    loaded = session.load(command.run)
    if command.max_perplexity is not None:
        for scored in score_lines(loaded.model, loaded.vocabulary, read_lines(command.source)):
            if scored.perplexity <= command.max_perplexity and _known_enough(command, scored):
                yield Line(scored.text)
        return
    assert command.keep is not None
    with readable_twice(command.source) as source:
        each = score_lines(loaded.model, loaded.vocabulary, read_lines(source))
        judged = array("f", (scored.perplexity if _known_enough(command, scored) else math.inf for scored in each))
        perplexities = np.frombuffer(judged, np.float32)
        passes = np.zeros(len(perplexities), np.bool_)
        passes[np.argsort(perplexities, kind="stable")[: round(command.keep * len(perplexities))]] = True
        for text, passed in zip(read_lines(source), passes, strict=True):
            if passed:
                yield Line(text)


def _known_enough(command: Filter, scored: Scored) -> bool:
    return command.max_unknown is None or scored.unknown <= command.max_unknown


def rank(command: Rank, session: Session) -> Iterator[Event]:
    """All candidates, those with the fewest unknown tokens first; equals stay in their order."""
    loaded = session.load(command.run)
    candidates = [text for text in read_lines(command.source) if text.strip()]
    encoded = [encode_line(loaded.vocabulary, text) for text in candidates]
    own = _own_log_p(loaded, _context(loaded, command.context), [parts for parts, _ in encoded])
    sums = [sum(float(log_p.sum(dtype=np.float64)) for log_p in each) for each in own]
    unknown = sum(n for _, n in encoded)
    if unknown and loaded.vocabulary.unknown < 0:
        yield Note(f"{unknown} tokens that the model has never seen are left out of the candidates.")
    for place, row in enumerate(sorted(range(len(sums)), key=lambda row: (encoded[row][1], -sums[row])), 1):
        yield Ranked(place, candidates[row], sums[row], sum(map(len, own[row])), encoded[row][1])


def _own_log_p(loaded: LoadedModel, before: Ids, candidates: list[list[Ids]]) -> list[list[Array]]:
    """What the tokens of each candidate score after a context, or, without one, each of its sentences from the model's start."""
    if len(before):
        whole = score_ids(loaded.model, [np.concatenate([before, *parts]) for parts in candidates])
        return [
            [log_p[len(before) :]] for log_p in whole
        ]  # a start mark of the context has no score, one of the candidate no say
    scored = iter(score_ids(loaded.model, [ids for parts in candidates for ids in parts]))
    return [[next(scored) for _ in parts] for parts in candidates]


def _context(loaded: LoadedModel, text: str) -> Ids:
    """What comes before every candidate: whole sentences with their marks, or a text without a line end; nothing for ""."""
    if loaded.vocabulary.has_marks and text:
        return np.concatenate(encode_line(loaded.vocabulary, text)[0])
    return loaded.vocabulary.encode_prompt(text)[0].astype(np.int32)


def next_tokens(command: Next, session: Session) -> Iterator[Event]:
    """The distribution after a prompt: its most probable tokens, then a summary."""
    check_one_prompt(command)
    loaded = session.load(command.run)
    ids, unknown = loaded.vocabulary.encode_prompt(read_prompt_text(command, loaded.vocabulary.form.kind))
    if unknown:
        yield Note(f"The model has never seen {', '.join(map(repr, unknown[:5]))}.")
    state, log_p = read_prompt(loaded.model, ids)
    lengths = loaded.model.lengths(state)[0].tolist() if hasattr(loaded.model, "lengths") else [None] * log_p.shape[1]
    p = probabilities(log_p[0])
    order = np.argsort(-p, kind="stable")
    for i in order[: command.top]:
        yield NextToken(loaded.vocabulary.tokens[i], float(p[i]), lengths[i])
    mass = np.cumsum(p[order])
    left = int(np.searchsorted(mass, command.top_p - 1e-12)) + 1
    yield NextSummary(
        entropy(p), len(p), command.top_k, float(mass[min(command.top_k, len(p)) - 1]), command.top_p, min(left, len(p))
    )
