"""Text piece by piece: it depends on the seed and the settings, and on nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.events import Note, Piece, Sampled
from seqterm.sampling import generate as module
from seqterm.sampling.generate import CHUNK, read_prompt

quickly = settings(deadline=None, max_examples=25)


@pytest.fixture(params=["lstm", "words", "byte_model"])
def source(request):
    """Model and vocabulary of each kind of token."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def with_chunk(samples_of):
    """samples_of with another number of tokens drawn in one call."""

    def call(chunk, *arguments, **details):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "CHUNK", chunk)
            patch.setattr(module, "FRAME", 0)
            return samples_of(*arguments, **details)

    return call


# What the text depends on


@quickly
@given(chunk=st.integers(1, 70), length=st.integers(0, 70), seed=st.integers(0, 2**63 - 1))
def test_the_text_does_not_depend_on_the_chunk_size(lstm, byte_model, samples_of, with_chunk, chunk, length, seed):
    for source in (lstm, byte_model):
        expected = samples_of(source, "the ", seed, length=length, samples=2)
        assert with_chunk(chunk, source, "the ", seed, length=length, samples=2) == expected


@quickly
@given(few=st.integers(1, 6), more=st.integers(1, 6), seed=st.integers(0, 2**63 - 1))
def test_a_sample_does_not_depend_on_how_many_there_are(lstm, samples_of, few, more, seed):
    first = samples_of(lstm, "the ", seed, length=40, samples=few)
    assert samples_of(lstm, "the ", seed, length=40, samples=few + more)[:few] == first


def test_a_sample_does_not_depend_on_where_others_end(lstm, samples_of):
    alone = samples_of(lstm, seed=5, length=200, until="e")[0]
    assert samples_of(lstm, seed=5, length=200, until="e", samples=8)[0] == alone


def test_samples_of_one_seed_differ(source, samples_of):
    texts = [sample.text for sample in samples_of(source, length=60, samples=10)]
    assert len(set(texts)) == 10


@pytest.mark.parametrize("changed", [{"seed": 2}, {"prompt": "red"}, {"temperature": 2.0}, {"repetition_penalty": 3.0}], ids=str)
def test_the_text_depends_on(lstm, samples_of, changed):
    assert samples_of(lstm, **{"length": 80, **changed})[0].text != samples_of(lstm, length=80)[0].text


# Strategies

GREEDY = {"strategy": "argmax"}


@pytest.mark.parametrize(
    "one_left",
    [
        {"strategy": "top-k", "top_k": 1},
        {"strategy": "top-k", "top_k": 1, "top_k_draw": "uniform"},
        {"strategy": "top-p", "top_p": 1e-9},
        {"strategy": "min-p", "min_p": 1.0},
        {"strategy": "multinomial", "temperature": 1e-4},
        {"strategy": "multinomial", "top_k": 1},
    ],
    ids=str,
)
def test_a_draw_that_leaves_one_token_takes_the_most_probable(lstm, samples_of, one_left):
    assert samples_of(lstm, "the ", length=60, **one_left) == samples_of(lstm, "the ", length=60, **GREEDY)


@pytest.mark.parametrize("strategy", ["multinomial", "top-k", "top-p", "min-p"])
def test_other_strategies_draw(lstm, samples_of, strategy):
    texts = {samples_of(lstm, "the ", seed, length=60, strategy=strategy)[0].text for seed in range(3)}
    assert len(texts) == 3


@pytest.mark.parametrize("seed", [1, 2])
def test_the_most_probable_does_not_depend_on_the_seed(lstm, samples_of, seed):
    assert samples_of(lstm, "the ", seed, length=60, **GREEDY) == samples_of(lstm, "the ", 3, length=60, **GREEDY)


def test_a_heavy_repetition_penalty_repeats_nothing_while_something_is_new(lstm, samples_of):
    (sample,) = samples_of(lstm, length=20, repetition_penalty=1e9, **GREEDY)
    assert len(set(sample.text)) == 20


# Pieces and samples


