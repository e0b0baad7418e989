"""The neural n-gram against an oracle and central differences, and behind the language-model protocol."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.errors import UsageError
from seqterm.layers import softmax
from seqterm.models.nnlm import NONE, Nnlm
from seqterm.models.nnlm_settings import NnlmSettings
from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.stream import Batch
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater
from tests.models.networks import BACKEND, Window, add_gradients, gradients
from tests.naive import nnlm as naive
from tests.naive.differences import central_differences

SCALE = 0.37
FORMS = {"plain": {}, "direct": {"direct": True}, "tied": {"embedding": 3, "tied": True}, "no bias": {"bias": False}}
# Steps of three rows, and whether five tokens are a wide vocabulary: see test_recurrent_gradient.
PATHS = {"folded": (4, False), "looked up": (3, False), "wide": (4, True)}
EACH_FORM = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(params=PATHS)
def n_steps(request, monkeypatch):
    steps, wide = PATHS[request.param]
    if wide:
        monkeypatch.setattr(softmax, "WIDE", 5)
    return steps


def network(form="plain", vocabulary_size=5, backend=BACKEND, start_token=None, scale=0.8, **values):
    """Windows of three tokens, its parameters normal numbers times `scale`."""
    settings = NnlmSettings(**{"order": 4, "hidden": 3, "embedding": 2, "precision": "float64", **FORMS[form], **values})
    random = np.random.default_rng(3)
    start = random.dirichlet(np.ones(vocabulary_size))
    model = Nnlm(settings, np.log(start), backend, start_token)
    model.flat[:] = random.standard_normal(model.flat.size) * scale
    return model


STATE = np.array([[NONE, NONE, NONE], [NONE, 4, 1], [2, 0, 2]])


def ragged_window(model, n_steps, seed=5):
    """Rows that begin, that began just before, and in the midst of a text; targets past a row's end are masked."""
    random, lengths = np.random.default_rng(seed), np.array([n_steps, 2, 3])
    ids, targets = random.integers(0, model.vocabulary_size, (2, n_steps, 3))
    targets[np.arange(n_steps)[:, None] >= lengths] = -1
    return Window(ids, targets, lengths, STATE)


# What it computes


