"""The oracles themselves, against numbers worked out by hand and against central differences."""

import math

import numpy as np
import pytest

from tests.naive import autoregression, elman, gru, hmm, lstm, sequence, softmax
from tests.naive.differences import central_differences

STEPS = {
    "elman tanh": (elman.tanh_step, 1, 1),
    "elman relu": (elman.relu_step, 1, 1),
    "lstm": (lstm.step, 4, 2),
    "gru after keep": (gru.after_keep, 3, 1),
    "gru after renew": (gru.after_renew, 3, 1),
    "gru before keep": (gru.before_keep, 3, 1),
    "gru before renew": (gru.before_renew, 3, 1),
}


@pytest.fixture(params=STEPS)
def problem(request):
    """A cell with ragged lengths: step, x, state, w, dh, dfinal, lengths."""
    step, gates, n_states = STEPS[request.param]
    random = np.random.default_rng(3)
    w = {"W_x": random.normal(size=(2, gates * 3)), "W_h": random.normal(size=(3, gates * 3)), "b": random.normal(size=gates * 3)}
    if "after" in request.param:
        w["b_h"] = random.normal(size=gates * 3)
    x, state = random.normal(size=(4, 2, 2)), random.normal(size=(2, n_states, 3))
    return step, x, state, w, random.normal(size=(4, 2, 3)), random.normal(size=state.shape), [4, 2]


def test_gradients_of_the_cells_agree_with_central_differences(problem):
    step, x, state, w, dh, dfinal, lengths = problem
    gradients = sequence.gradients(step, x, state, w, dh, dfinal, lengths)[2]

    def loss():
        h, final = sequence.forward(step, x, state, w, lengths)
        return (h * dh).sum() + (final * dfinal).sum()

    for name, array in {"x": x, "state": state, **w}.items():
        np.testing.assert_allclose(gradients[name], central_differences(loss, array), rtol=1e-6, atol=1e-8, err_msg=name)


def test_a_cut_after_a_step_hides_what_comes_later_from_it(problem):
    step, x, state, w, dh, dfinal, _ = problem
    early_dh = dh.copy()
    early_dh[2:] = 0
    cut = sequence.gradients(step, x, state, w, dh, dfinal, cuts=[False, True, False, False])[2]
    early = sequence.gradients(step, x, state, w, early_dh)[2]
    np.testing.assert_allclose(cut["state"], early["state"], rtol=1e-12, atol=0)
    np.testing.assert_allclose(cut["x"][:2], early["x"][:2], rtol=1e-12, atol=0)


def test_truncation_beyond_the_window_gives_the_whole_gradient(problem):
    step, x, state, w, dh, _, lengths = problem
    whole = sequence.gradients(step, x, state, w, dh, lengths=lengths)[2]
    for name, gradient in sequence.truncated_gradients(step, x, state, w, dh, 4, lengths).items():
        np.testing.assert_allclose(gradient, whole[name], rtol=1e-10, atol=1e-12, err_msg=name)


def test_truncation_to_no_step_back_by_hand():
    """One unit: dL/dW_h is then the sum over t of dh_t (1 - h_t^2) h_(t-1)."""
    random = np.random.default_rng(5)
    a, dh, w = random.normal(size=(4, 1, 1)), random.normal(size=(4, 1, 1)), 0.7
    h, wanted = [0.3], 0.0
    for t in range(4):
        h.append(math.tanh(a[t, 0, 0] + w * h[t]))
        wanted += dh[t, 0, 0] * (1 - h[t + 1] ** 2) * h[t]
    found = sequence.truncated_gradients(elman.tanh_step, a, np.array([[[0.3]]]), {"W_h": np.array([[w]])}, dh, 0)
    np.testing.assert_allclose(found["W_h"], [[wanted]], rtol=1e-12, atol=0)


def test_softmax_by_hand():
    log_p, gradient = softmax.cross_entropy([[0.0, math.log(3.0)], [5.0, 5.0]], [1, -1], 2.0)
    np.testing.assert_allclose(log_p, [math.log(0.75), 0.0], rtol=1e-14, atol=0)
    np.testing.assert_allclose(gradient, [[0.5, -0.5], [0.0, 0.0]], rtol=1e-14, atol=0)


def test_a_hidden_markov_model_by_hand():
    """Ids 0, 1 by two states: paths 00, 01, 10, 11 have 0.6*0.9*0.7*0.1, 0.6*0.9*0.3*0.8, 0.4*0.2*0.4*0.1 and 0.4*0.2*0.6*0.8."""
    initial, transition, emission = [0.6, 0.4], [[0.7, 0.3], [0.4, 0.6]], [[0.9, 0.1], [0.2, 0.8]]
    problem = [0, 1], initial, transition, hmm.categorical(emission)
    assert list(hmm.paths(*problem).values()) == pytest.approx([0.0378, 0.1296, 0.0032, 0.0384], rel=1e-12)
    assert hmm.probability(*problem) == pytest.approx(0.209, rel=1e-12)
    assert hmm.best_path(*problem) == (0, 1)
    assert hmm.smoothed(*problem)[0][0] == pytest.approx(0.1674 / 0.209, rel=1e-12)
    assert hmm.filtered(*problem)[0][0] == pytest.approx(0.54 / 0.62, rel=1e-12)
    assert hmm.transitions(*problem)[1][1] == pytest.approx(0.0384 / 0.209, rel=1e-12)


def test_recursions_of_logarithms_equal_going_through_every_path():
    random = np.random.default_rng(6)
    initial, transition, emission = (random.dirichlet(np.ones(n), rows) for n, rows in ((3, None), (3, 3), (4, 3)))
    problem = [0, 3, -1, 2, 2], initial, transition, hmm.categorical(emission)
    total, smoothed, transitions = hmm.recursions(*problem)
    assert total == pytest.approx(math.log(hmm.probability(*problem)), rel=1e-13)
    np.testing.assert_allclose(smoothed, hmm.smoothed(*problem), rtol=1e-12, atol=0)
    np.testing.assert_allclose(transitions, hmm.transitions(*problem), rtol=1e-12, atol=0)


def test_an_autoregression_by_hand():
    """y_t = 1 + 2 y_(t-1); and without a constant, the ratio of sums."""
    coefficients, _, residuals = autoregression.fit(np.array([0.0, 1.0, 3.0, 7.0, 15.0]), 1)
    np.testing.assert_allclose(coefficients, [1, 2], rtol=1e-12, atol=0)
    np.testing.assert_allclose(residuals, 0, rtol=0, atol=1e-12)
    coefficients, *_ = autoregression.fit(np.array([1.0, 2.0, 3.0]), 1, "none")
    np.testing.assert_allclose(coefficients, [(2 * 1 + 3 * 2) / (1 + 4)], rtol=1e-14, atol=0)
    x, target = autoregression.design([5.0, 6.0, 7.0, 8.0], 1, "linear", 2)
    np.testing.assert_array_equal(x, [[1, 2, 1, 5], [1, 3, 0, 6], [1, 4, 1, 7]])
    np.testing.assert_array_equal(target, [6, 7, 8])
    np.testing.assert_array_equal(autoregression.forecast([1.0], 2, [1.0, 2.0], 1), [3, 7])