def test_pieces_of_a_sample_are_its_text(source, events_of):
    events = events_of(source, "the hen", length=100, samples=3)
    for sample in (event for event in events if isinstance(event, Sampled)):
        pieces = [event.text for event in events if isinstance(event, Piece) and event.sample == sample.sample]
        assert "".join(pieces) == sample.text


@pytest.mark.parametrize(("frame", "pieces"), [(0, [32, 32, 32, 32]), (1e9, [32, 64, 32])])
def test_more_is_drawn_at_a_time_where_that_is_quick(lstm, events_of, monkeypatch, frame, pieces):
    monkeypatch.setattr(module, "FRAME", frame)
    drawn = [event.text for event in events_of(lstm, length=128) if isinstance(event, Piece)]
    assert [len(text) for text in drawn[1:]] == pieces


def test_the_first_sample_comes_in_pieces_the_others_whole(lstm, events_of, monkeypatch):
    monkeypatch.setattr(module, "FRAME", 0)
    events = events_of(lstm, length=3 * CHUNK, samples=3)
    kinds = [(type(event), event.sample) for event in events]
    assert kinds == [(Piece, 0)] * 4 + [(Sampled, 0), (Piece, 1), (Sampled, 1), (Piece, 2), (Sampled, 2)]


def test_samples_carry_the_prompt_as_given(lstm, samples_of):
    assert [sample.prompt for sample in samples_of(lstm, "the Ö", length=3, samples=2)] == ["the Ö"] * 2


def test_length_0_draws_nothing(source, samples_of):
    (sample,) = samples_of(source, "the", length=0)
    assert (sample.text, sample.tokens, sample.log_probability, sample.stopped_by) == ("", 0, 0.0, "length")


def test_length_counts_tokens(lstm, samples_of):
    for sample in samples_of(lstm, length=77, samples=2):
        assert len(sample.text) == sample.tokens == 77


def test_stop_is_asked_between_chunks(lstm, samples_of, monkeypatch):
    monkeypatch.setattr(module, "FRAME", 0)
    asked = iter([False, False, True])
    stopped = samples_of(lstm, length=10 * CHUNK, samples=2, stop=lambda: next(asked))
    assert [sample.tokens for sample in stopped] == [2 * CHUNK] * 2
    assert [sample.text for sample in stopped] == [s.text for s in samples_of(lstm, length=2 * CHUNK, samples=2)]


# Log-probabilities


@pytest.mark.parametrize("prompt", ["", "t", "the red hen"])
@pytest.mark.parametrize("until", [None, "e"])
def test_log_probability_is_the_sum_over_the_chosen_tokens(lstm, samples_of, prompt, until):
    model, vocabulary = lstm
    for sample in samples_of(lstm, prompt, length=50, samples=3, until=until, strategy="top-k", temperature=0.7):
        state, log_p = model.start(1)
        values = []
        for token in vocabulary.encode(prompt + sample.text).astype(np.int64):
            values.append(float(log_p[0, token]))
            state, log_p = model.advance(state, np.array([token]))
        expected = sum(values[len(prompt) :])
        assert sample.log_probability == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("prompt", ["", "t", "the red hen"])
