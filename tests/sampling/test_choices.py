"""What tokens are drawn from, and settings that change while they are drawn."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.backends.select import select
from seqterm.errors import SeqtermError, UsageError
from seqterm.events import Changed, Choice, Note, Piece, Sampled
from seqterm.sampling.choices import Distribution, entropy, probabilities
from seqterm.sampling.generate import generate
from seqterm.sampling.settings import STEERED, SamplingSettings, with_change
from tests.sampling.test_draw import SETTINGS

EXAMPLES = settings(deadline=None, max_examples=25)
P = np.array([0.4, 0.3, 0.2, 0.1])
NOBODY = np.zeros(4, np.bool_)


@pytest.fixture(params=["lstm", "words", "byte_model"])
def source(request):
    """Model and vocabulary of each kind of token."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def stream(lstm):
    """stream(changes=..., choices=...) -> the events of drawing, as they are asked for."""

    def call(changes=dict, choices=3, seed=1, **values):
        model, vocabulary = lstm
        about = model, vocabulary, "the ", SamplingSettings(**values), seed, model.backend
        return generate(*about, choices=choices, changes=changes)

    return call


# The distribution


def distribution(**values):
    return Distribution.of(np.log(P), NOBODY, NOBODY, SamplingSettings(**values), select(1))


@pytest.mark.parametrize(
    ("values", "chances"),
    [
        ({}, P),
        ({"temperature": 0.5}, P**2 / (P**2).sum()),
        ({"top_k": 2}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_k": 3, "top_k_draw": "uniform"}, [1 / 3, 1 / 3, 1 / 3, 0]),
        ({"strategy": "top-p", "top_p": 0.65}, [4 / 7, 3 / 7, 0, 0]),
        ({"min_p": 0.6}, [4 / 7, 3 / 7, 0, 0]),
        ({"strategy": "argmax"}, [1, 0, 0, 0]),
    ],
    ids=str,
)
def test_chances_are_what_settings_make_of_the_probabilities(values, chances):
    found = distribution(**values)
    np.testing.assert_allclose(found.p, P, rtol=1e-12, atol=0)
    np.testing.assert_allclose(found.chances, chances, rtol=1e-12, atol=0)


def test_a_choice_names_the_most_probable_and_what_the_filters_keep():
    found = distribution(top_k=2).choice(1, " b", 1, ["a", "b", "c", "d"], 3)
    assert (found.sample, found.text, found.token, found.kept) == (1, " b", "b", 2)
    assert (found.probability, found.chance, found.kept_mass) == pytest.approx((0.3, 3 / 7, 0.7), rel=1e-12)
    assert found.entropy == pytest.approx(1.8464393446710154, rel=1e-12)
    assert [(token, chance > 0) for token, _, chance in found.candidates] == [("a", True), ("b", True), ("c", False)]


def test_more_candidates_than_tokens_are_all_tokens():
    assert len(distribution().choice(0, "a", 0, ["a", "b", "c", "d"], 9).candidates) == 4


def test_impossible_tokens_have_no_part_in_the_entropy():
    p = probabilities(np.log([0.5, 0.5, 1e-300]) + np.array([0, 0, -np.inf]))
    assert entropy(p) == pytest.approx(1.0, rel=1e-12)


def test_repeats_are_penalised_before_they_are_shown():
    seen = np.array([True, False, False, False])
    found = Distribution.of(np.log(P), seen, NOBODY, SamplingSettings(repetition_penalty=2.0), select(1))
    np.testing.assert_allclose(found.chances, np.array([0.16, 0.3, 0.2, 0.1]) / 0.76, rtol=1e-12, atol=0)


# Choices as text is drawn


@EXAMPLES
@given(
    seed=st.integers(0, 2**63 - 1),
    length=st.integers(0, 40),
    chosen=st.sampled_from(SETTINGS),
    until=st.sampled_from([None, "e"]),
)
def test_the_text_is_the_same_as_without_choices(lstm, byte_model, samples_of, seed, length, chosen, until):
    for source in (lstm, byte_model):
        values = {"length": length, "samples": 2, "until": until, **chosen}
        assert samples_of(source, "the ", seed, choices=3, **values) == samples_of(source, "the ", seed, **values)


@pytest.mark.parametrize("values", [{}, {"min_length": 5, "until": "e"}], ids=str)
def test_choices_stand_in_the_place_of_pieces_and_make_up_the_text(source, events_of, values):
    events = events_of(source, "the hen", length=30, samples=3, choices=2, **values)
    assert not [event for event in events if isinstance(event, Piece) and event.text]
    for sample in (event for event in events if isinstance(event, Sampled)):
        own = [event for event in events if isinstance(event, Choice) and event.sample == sample.sample]
        assert "".join(choice.text for choice in own) == sample.text
        assert sum(np.log(choice.probability) for choice in own) == pytest.approx(sample.log_probability, rel=1e-4)


@pytest.mark.parametrize("chosen", SETTINGS, ids=str)
def test_what_is_drawn_can_be_drawn(source, events_of, chosen):
    choices = [event for event in events_of(source, length=20, choices=50, **chosen) if isinstance(event, Choice)]
    assert len(choices) == 20
    for choice in choices:
        assert choice.chance > 0
        assert sum(chance > 0 for _, _, chance in choice.candidates) == choice.kept
        assert sum(p for _, p, chance in choice.candidates if chance) == pytest.approx(choice.kept_mass, rel=1e-6)
        assert [p for _, p, _ in choice.candidates] == sorted((p for _, p, _ in choice.candidates), reverse=True)


def test_samples_whose_choices_come_whole_begin_with_their_prompt(events_of, lstm):
    kinds = [(type(event), event.sample) for event in events_of(lstm, length=2, samples=2, choices=1)]
    first = [(Piece, 0), (Choice, 0), (Choice, 0), (Sampled, 0)]
    assert kinds == first + [(kind, 1) for kind, _ in first]


def test_a_token_is_drawn_when_it_is_asked_for(lstm, stream, monkeypatch):
    drawn = []
    draw = lstm[0].draw
    monkeypatch.setattr(lstm[0], "draw", lambda *arguments: drawn.append(arguments[-1]) or draw(*arguments))
    events = stream(length=10)
    assert isinstance(next(events), Piece)
    for count in range(1, 4):
        assert isinstance(next(events), Choice)
        assert drawn == [1] * count


# Settings that change


@EXAMPLES
@given(place=st.integers(0, 20), seed=st.integers(0, 2**62))
def test_what_follows_a_change_is_drawn_with_it(lstm, samples_of, place, seed):
    def steer():
        return {"strategy": "argmax"} if next(asked) == place else {}

    asked = iter(range(100))
    model, vocabulary = lstm
    about = model, vocabulary, "the ", SamplingSettings(length=21), seed, model.backend
    events = list(generate(*about, choices=1, changes=steer))
    before = [type(event) for event in events].index(Changed)
    assert events[before] == Changed(place, "strategy", "argmax")
    assert [event.chance == 1.0 for event in events[before + 1 : -1]] == [True] * (21 - place)
    text = events[-1].text
    free, greedy = samples_of(lstm, "the ", seed, length=21)[0].text, {"strategy": "argmax", "length": 21 - place}
    assert text[:place] == free[:place]
    assert text[place:] == samples_of(lstm, "the " + text[:place], **greedy)[0].text


def test_changes_are_read_between_chunks_too(stream, monkeypatch):
    monkeypatch.setattr("seqterm.sampling.generate.FRAME", 0)
    asked = iter([{}, {"temperature": 0.1, "top_k": 2}, {}])
    events = list(stream(lambda: next(asked), 0, length=96))
    shown = [event if isinstance(event, Changed) else type(event) for event in events]
    assert shown == [Piece, Piece, Changed(32, "temperature", 0.1), Changed(32, "top_k", 2), Piece, Piece, Sampled]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"temperature": 0.0}, "--temperature must be at least 0.0001"),
        ({"temperature": "hot"}, "--temperature must be float"),
        ({"strategy": "top"}, "--strategy must be one of"),
        ({"top_k": 0}, "--top-k must be at least 1"),
        ({"top_p": 1.5}, "--top-p must be at most 1"),
        ({"seed": 3}, "--seed cannot change while text is drawn"),
        ({"heat": 3}, "--heat cannot change while text is drawn"),
    ],
    ids=str,
)
def test_a_wrong_change_is_refused_and_drawing_goes_on(stream, wanted, words):
    asked = iter([{}, wanted, {}, {}])
    events = list(stream(lambda: next(asked), length=4))
    (note,) = [event.text for event in events if isinstance(event, Note)]
    assert words in note
    assert events[-1] == list(stream(length=4))[-1]
    assert not [event for event in events if isinstance(event, Changed)]


