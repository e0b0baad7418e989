"""The categorical hidden Markov model behind the language-model protocol."""

import numpy as np
import pytest

from seqterm.evaluation.lines import score_sentences
from seqterm.models.base import LanguageModel
from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.settings import SamplingSettings
from tests.models.hidden import BACKEND, categorical, tokens
from tests.naive import hmm as naive

V, START = 6, 1
EITHER = pytest.mark.parametrize("start", [None, START])
STRATEGIES = [
    {"strategy": "argmax", "repetition_penalty": 1.7},
    {"strategy": "multinomial", "temperature": 0.6},
    {"strategy": "top-k", "top_k": 3},
    {"strategy": "top-p", "top_p": 0.7},
]


def log_probability(model, ids):
    problem = ids, model.initial, model.transition, naive.categorical(model.emission)
    return np.log(naive.probability(*problem))


def test_it_is_a_language_model():
    model: LanguageModel = categorical()
    assert model.zero_state(2).shape == (2, 3)


@EITHER
def test_probabilities_sum_to_one_in_every_context_and_no_start_mark_is_predicted(start):
    model = categorical(4, V, start_token=start)
    state, log_p = model.start(3)
    for step in ([0, 2, 3], [3, 1, 0], [1, 5, 1], [5, 5, 5]):
        np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, rtol=1e-12, atol=0)
        if start is not None:
            assert (log_p[:, start] == -np.inf).all()
        state, log_p = model.advance(state, np.array(step))
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, rtol=1e-12, atol=0)


@EITHER
def test_each_prediction_is_a_ratio_of_probabilities_over_all_paths(start):
    model = categorical(3, V, start_token=start)
    ids = [0, 3, 5, 2]
    state, log_p = model.start(1)
    for n, token in enumerate(ids):
        before = log_probability(model, ids[:n]) if n else 0.0
        wanted = log_probability(model, ids[: n + 1]) - before
        assert log_p[0, token] == pytest.approx(wanted, rel=1e-12)
        state, log_p = model.advance(state, np.array([token]))


def test_a_start_mark_begins_a_sequence():
    model = categorical(3, V, start_token=START)
    state, log_p = model.start(1)
    after, _ = model.advance(state, np.array([4]))
    again, log_p_again = model.advance(after, np.array([START]))
    np.testing.assert_array_equal(again, state)
    np.testing.assert_array_equal(log_p_again, log_p)


@EITHER
def test_score_equals_stepping_and_leaves_its_state(start):
    model = categorical(5, V, start_token=start)
    random = np.random.default_rng(1)
    ids, targets = random.integers(0, V, (30, 3)), random.integers(-1, V, (30, 3))
    first = state = model.zero_state(3)
    kept, wanted = first.copy(), np.zeros(ids.shape)
    for t in range(len(ids)):
        state, log_p = model.advance(state, ids[t])
        wanted[t] = np.where(targets[t] < 0, 0, log_p[np.arange(3), targets[t]])
    final, scored = model.score(first, ids, targets)
    np.testing.assert_array_equal(scored, wanted)
    np.testing.assert_array_equal(final, state)
    np.testing.assert_array_equal(first, kept)


def test_states_gather_by_index():
    model = categorical(3, V)
    state, _ = model.advance(model.zero_state(3), np.array([0, 1, 2]))
    chosen, following = [2, 0, 0], np.array([4, 3, 1])
    gathered, log_p = model.advance(state[chosen], following)
    for row, (source, token) in enumerate(zip(chosen, following, strict=True)):
        alone, alone_log_p = model.advance(state[[source]], np.array([token]))
        np.testing.assert_array_equal(gathered[row], alone[0])
        np.testing.assert_array_equal(log_p[row], alone_log_p[0])


def test_an_impossible_token_has_no_probability_and_says_nothing():
    model = categorical(3, V)
    model.emission[:, 2] = 0
    model.emission /= model.emission.sum(axis=1, keepdims=True)
    model.changed()
    state, log_p = model.start(1)
    assert log_p[0, 2] == -np.inf
    after, log_p = model.advance(state, np.array([2]))
    np.testing.assert_allclose(after, state @ model.transition, rtol=1e-13, atol=0)
    np.testing.assert_allclose(np.exp(log_p).sum(), 1, rtol=1e-13, atol=0)


def test_trace_gives_states_of_every_sequence():
    model = categorical(3, V, start_token=START)
    ids = np.array([START, 0, 3, 5, START, 2])
    found = model.trace(ids)
    assert {name: array.shape for name, array in found.items()} == {"filtered": (6, 3), "smoothed": (6, 3), "viterbi": (6,)}
    for part in (slice(1, 4), slice(5, 6)):
        problem = ids[part], model.initial, model.transition, naive.categorical(model.emission)
        np.testing.assert_allclose(found["filtered"][part], naive.filtered(*problem), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found["smoothed"][part], naive.smoothed(*problem), rtol=1e-12, atol=1e-14)
        assert tuple(found["viterbi"][part]) == naive.best_path(*problem)
    for name, nothing in (("filtered", 0), ("smoothed", 0), ("viterbi", -1)):
        assert (found[name][[0, 4]] == nothing).all()


def test_sentences_score_as_what_is_expected_of_them():
    model, sequences = categorical(4, V, start_token=START), tokens((5, 1, 9))
    ids = np.where(sequences.observations == START, 0, sequences.observations).astype(np.int32)
    sequences = sequences._replace(observations=ids)
    stream = np.concatenate([np.append(START, part) for part in np.split(ids, sequences.bounds[1:-1])])
    found = score_sentences(model, stream, START)
    assert found.tokens == len(ids)
    assert found.log_probability == pytest.approx(model.expect(sequences).log_likelihood, rel=1e-6)  # kept in float32


@EITHER
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy["strategy"])
def test_draw_is_draw_by_steps_whatever_the_number_of_rows(strategy, start):
    model, settings = categorical(4, V, start_token=start), SamplingSettings(**strategy)
    found = {}
    for name, n in (("compiled", 4), ("steps", 4), ("few", 2)):
        state, log_p = model.start(n)
        seen, banned = np.zeros((n, V), np.bool_), np.arange(V) == 3
        draw = (lambda *rest: draw_by_steps(model, BACKEND, *rest)) if name == "steps" else model.draw
        found[name] = *draw(state, log_p, seen, banned, settings, 7, 5, 20), seen
    for one, other in zip(found["compiled"], found["steps"], strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(found["compiled"][2][:, :2], found["few"][2])
    assert not (found["compiled"][2] == 3).any()