def test_reading_a_prompt_is_advancing_over_it(lstm, prompt):
    model, vocabulary = lstm
    ids = vocabulary.encode(prompt).astype(np.int64)
    state, log_p = model.start(1)
    for token in ids:
        state, log_p = model.advance(state, np.array([token]))
    read_state, read_log_p = read_prompt(model, ids)
    np.testing.assert_allclose(read_state, state, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(read_log_p, log_p, rtol=1e-5, atol=1e-6)


# Until


@quickly
@given(chunk=st.integers(1, 40), first=st.integers(0, 95), size=st.integers(1, 5), seed=st.integers(0, 50))
def test_until_stops_right_behind_its_first_occurrence(lstm, samples_of, with_chunk, chunk, first, size, seed):
    free = samples_of(lstm, seed=seed, length=100)[0].text
    until = free[first : first + size]
    (sample,) = with_chunk(chunk, lstm, seed=seed, length=100, until=until)
    assert sample.text == free[: free.index(until) + len(until)]
    assert (sample.stopped_by, sample.tokens) == ("until", len(sample.text))


def test_until_is_found_across_the_end_of_a_chunk(reciter, samples_of):
    source = reciter("-" * (CHUNK - 2) + "stop" + "-" * 50, "char")
    assert samples_of(source, length=200, until="stop")[0].text == "-" * (CHUNK - 2) + "stop"


def test_until_line_stops_behind_a_line_end(reciter, samples_of):
    assert samples_of(reciter("red hen\nwhite hen\n", "char"), length=200, until="line")[0].text == "red hen\n"


def test_until_in_the_prompt_does_not_count(reciter, samples_of):
    assert samples_of(reciter("hen, red hen.", "char"), "hen", length=200, until="hen")[0].text == ", red hen"


def test_until_that_never_comes_ends_with_the_length(reciter, samples_of):
    (sample,) = samples_of(reciter("red hen.", "char"), length=40, until="egg")
    assert (sample.tokens, sample.stopped_by) == (40, "length")


def test_each_sample_ends_at_its_own_place(lstm, samples_of):
    stopped = [s for s in samples_of(lstm, length=300, until="e", samples=6) if s.stopped_by == "until"]
    assert len({sample.tokens for sample in stopped}) > 1
    assert all(sample.text.index("e") == len(sample.text) - 1 for sample in stopped)


# Kinds of token


@quickly
@given(chunk=st.integers(1, 9), length=st.integers(1, 60))
def test_byte_models_emit_whole_characters(reciter, events_of, chunk, length):
    text = "aé→🐔\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        events = events_of(reciter(text, "byte"), length=length)
    *pieces, last = [event.text for event in events if isinstance(event, Piece) and event.text]
    assert all(piece in text * 20 for piece in pieces)
    assert "".join([*pieces, last]).encode("utf-8", "surrogateescape") == (text * 20).encode()[:length]


def test_until_finds_a_character_of_several_bytes(reciter, samples_of):
    assert samples_of(reciter("a🐔b", "byte"), length=200, until="🐔")[0].text == "a🐔"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [("", "red hen\nwhite"), ("the", " red hen\nwhite"), ("the ", "red hen\nwhite")],
)
def test_words_are_set_apart_by_one_space(reciter, samples_of, prompt, expected):
    source = reciter("red hen \n  white egg", "space")
    assert samples_of(source, prompt, length=4)[0].text == expected


def test_a_word_after_a_line_end_has_no_space_before_it(reciter, samples_of):
    assert samples_of(reciter("\n red hen", "space"), "the\n", length=2)[0].text == "red hen"


def test_words_are_spaced_alike_whatever_the_chunks(reciter, with_chunk):
    source = reciter("red hen \n  white egg", "space")
    assert with_chunk(1, source, "the", length=7) == with_chunk(7, source, "the", length=7)


def test_until_can_end_within_a_word(reciter, samples_of):
    (sample,) = samples_of(reciter("red hens lay", "space"), length=9, until="hen")
    assert (sample.text, sample.tokens) == ("red hen", 2)


# Prompts with unknown tokens


def test_tokens_never_seen_are_noted_once_each(lstm, events_of):
    notes = [event.text for event in events_of(lstm, "ÖÄÖ the", length=2) if isinstance(event, Note)]
    assert notes == ["The model has never seen 'Ö', 'Ä': left out of what it continues."]


def test_tokens_never_seen_do_not_change_the_continuation(lstm, samples_of):
    assert samples_of(lstm, "tÖhe", length=40)[0].text == samples_of(lstm, "the", length=40)[0].text


def test_known_prompts_are_not_noted(source, events_of):
    assert not [event for event in events_of(source, "\n", length=2) if isinstance(event, Note)]


def test_the_prompt_counts_as_seen_for_the_repetition_penalty(lstm, samples_of):
    prompt = "the red hen"
    (sample,) = samples_of(lstm, prompt, length=8, strategy="argmax", repetition_penalty=1e9)
    assert not set(sample.text) & set(prompt)
