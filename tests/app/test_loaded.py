"""A trained model in Python: seqterm.load(RUN)."""

import math

import numpy as np
import pytest

import seqterm
from seqterm.errors import DataError, UsageError
from tests.conftest import TINY


@pytest.fixture
def model(tiny_run):
    return seqterm.load(str(tiny_run))


@pytest.fixture
def words_model(do, corpus, tmp_path):
    do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "words"), tokens="space", **TINY)
    return seqterm.load(str(tmp_path / "words"))


def test_a_run_is_loaded_by_its_name_or_its_path(do, corpus, home):
    do("train", "elman", corpus=(str(corpus),), out="hen", **TINY)
    by_name, by_path = seqterm.load("hen"), seqterm.load(str(home / "runs" / "hen"))
    np.testing.assert_array_equal(by_name.model.flat, by_path.model.flat)


@pytest.mark.parametrize("run", ["hen", "no/such/run"])
def test_a_run_that_is_not_there_is_named(run):
    with pytest.raises(DataError, match=f"no run at .*{run}"):
        seqterm.load(run)


def test_a_loaded_model_knows_what_it_is(model):
    assert (model.config["model"], model.config["model_settings"]["hidden"]) == ("lstm", TINY["hidden"])
    assert model.step == model.folder.read_state()["counters"]["best_step"]


# sample


def test_a_sample_is_the_continuation_alone(model):
    text = model.sample("the red hen", length=30, seed=1)
    assert len(text) == 30
    assert set(text) <= set(model.vocabulary.tokens)


def test_the_same_seed_gives_the_same_text(model):
    assert model.sample("the ", length=40, seed=1) == model.sample("the ", length=40, seed=1)
    assert model.sample("the ", length=40, seed=1) != model.sample("the ", length=40, seed=2)


def test_without_a_seed_the_text_is_another_each_time(model):
    assert model.sample(length=200) != model.sample(length=200)


def test_samples_are_drawn_side_by_side_and_differ(model):
    texts = model.samples("the ", samples=3, length=40, seed=1)
    assert len(texts) == len(set(texts)) == 3
    assert texts[0] == model.sample("the ", length=40, seed=1)


def test_the_argmax_is_the_most_probable_token_of_next(model):
    assert model.sample("the r", strategy="argmax", length=1) == model.next("the r", top=1)[0][0]


def test_words_are_joined_to_the_prompt(words_model):
    drawn = words_model.sample("the red", strategy="argmax", length=1)
    assert drawn.lstrip(" ") == words_model.next("the red", top=1)[0][0]
    assert drawn.startswith((" ", "\n"))


@pytest.mark.parametrize(
    "settings", [{"temperature": 0.0}, {"length": -1}, {"strategy": "guess"}, {"samples": 0}, {"top_p": 2.0}]
)
def test_settings_out_of_range_are_refused(model, settings):
    with pytest.raises(UsageError, match=f"--{next(iter(settings)).replace('_', '-')} must be"):
        model.sample("the ", **settings)


# choices


def test_choices_are_those_of_a_sample(model):
    choices = list(model.choices("the ", top=3, length=12, seed=1))
    assert "".join(choice.text for choice in choices) == model.sample("the ", length=12, seed=1)
    assert {len(choice.candidates) for choice in choices} == {3}


def test_settings_change_between_choices(model):
    wanted = iter([{}, {"strategy": "argmax"}])
    first, *others = model.choices("the ", changes=lambda: next(wanted, {}), length=5, seed=1)
    assert first.chance < 1.0
    assert {choice.chance for choice in others} == {1.0}


def test_a_wrong_change_is_an_error(model):
    with pytest.raises(UsageError, match="--temperature must be at least"):
        next(model.choices("the ", changes=lambda: {"temperature": 0.0}))


# next, score, trace


def test_the_next_tokens_come_with_falling_probabilities_that_sum_to_one(model):
    found = model.next("the ", top=len(model.vocabulary))
    chances = [chance for _, chance in found]
    assert sorted(token for token, _ in found) == sorted(model.vocabulary.tokens)
    assert chances == sorted(chances, reverse=True)
    np.testing.assert_allclose(sum(chances), 1.0, rtol=0, atol=1e-5)


def test_the_first_of_the_next_tokens_are_given(model):
    assert model.next("the ", top=3) == model.next("the ", top=20)[:3]
    assert len(model.next("the ")) == 10


def test_a_text_begins_like_the_corpus_is_made(model):
    counts = dict(zip(model.vocabulary.tokens, model.vocabulary.counts, strict=True))
    for token, chance in model.next("", top=5):
        np.testing.assert_allclose(chance, counts[token] / sum(counts.values()), rtol=1e-5, atol=0)


@pytest.mark.parametrize("text", ["t", "the brown hen has 3 eggs."])
def test_the_score_is_the_sum_over_the_next_tokens(model, text):
    chances = [dict(model.next(text[:i], top=len(model.vocabulary)))[token] for i, token in enumerate(text)]
    score = model.score(text, stream=True)
    np.testing.assert_allclose(score.log_probability, sum(map(math.log, chances)), rtol=1e-4, atol=0)
    assert score.tokens == len(text)
    assert score.loss == -score.log_probability / len(text)


def test_a_trace_holds_every_unit_and_gate_of_every_step(model):
    trace = model.trace("the hen")
    assert {name: array.shape for name, array in trace.items()} == {f"0.{name}": (7, TINY["hidden"]) for name in "hcifog"}
    assert all(np.all((trace[f"0.{gate}"] > 0) & (trace[f"0.{gate}"] < 1)) for gate in "ifo")


def test_a_trace_ends_where_reading_step_by_step_ends(model):
    state, _ = model.model.start(1)
    for token in model.vocabulary.encode("the hen"):
        state, _ = model.model.advance(state, np.array([token], np.int64))
    trace = model.trace("the hen")
    np.testing.assert_allclose(trace["0.h"][-1], state[0, 0, 0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(trace["0.c"][-1], state[0, 0, 1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("ask", ["next", "trace"])
def test_a_token_that_the_model_has_never_seen_is_named(model, ask):
    with pytest.raises(DataError, match="never seen 'Z'"):
        getattr(model, ask)("the Zebra")


def test_no_text_has_no_score(model):
    with pytest.raises(DataError, match="nothing to score"):
        model.score("", stream=True)
