"""Drawing with `advance` alone gives what the compiled draw gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.settings import SamplingSettings

SETTINGS = [
    {},
    {"strategy": "argmax"},
    {"strategy": "top-k", "top_k": 4},
    {"top_k": 4, "top_k_draw": "uniform"},
    {"strategy": "top-p", "top_p": 0.7, "temperature": 1.3},
    {"strategy": "min-p", "min_p": 0.1, "repetition_penalty": 1.4},
]


def drawn(draw, model, chosen, n_rows, count):
    state, log_p = model.start(n_rows)
    seen = np.zeros((n_rows, model.vocabulary_size), np.bool_)
    return *draw(state, log_p, seen, np.zeros(model.vocabulary_size, np.bool_), chosen, 12345, 7, count), seen


@pytest.fixture(scope="module", params=["lstm", "words", "byte_model"])
def model(request):
    return request.getfixturevalue(request.param)[0]


@pytest.fixture(scope="module")
def by_steps(model):
    return lambda *arguments: draw_by_steps(model, model.backend, *arguments)


@pytest.mark.parametrize("chosen", SETTINGS, ids=str)
def test_gives_the_tokens_and_states_of_the_compiled_draw(model, by_steps, chosen):
    chosen = SamplingSettings(**chosen)
    names = ("state", "log_p", "tokens", "chosen", "seen")
    for name, slow, fast in zip(
        names, drawn(by_steps, model, chosen, 3, 12), drawn(model.draw, model, chosen, 3, 12), strict=True
    ):
        np.testing.assert_allclose(slow, fast, rtol=1e-5, atol=1e-6, err_msg=name)


def test_does_not_change_what_it_is_given(model):
    state, log_p = model.start(2)
    before = state.copy(), log_p.copy()
    model.draw(
        state, log_p, np.zeros(log_p.shape, np.bool_), np.zeros(model.vocabulary_size, np.bool_), SamplingSettings(), 1, 0, 5
    )
    np.testing.assert_array_equal(state, before[0])
    np.testing.assert_array_equal(log_p, before[1])


@settings(deadline=None, max_examples=20)
@given(k=st.integers(1, 30), key=st.integers(0, 2**62), uniform=st.booleans())
def test_top_k_draws_from_the_k_most_probable(lstm, k, key, uniform):
    model, _ = lstm
    state, log_p = model.start(1)
    chosen = SamplingSettings(strategy="top-k", top_k=k, top_k_draw="uniform" if uniform else "weighted")
    for step in range(10):
        best = np.sort(log_p[0])[::-1][: min(k, model.vocabulary_size)]
        state, following, tokens, _ = model.draw(
            state, log_p, np.zeros(log_p.shape, np.bool_), np.zeros(model.vocabulary_size, np.bool_), chosen, key, step, 1
        )
        assert log_p[0, tokens[0, 0]] >= best[-1]
        log_p = following


@pytest.mark.parametrize("draw", ["by_steps", "compiled"])
def test_remembers_what_it_has_drawn(model, by_steps, draw):
    _, _, tokens, _, seen = drawn(by_steps if draw == "by_steps" else model.draw, model, SamplingSettings(), 3, 6)
    for row in range(3):
        assert set(np.flatnonzero(seen[row])) == set(tokens[:, row])
