"""Log-probabilities of lines and streams, and what may come next."""

import math

import numpy as np
import pytest

from seqterm.app.loaded import LoadedModel
from seqterm.errors import DataError
from seqterm.evaluation.lines import encode_line
from seqterm.events import LineScore, NextSummary, NextToken, Note, TotalScore
from tests.conftest import TEXT, TINY

HELD_OUT = "".join(f"the {colour} hen has {n} eggs!\n" for n in range(9) for colour in ("red", "black", "white"))
WORDS = {"tokens": "word", "sentences": "line"}
FORMS = {
    "char": {},
    "byte": {"tokens": "byte"},
    "space": {"tokens": "space"},
    "word": {"tokens": "word", "steps": 8},
    "limited words": {"tokens": "word", "vocab_size": 10, "steps": 8},
    "sentences in a stream": {**WORDS, "steps": 8},
    "sentences one by one": {**WORDS, "batching": "sentence"},
    "limited sentences one by one": {**WORDS, "batching": "sentence", "vocab_size": 10},
}


@pytest.fixture
def lines(tmp_path):
    """lines(text) -> the name of a file with that text."""

    def write(text):
        path = tmp_path / "lines.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.fixture
def model(word_run, session):
    return LoadedModel.open(str(word_run), session.backend)


# score


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_the_score_of_a_stream_is_the_validation_loss_of_training(do, corpus, lines, tmp_path, form):
    held_out, run = lines(HELD_OUT * 8), str(tmp_path / "run")
    training = do("train", "lstm", corpus=(str(corpus),), out=run, validation=held_out, **{**TINY, **form})
    (total,) = do("score", run=run, source=held_out, stream=True)
    loss = -total.log_probability / total.tokens
    np.testing.assert_allclose(loss, training[-1].best_validation_loss, rtol=1e-6, atol=0)


def test_each_line_is_scored_and_then_all(do, word_run, lines):
    *each, total = do("score", run=str(word_run), source=lines("dog bites man\nman bites dog\n\nthe grass is wet"))
    assert [type(event) for event in each] == [LineScore] * 4
    assert [(line.line, line.text, line.tokens) for line in each] == [
        (1, "dog bites man", 4),
        (2, "man bites dog", 4),
        (3, "", 1),
        (4, "the grass is wet", 5),
    ]
    assert (total.tokens, total.unknown) == (14, 0)
    np.testing.assert_allclose(total.log_probability, sum(line.log_probability for line in each), rtol=1e-12, atol=0)
    for event in (*each, total):
        np.testing.assert_allclose(event.perplexity, math.exp(-event.log_probability / event.tokens), rtol=1e-12, atol=0)


def test_a_line_does_not_depend_on_the_lines_around_it(do, word_run, lines):
    (wet, _) = do("score", run=str(word_run), source=lines("the grass is wet"))
    _, again, _ = do("score", run=str(word_run), source=lines("it was sunny today\nthe grass is wet"))
    np.testing.assert_allclose(again.log_probability, wet.log_probability, rtol=1e-5, atol=0)


def test_a_summary_is_the_total_alone(do, word_run, lines):
    source = lines("dog bites man\nthe grass is dry\n")
    assert do("score", run=str(word_run), source=source, summary=True) == do("score", run=str(word_run), source=source)[-1:]


def test_every_token_comes_with_its_probability(do, word_run, lines, model):
    scored, _ = do("score", run=str(word_run), source=lines("dog bites man"), per_token=True)
    assert [token for token, _ in scored.per_token] == ["dog", "bites", "man", "SENTENCE_END"]
    chances = [math.exp(log_p) for _, log_p in scored.per_token]
    state, log_p = model.model.start(1)
    for token, chance in zip(encode_line(model.vocabulary, "dog bites man")[0][0][1:], chances, strict=True):
        np.testing.assert_allclose(chance, math.exp(log_p[0, token]), rtol=1e-4, atol=0)
        state, log_p = model.model.advance(state, np.array([token], np.int64))
    np.testing.assert_allclose(sum(map(math.log, chances)), scored.log_probability, rtol=1e-6, atol=0)


def test_unknown_tokens_are_counted_by_line_and_in_all(do, word_run, lines):
    one, other, total = do("score", run=str(word_run), source=lines("zebra bites man\nyaks bite yetis\n"))
    assert (one.unknown, other.unknown, total.unknown) == (1, 3, 4)
    assert (one.tokens, other.tokens, total.tokens) == (3, 1, 4)