def test_what_is_the_same_already_is_no_change(stream):
    events = stream(lambda: {"temperature": 1.0, "top_k": None}, length=4)
    assert not [event for event in events if isinstance(event, Changed)]


def test_a_change_holds_for_the_tries_that_follow(stream):
    asked = iter([{"strategy": "argmax"}])
    events = stream(lambda: next(asked, {}), length=3, min_length=3, until="\x00", samples=2)
    assert {event.chance for event in events if isinstance(event, Choice)} == {1.0}


def test_a_filter_can_be_taken_away(stream):
    asked = iter([{}, {"top_k": None}])
    first, second = [event for event in stream(lambda: next(asked, {}), length=2, top_k=1) if isinstance(event, Choice)]
    assert first.kept == 1 < second.kept


@pytest.mark.parametrize("name", STEERED)
def test_each_setting_that_can_change_is_checked(name):
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} must be"):
        with_change(SamplingSettings(), name, -1)


def test_too_few_tokens_are_an_error_with_choices_too(reciter, events_of):
    with pytest.raises(SeqtermError, match="1 of 1 samples had under 5 tokens"):
        events_of(reciter("ab", "char"), length=9, min_length=5, until="b", choices=1)


def test_stopping_between_tokens_keeps_what_was_drawn(lstm):
    model, vocabulary = lstm
    asked = iter([False, False, True])
    events = generate(model, vocabulary, "", SamplingSettings(length=9), 1, model.backend, lambda: next(asked), choices=1)
    last = list(events)[-1]
    assert (last.tokens, last.stopped_by) == (2, "interrupt")


def test_a_stream_can_be_left_at_any_token(stream):
    assert len(list(islice(stream(length=1000), 5))) == 5