@EACH_FORM
def test_gradients_and_scores_are_those_of_the_oracle_and_of_central_differences(form, n_steps):
    """The loss is the oracle's, and the gradient of every parameter that of the loss."""
    model = network(form)
    window = ragged_window(model, n_steps)
    direct = model.settings.direct
    wanted = naive.scores(model.parameters, 3, window.ids, window.targets, window.state, direct)
    _, flat, dstate, log_p, final = gradients(model, window, SCALE)
    _, scored = model.score(window.state, window.ids, window.targets)
    np.testing.assert_allclose(scored, wanted, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(log_p, wanted.sum(), rtol=1e-12, atol=0)

    scratch, workspace = np.zeros_like(model.flat), model.workspace()
    numeric = central_differences(lambda: -SCALE * add_gradients(model, window, scratch, workspace, SCALE)[0], model.flat)
    np.testing.assert_allclose(flat, numeric, rtol=1e-6, atol=1e-9)
    assert dstate is None
    ends = [np.concatenate([window.state[b], window.ids[: window.lengths[b], b]])[-3:] for b in range(3)]
    np.testing.assert_array_equal(final, ends)


@EACH_FORM
def test_gradients_are_added_and_a_used_workspace_changes_nothing(form, n_steps):
    model = network(form)
    window, workspace = ragged_window(model, n_steps), model.workspace()
    _, once, _, _, _ = gradients(model, window)
    flat = np.zeros_like(once)
    add_gradients(model, ragged_window(model, 4, seed=9), flat, workspace)
    flat[:] = 0
    add_gradients(model, window, flat, workspace)
    np.testing.assert_array_equal(flat, once)
    add_gradients(model, window, flat, workspace)
    np.testing.assert_allclose(flat, 2 * once, rtol=1e-12, atol=1e-14)


def test_a_forward_pass_worked_out():
    """One hidden unit of two tokens' vectors of one number each: h = tanh(.5 * 1 - .25 * 2 + .3), with direct connections."""
    model = Nnlm(NnlmSettings(order=3, hidden=1, embedding=1, direct=True, precision="float64"), np.log([0.5, 0.5]), BACKEND)
    model.parameters["embedding"]["table"][...] = [[1.0], [2.0]]
    model.parameters["hidden"]["W_x"][...] = [[0.5], [-0.25]]
    model.parameters["hidden"]["b"][...] = [0.3]
    model.parameters["output"]["W"][...] = [[1.0, 0.1, 0.2], [-1.0, 0.3, 0.0]]
    model.parameters["output"]["b"][...] = [0.0, 0.5]
    state, _ = model.advance(model.zero_state(1), np.array([0]))
    state, log_p = model.advance(state, np.array([1]))
    h = 0.2913126124515909  # tanh(.3)
    logits = np.array([h + 0.1 + 0.4, -h + 0.3 + 0.5])
    np.testing.assert_array_equal(state, [[0, 1]])
    np.testing.assert_allclose(np.exp(log_p[0]), np.exp(logits) / np.exp(logits).sum(), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("form", "count"), [("plain", 10 + 21 + 20), ("direct", 10 + 21 + 50), ("tied", 15 + 30 + 5), ("no bias", 43)]
)
def test_how_many_parameters_there_are(form, count):
    """5 tokens; 2 numbers a vector (tied: 3), 3 vectors into 3 units, and from these, or from these and the vectors, 5 logits."""
    assert network(form).flat.size == count


# A language model


@pytest.mark.parametrize("precision", ["float32", "float64"])
@EACH_FORM
def test_score_equals_stepping(form, precision):
    """Over 130 steps, and carried over a cut."""
    model = network(form, precision=precision)
    random = np.random.default_rng(1)
    ids, targets = random.integers(0, 5, (130, 3)), random.integers(-1, 5, (130, 3))
    state, expected = STATE, np.zeros(ids.shape)
    for t in range(len(ids)):
        state, log_p = model.advance(state, ids[t])
        np.testing.assert_allclose(np.exp(log_p.astype(np.float64)).sum(axis=1), 1.0, rtol=0, atol=2e-6)
        expected[t] = np.where(targets[t] < 0, 0.0, log_p[np.arange(3), targets[t]])
    final, scored = model.score(STATE, ids, targets)
    cut, head = model.score(STATE, ids[:7], targets[:7])
    _, tail = model.score(cut, ids[7:], targets[7:])
    np.testing.assert_allclose(scored, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([head, tail]), scored, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(final, state)
    np.testing.assert_array_equal(STATE, [[NONE, NONE, NONE], [NONE, 4, 1], [2, 0, 2]])


def test_only_the_last_tokens_count_and_each_place_does():
    model = network()
    _, log_p = model.advance(np.array([[0, 1, 2], [3, 1, 2], [0, 3, 2], [0, 1, 3]]), np.array([4, 4, 4, 4]))
    np.testing.assert_array_equal(log_p[0], log_p[1])  # four tokens back
    assert np.abs(log_p[0] - log_p[2]).max() > 1e-3
    assert np.abs(log_p[0] - log_p[3]).max() > 1e-3


def test_states_gather_by_index():
    model = network()
    chosen, tokens = [2, 0, 0, 1], np.array([4, 3, 1, 0])
    state, log_p = model.advance(STATE[chosen], tokens)
    for row, (source, token) in enumerate(zip(chosen, tokens, strict=True)):
        alone, alone_log_p = model.advance(STATE[[source]], np.array([token]))
        np.testing.assert_array_equal(state[row], alone[0])
        np.testing.assert_array_equal(log_p[row], alone_log_p[0])


def test_start_is_the_first_tokens_distribution_or_what_follows_the_start_token():
    without, model = network(), network(start_token=2)
    state, log_p = without.start(2)
    np.testing.assert_array_equal(state, np.full((2, 3), NONE))
    np.testing.assert_allclose(np.exp(log_p[1]), np.random.default_rng(3).dirichlet(np.ones(5)), rtol=1e-12, atol=0)
    state, log_p = model.start(2)
    np.testing.assert_array_equal(state, [[NONE, NONE, 2]] * 2)
    np.testing.assert_allclose(log_p[0], naive.log_p(model.parameters, [None, None, 2]), rtol=1e-12, atol=0)


def test_the_trace_holds_the_hidden_units():
    model = network()
    ids = np.random.default_rng(4).integers(0, 5, 9)
    (name, traced), *others = model.trace(ids).items()
    assert (name, others) == ("hidden.h", [])
    table, hidden = model.parameters["embedding"]["table"], model.parameters["hidden"]
    wanted = np.tanh(np.concatenate(table[ids[4:7]]) @ hidden["W_x"] + hidden["b"])
    np.testing.assert_allclose(traced[6], wanted, rtol=1e-12, atol=1e-14)
    assert traced.shape == (9, 3)


def test_changed_weights_are_seen_after_changed():
    model = network()
    _, old = model.advance(STATE, np.array([1, 1, 1]))
    model.score(STATE, np.array([[1, 1, 1]]), np.array([[2, 2, 2]]))
    model.flat *= 1.5
    model.changed()
    _, new = model.advance(STATE, np.array([1, 1, 1]))
    _, scored = model.score(STATE, np.array([[1, 1, 1]]), np.array([[2, 2, 2]]))
    assert np.abs(new - old).max() > 1e-2
    np.testing.assert_allclose(new[:, 2], scored[0], rtol=1e-12, atol=0)


def test_drawn_text_does_not_depend_on_how_much_is_drawn_at_once():
    model = network(precision="float32", vocabulary_size=11)

    def drawn(counts):
        (state, log_p), tokens = model.start(3), []
        seen, first = np.zeros((3, 11), np.bool_), 0
        for count in counts:
            settings = SamplingSettings(repetition_penalty=1.2)
            state, log_p, some, _ = draw_by_steps(model, BACKEND, state, log_p, seen, seen[0] & False, settings, 7, first, count)
            tokens, first = [*tokens, *some], first + count
        return np.array(tokens)

    whole = drawn([20])
    assert len(np.unique(whole)) > 3
    np.testing.assert_array_equal(drawn([1, 12, 7]), whole)


def test_settings_that_do_not_fit_together():
    with pytest.raises(UsageError, match="--tied does not go with --direct"):
        Nnlm.check(NnlmSettings(tied=True, direct=True, embedding=128))
    with pytest.raises(UsageError, match="--tied needs --embedding 128"):
        Nnlm.check(NnlmSettings(tied=True))
    Nnlm.check(NnlmSettings(tied=True, embedding=128))


# Vocabularies that threads share out

V = softmax.WIDE + 4


def text(seed):
    """Of some 30 tokens, others for every seed."""
    random = np.random.default_rng(seed)
    ids = random.choice(random.choice(V, 30, replace=False), (7, 5))
    return Batch(ids[:-1], ids[1:], np.full(5, 6), seed == 0)


def updated(form, optimizer, threads=2):
    """-> the parameters before and after three updates that carry their state on, and that state."""
    values = {"embedding": 32} if form == "tied" else {}
    model = network(form, V, CPU(2), scale=0.3, hidden=32, **values)
    before, training = model.flat.copy(), TrainingSettings(optimizer=optimizer, batch=5, steps=6, threads=threads, epsilon=1e-3)
    updater = Updater(model, training)
    assert all(updater.update(text(seed), 0.1, step).finite for step, seed in enumerate(range(3)))
    return model, before, updater.state


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("form", ["plain", "direct", "tied"])
def test_updates_equal_those_of_a_narrow_vocabulary(form, optimizer, monkeypatch):
    """Also of tokens that only the window before has named."""
    wide, _, state = updated(form, optimizer, threads=3)
    monkeypatch.setattr(softmax, "WIDE", V + 1)
    narrow, _, narrow_state = updated(form, optimizer)
    np.testing.assert_allclose(wide.flat, narrow.flat, rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(state, narrow_state)


def test_only_vectors_of_tokens_that_were_read_change():
    model, before, _ = updated("plain", "sgd")
    table = model.parameters["embedding"]["table"]
    changed = np.flatnonzero((table != before[: table.size].reshape(table.shape)).any(1))
    np.testing.assert_array_equal(changed, np.unique([text(seed).ids for seed in range(3)]))