@pytest.mark.parametrize("dress", [b"\xef\xbb\xbf%s\n", b"%s\r\n", b"\xef\xbb\xbf%s\r\n", b"%s"])
def test_line_ends_and_a_byte_order_mark_do_not_count(do, word_run, lines, dress):
    (_, plain) = do("score", run=str(word_run), source=lines(b"dog bites man\n"))
    (_, dressed) = do("score", run=str(word_run), source=lines(dress % b"dog bites man"))
    assert dressed == plain


@pytest.mark.parametrize("separator", ["\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\r"], ids=ascii)
def test_only_a_newline_ends_a_line(do, word_run, lines, separator):
    line, _ = do("score", run=str(word_run), source=lines(f"dog{separator}bites man\n"))
    assert line.text == f"dog{separator}bites man"


def test_an_empty_file_has_a_total_of_nothing(do, word_run, lines):
    (total,) = do("score", run=str(word_run), source=lines(""))
    assert total == TotalScore(math.inf, 0.0, 0, 0, math.inf)


def test_a_long_line_is_scored_whole(do, tiny_run, lines):
    text = TEXT.replace("\n", " ") * (1_000_000 // len(TEXT) + 1)
    line, total = do("score", run=str(tiny_run), source=lines(text + "\n"))
    assert line.tokens == total.tokens == len(text) + 1
    assert line.perplexity < 30


def test_a_file_that_is_not_there_is_named(do, word_run):
    with pytest.raises(DataError, match=r"Cannot read nowhere\.txt"):
        do("score", run=str(word_run), source="nowhere.txt")


def test_a_stream_of_nothing_known_is_refused(do, word_run, tiny_run, lines):
    with pytest.raises(DataError, match="no tokens that the model knows"):
        do("score", run=str(tiny_run), source=lines("ÄÖÜ"), stream=True)


# next


def distribution(model, prompt):
    """p (V,) after a prompt, one token read at a time."""
    state, log_p = model.model.start(1)
    for token in model.vocabulary.encode_prompt(prompt)[0]:
        state, log_p = model.model.advance(state, np.array([token], np.int64))
    return np.exp(log_p[0].astype(float))


@pytest.mark.parametrize("prompt", ["", "it rained", "the grass is"])
def test_next_is_the_models_distribution_sorted(do, word_run, model, prompt):
    *found, summary = do("next", run=str(word_run), prompt=prompt, top=100)
    p = distribution(model, prompt)
    shown = [event.probability for event in found]
    assert sorted(event.token for event in found) == sorted(model.vocabulary.tokens)
    assert shown == sorted(shown, reverse=True)
    np.testing.assert_allclose(shown, sorted(p, reverse=True), rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(sum(shown), 1.0, rtol=1e-9, atol=0)
    np.testing.assert_allclose(summary.entropy, -(p * np.log2(p)).sum(), rtol=1e-4, atol=0)
    assert summary.vocabulary_size == len(p)


def test_next_shows_the_most_probable_ones(do, word_run):
    *found, _ = do("next", run=str(word_run), prompt="the grass is", top=3)
    assert len(found) == 3
    assert found[0].token == "wet" or found[0].token == "dry"
    assert sum(event.probability for event in found) <= 1


def test_next_knows_the_word_that_was_learnt(do, word_run):
    first, *_ = do("next", run=str(word_run), prompt="she hits it with")
    assert (first.token, first.probability > 0.5) == ("the", True)


@pytest.mark.parametrize("top_k", [1, 4, 10**6])
@pytest.mark.parametrize("top_p", [0.01, 0.5, 0.999, 1.0])
def test_next_counts_what_filters_would_leave(do, word_run, model, top_k, top_p):
    summary = do("next", run=str(word_run), prompt="the", top_k=top_k, top_p=top_p)[-1]
    p = np.sort(distribution(model, "the"))[::-1]
    p /= p.sum()
    kept = next((n for n in range(1, len(p) + 1) if p[:n].sum() >= top_p - 1e-12), len(p))
    assert isinstance(summary, NextSummary)
    assert (summary.top_k, summary.top_p, summary.top_p_tokens) == (top_k, top_p, kept)
    np.testing.assert_allclose(summary.top_k_mass, p[:top_k].sum(), rtol=1e-4, atol=0)


def test_a_prompt_of_unknown_words_alone_is_noted_and_next_begins_at_the_start(do, word_run):
    note, *found = do("next", run=str(word_run), prompt="zebras yawn")
    assert isinstance(note, Note)
    assert "'zebras', 'yawn'" in note.text
    assert found == do("next", run=str(word_run))
    assert isinstance(found[0], NextToken)
