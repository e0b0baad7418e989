"""Words and sentences drawn: unknown words never come, and a sample can end with its sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.backends.select import select
from seqterm.errors import SeqtermError, UsageError
from seqterm.events import Note, Piece, Sampled
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import GruSettings
from seqterm.sampling import generate as module
from seqterm.sampling.generate import generate
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import END, START, UNKNOWN, Vocabulary
from tests.conftest import TEXT
from tests.sampling.conftest import Reciter

FORM = TextFormat("word", "line")
MARKS = {"UNKNOWN": UNKNOWN, "START": START, "END": END}
quickly = settings(deadline=None, max_examples=15)


@pytest.fixture(scope="module")
def sentences():
    """A model with random weights in which unknown words and ends of sentences are likely, and its vocabulary."""
    vocabulary = Vocabulary.count([TEXT], FORM, 12)
    model = RecurrentModel(GruSettings(hidden=10, embedding=6), vocabulary.log_frequencies(), select(1), 1)
    model.flat[...] = np.random.default_rng(3).normal(0.0, 0.3, model.flat.size)
    model.parameters["output"]["b"][:3] = [2.0, -1.0, 1.0]
    model.changed()
    return model, vocabulary


@pytest.fixture
def said():
    """said("the hen END", ...) -> model and vocabulary; the model says these tokens over and over."""

    def make(text, form=FORM, size=None):
        words = [word for word in text.split() if word not in MARKS]
        rare = " rare" if UNKNOWN in text else ""
        vocabulary = Vocabulary.count([" ".join(words * 2) + rare], form, size, 2)
        ids = [vocabulary.special[MARKS[word]] if word in MARKS else vocabulary.tokens.index(word) for word in text.split()]
        return Reciter(np.array(ids), len(vocabulary)), vocabulary

    return make


@pytest.fixture(scope="module")
def draw():
    """draw((model, vocabulary), prompt, one_sentence=..., length=..., ...) -> all events; `into` has them where it fails."""

    def call(source, prompt="", seed=1, one_sentence=False, into=None, **values):
        model, vocabulary = source
        events = [] if into is None else into
        events.extend(
            generate(model, vocabulary, prompt, SamplingSettings(**values), seed, model.backend, one_sentence=one_sentence)
        )
        return events

    return call


def finished(events):
    return [event for event in events if isinstance(event, Sampled)]


# Unknown words


@pytest.mark.parametrize("strategy", ["multinomial", "argmax", "top-k", "top-p", "min-p"])
def test_unknown_words_are_never_drawn(sentences, draw, strategy):
    for sample in finished(draw(sentences, length=300, samples=5, strategy=strategy)):
        assert UNKNOWN not in sample.text
        assert sample.text


def test_the_next_best_word_is_drawn_for_an_unknown_one(sentences, draw):
    model, vocabulary = sentences
    _, log_p = model.start(1)
    assert log_p.argmax() == vocabulary.unknown
    log_p[0, vocabulary.unknown] = -np.inf
    (sample,) = finished(draw(sentences, length=1, strategy="argmax"))
    assert sample.text == vocabulary.decode([int(log_p.argmax())])


@quickly
@given(seed=st.integers(0, 1000))
def test_until_unknown_stops_where_an_unknown_word_would_be_drawn(sentences, draw, seed):
    (sample,) = finished(draw(sentences, seed=seed, length=200, until="unknown"))
    assert UNKNOWN not in sample.text
    assert sample.stopped_by == "until"


def test_until_unknown_leaves_what_comes_before(said, draw):
    source = said("the hen UNKNOWN egg", TextFormat("word"))
    (sample,) = finished(draw(source, length=20, until="unknown"))
    assert (sample.text, sample.tokens, sample.stopped_by) == ("the hen", 2, "until")


def test_until_unknown_needs_a_model_that_has_unknown_words(said, draw):
    with pytest.raises(UsageError, match="needs a model with unknown words"):
        finished(draw(said("the hen", TextFormat("word")), length=5, until="unknown"))


def test_a_prompt_of_unknown_words_only_is_noted_and_read(sentences, draw):
    events = draw(sentences, "Zebra gnu", length=10)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes == ["The model has never seen 'Zebra', 'gnu': read as an unknown word."]
    assert finished(events)[0].text != finished(draw(sentences, length=10))[0].text


def test_a_prompt_of_unknown_words_only_is_no_prompt_where_nothing_is_unknown(said, draw):
    source = said("the hen", TextFormat("word"))
    (sample,) = finished(draw(source, "Zebra gnu", length=2))
    assert sample.text == " the hen"


# The end of a sentence


def test_until_sentence_ends_before_the_mark(said, draw):
    (sample,) = finished(draw(said("the hen ! END egg"), length=50, until="sentence"))
    assert (sample.text, sample.tokens, sample.stopped_by) == ("the hen!", 3, "until")
    assert sample.log_probability == pytest.approx(0.0, abs=1e-6)  # that of the mark too


@quickly
@given(seed=st.integers(0, 1000), chunk=st.integers(1, 40))
def test_a_sample_until_the_sentence_ends_is_one_line_whatever_the_chunks(sentences, draw, seed, chunk):
    expected = finished(draw(sentences, seed=seed, length=200, until="sentence"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        assert finished(draw(sentences, seed=seed, length=200, until="sentence")) == expected
    assert "\n" not in expected[0].text
    assert expected[0].stopped_by == "until"


def test_without_until_a_stream_model_goes_on_in_the_next_line(said, draw):
    (sample,) = finished(draw(said("the hen END START egg END START"), length=7))
    assert (sample.text, sample.tokens) == ("the hen\negg\n", 3)  # marks not counted


def test_a_model_of_single_sentences_ends_with_its_sentence(said, draw):
    (sample,) = finished(draw(said("the hen END egg"), length=50, one_sentence=True))
    assert (sample.text, sample.stopped_by) == ("the hen", "until")


def test_until_a_text_stops_a_sentence_before_its_end(said, draw):
    (sample,) = finished(draw(said("the hen END egg"), length=50, one_sentence=True, until="the"))
    assert sample.text == "the"


def test_until_sentence_needs_sentences(said, draw):
    with pytest.raises(UsageError, match="--until sentence needs a model trained with --sentences"):
        draw(said("the hen", TextFormat("word")), until="sentence")


# The shortest length


@pytest.mark.parametrize("one_sentence", [True, False])
def test_whole_sentences_are_drawn_again_until_they_are_long_enough(sentences, draw, one_sentence):
    until = None if one_sentence else "sentence"
    free = finished(draw(sentences, samples=20, until=until, one_sentence=one_sentence))
    assert min(sample.tokens for sample in free) < 7
    long = finished(draw(sentences, samples=20, until=until, one_sentence=one_sentence, min_length=7))
    assert min(sample.tokens for sample in long) >= 7
    assert [sample.sample for sample in long] == list(range(20))
    kept = [(one, other) for one, other in zip(free, long, strict=True) if one.tokens >= 7]
    assert kept
    assert all(one == other for one, other in kept)


def test_marks_do_not_count_for_the_shortest_length(said, draw):
    source = said("the hen END START egg END START")
    with pytest.raises(SeqtermError, match="under 4 tokens in 200 tries"):
        draw(source, length=7, min_length=4)
    assert finished(draw(source, length=7, min_length=3))[0].tokens == 3


def test_a_length_that_cannot_be_reached_is_given_up_after_bounded_tries(said, draw):
    with pytest.raises(SeqtermError, match=r"3 of 3 samples had under 3 tokens in 200 tries\.") as caught:
        draw(said("the hen END egg"), samples=3, until="sentence", min_length=3)
    assert caught.value.exit_code == 1


def test_samples_that_were_long_enough_are_given_before_the_failure(sentences, draw, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 1)
    given_out = []
    with pytest.raises(SeqtermError, match="of 20 samples had under 5 tokens in 1 tries"):
        draw(sentences, samples=20, until="sentence", min_length=5, into=given_out)
    assert 0 < len(finished(given_out)) < 20
    assert min(sample.tokens for sample in finished(given_out)) >= 5


@quickly
@given(few=st.integers(1, 4), more=st.integers(1, 4), seed=st.integers(0, 1000))
def test_a_long_enough_sample_does_not_depend_on_how_many_there_are(sentences, draw, few, more, seed):
    values = {"seed": seed, "until": "sentence", "min_length": 4, "length": 60}
    first = finished(draw(sentences, samples=few, **values))
    assert finished(draw(sentences, samples=few + more, **values))[:few] == first


def test_nothing_of_a_sample_that_is_drawn_again_is_shown(sentences, draw):
    events = draw(sentences, samples=4, until="sentence", min_length=7)
    for sample in finished(events):
        pieces = [event.text for event in events if isinstance(event, Piece) and event.sample == sample.sample]
        assert "".join(pieces) == sample.text


def test_a_prompt_does_not_count_for_the_shortest_length(said, draw):
    with pytest.raises(SeqtermError, match="under 3 tokens"):
        draw(said("the hen egg END"), "the", until="sentence", min_length=3)
