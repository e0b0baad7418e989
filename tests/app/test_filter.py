"""Lines that pass, and lines put in order."""

import os
import threading

import numpy as np
import pytest

from seqterm.errors import DataError, UsageError
from seqterm.events import Line, Note, Ranked

SAID = ["man bites dog", "dog bites man", "the boat sail they on", "they sail on the boat", "", "it rained today"]


@pytest.fixture
def lines(tmp_path):
    """lines([...]) -> the name of a file of these lines."""

    def write(said, name="lines.txt"):
        (tmp_path / name).write_text("".join(line + "\n" for line in said))
        return str(tmp_path / name)

    return write


@pytest.fixture
def perplexities(do, word_run, lines):
    """perplexities([...]) -> that of every line."""
    return lambda said: [event.perplexity for event in do("score", run=str(word_run), source=lines(said))[:-1]]


# filter


@pytest.mark.parametrize("place", range(len(SAID)))
def test_a_line_passes_up_to_its_own_perplexity(do, word_run, lines, perplexities, place):
    each = perplexities(SAID)
    passed = do("filter", run=str(word_run), source=lines(SAID), max_perplexity=each[place])
    assert passed == [Line(text) for text, perplexity in zip(SAID, each, strict=True) if perplexity <= each[place]]


@pytest.mark.parametrize(("share", "n"), [(0.01, 0), (0.17, 1), (0.5, 3), (0.8, 5), (1.0, 6)])
def test_keep_passes_a_share_of_the_least_perplexing_in_their_order(do, word_run, lines, perplexities, share, n):
    best = sorted(np.argsort(perplexities(SAID), kind="stable")[:n])
    assert do("filter", run=str(word_run), source=lines(SAID), keep=share) == [Line(SAID[i]) for i in best]


def test_of_equal_lines_the_first_are_kept(do, word_run, lines):
    said = ["dog bites man", "it rained today"] * 4
    assert len(do("filter", run=str(word_run), source=lines(said), keep=0.5)) == 4
    assert len(set(do("filter", run=str(word_run), source=lines(said), keep=0.5))) == 1


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_of_no_lines_none_are_kept(do, word_run, lines, share):
    assert do("filter", run=str(word_run), source=lines([]), keep=share) == []


def test_a_pipe_is_kept_from_too(do, word_run, tmp_path):
    """A pipe can be read once only, and a share is known after all lines."""
    os.mkfifo(tmp_path / "pipe")
    text = "".join(line + "\n" for line in SAID)
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text(text), daemon=True)
    writer.start()
    found = []
    reader = threading.Thread(
        target=lambda: found.extend(do("filter", run=str(word_run), source=str(tmp_path / "pipe"), keep=1.0)), daemon=True
    )
    reader.start()
    reader.join(60)
    assert found == [Line(text) for text in SAID]


@pytest.mark.parametrize("ways", [{}, {"max_perplexity": 20.0, "keep": 0.5}], ids=["neither", "both"])
def test_one_way_to_choose_is_needed(do, word_run, lines, ways):
    with pytest.raises(UsageError, match="--max-perplexity or --keep"):
        do("filter", run=str(word_run), source=lines(SAID), **ways)


@pytest.mark.parametrize("way", [{"max_perplexity": 20.0}, {"keep": 0.5}], ids=str)
def test_a_file_that_is_not_there_is_named(do, word_run, way):
    with pytest.raises(DataError, match=r"Cannot read nowhere\.txt"):
        do("filter", run=str(word_run), source="nowhere.txt", **way)


@pytest.mark.parametrize("way", [{"max_perplexity": 1000.0}, {"keep": 1.0}], ids=str)
def test_a_long_line_passes_whole(do, tiny_run, lines, way):
    said = ["the red hen " * 90_000, "the hen"]
    assert do("filter", run=str(tiny_run), source=lines(said), **way) == [Line(text) for text in said]


# rank


def ranked(events):
    return [event.text for event in events if isinstance(event, Ranked)]


def test_the_dog_bites_the_man(do, word_run, lines):
    first, second = do("rank", run=str(word_run), source=lines(["man bites dog", "dog bites man"]))
    assert (first.rank, first.text, second.rank, second.text) == (1, "dog bites man", 2, "man bites dog")
    assert first.log_probability > second.log_probability


def test_candidates_are_ranked_by_their_scores(do, word_run, lines):
    said = [line for line in SAID if line]
    scores = {event.text: event.log_probability for event in do("score", run=str(word_run), source=lines(said))[:-1]}
    found = do("rank", run=str(word_run), source=lines(said))
    assert ranked(found) == sorted(said, key=lambda text: -scores[text])
    for event in found:
        np.testing.assert_allclose(event.log_probability, scores[event.text], rtol=1e-5, atol=0)


@pytest.mark.parametrize(("context", "says"), [("it rained today", "wet"), ("it was sunny today", "dry")])
def test_the_sentence_before_decides(do, word_run, lines, context, says):
    candidates = lines(["the grass is wet", "the grass is dry"])
    assert ranked(do("rank", run=str(word_run), source=candidates, context=context))[0] == f"the grass is {says}"


def test_the_context_is_given_and_not_scored(do, word_run, lines):
    both = lines(["it rained today", "the grass is wet"], "both.txt")
    (alone,) = do("rank", run=str(word_run), source=lines(["the grass is wet"]))
    (after,) = do("rank", run=str(word_run), source=lines(["the grass is wet"]), context="it rained today")
    together = do("score", run=str(word_run), source=both, stream=True)[0]
    (rained,) = do("rank", run=str(word_run), source=lines(["it rained today"]))
    assert after.tokens == alone.tokens == 5
    # the stream scores the second start mark too, which every sentence brings
    assert after.log_probability > alone.log_probability
    assert together.tokens == rained.tokens + 1 + after.tokens
    np.testing.assert_allclose(together.log_probability, rained.log_probability + after.log_probability, rtol=0, atol=0.05)


def test_blank_candidates_are_none(do, word_run, lines):
    assert ranked(do("rank", run=str(word_run), source=lines(["", "dog", " \t"]))) == ["dog"]


def test_equal_candidates_stay_in_their_order(do, tiny_run, lines):
    """Letters that the model does not know are left out, so all of these are the same to it."""
    said = ["Zhen", "hZen", "heZn", "henZ"]
    note, *found = do("rank", run=str(tiny_run), source=lines(said))
    assert ranked(found) == said
    assert note == Note("4 tokens that the model has never seen are left out of the candidates.")


def test_ranking_by_a_model_of_characters(do, tiny_run, lines):
    said = ["the red hen has 2 eggs.", "eht der neh sah 2 sgge."]
    assert ranked(do("rank", run=str(tiny_run), source=lines(said[::-1]))) == said


def test_a_known_mark_for_unknown_words_needs_no_note(do, corpus, lines, tmp_path):
    run = str(tmp_path / "limited")
    sizes = {"hidden": 8, "embedding": 4, "batch": 2, "steps": 8, "epochs": 1, "sample_length": 0, "threads": 2}
    do("train", "gru", corpus=(str(corpus),), out=run, tokens="word", vocab_size=8, **sizes)
    assert [type(event) for event in do("rank", run=run, source=lines(["the zebra", "the hen"]))] == [Ranked] * 2
