"""The compiled draw: the same bits as the generic one, whatever the number of rows and the size of a chunk."""

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.backends.cpu import CPU
from seqterm.models import recurrent
from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.settings import SamplingSettings
from tests.models.networks import BACKEND, CELLS, INPUTS, network

V, LENGTH = 9, 40
STRATEGIES = [
    {"strategy": "argmax"},
    {"strategy": "argmax", "repetition_penalty": 1.7},
    {"strategy": "multinomial"},
    {"strategy": "multinomial", "temperature": 0.6, "repetition_penalty": 1.3},
    {"strategy": "top-k", "top_k": 3},
    {"strategy": "top-k", "top_k": 4, "top_k_draw": "uniform"},
    {"strategy": "top-p", "top_p": 0.7},
    {"strategy": "min-p", "min_p": 0.2},
]
networks = st.builds(
    lambda cell, form, bias, seed: network(cell, seed, vocabulary_size=V, bias=bias, **INPUTS[form]),
    st.sampled_from(list(CELLS)),
    st.sampled_from(list(INPUTS)),
    st.booleans(),
    st.integers(0, 10**6),
)
strategies = st.sampled_from(STRATEGIES).map(lambda values: SamplingSettings(**values))
rounded = st.sampled_from(STRATEGIES).map(lambda values: SamplingSettings(**values, weights="8-bit"))
keys = st.integers(0, 2**62)


def beginning(model, n):
    state, log_p = model.start(n)
    return state, log_p, np.zeros((n, V), np.bool_)


@settings(deadline=None, max_examples=80)
@given(model=networks, chosen=strategies, key=keys, rows=st.integers(1, 5), first=st.integers(0, 1000))
def test_draw_is_draw_by_steps_bit_for_bit(model, chosen, key, rows, first):
    seen, seen_by_steps = (beginning(model, rows)[2] for _ in range(2))
    state, log_p, _ = beginning(model, rows)
    compiled = model.draw(state, log_p, seen, np.zeros(model.vocabulary_size, np.bool_), chosen, key, first, 20)
    generic = draw_by_steps(
        model, BACKEND, state, log_p, seen_by_steps, np.zeros(model.vocabulary_size, np.bool_), chosen, key, first, 20
    )
    for one, other in zip(compiled, generic, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(seen, seen_by_steps)


@settings(deadline=None, max_examples=60)
@given(model=networks, chosen=strategies | rounded, key=keys, rows=st.integers(1, 9))
def test_a_rows_text_does_not_depend_on_how_many_rows_there_are(model, chosen, key, rows):
    many = model.draw(*beginning(model, 9), np.zeros(model.vocabulary_size, np.bool_), chosen, key, 0, 20)
    few = model.draw(*beginning(model, rows), np.zeros(model.vocabulary_size, np.bool_), chosen, key, 0, 20)
    np.testing.assert_array_equal(few[2], many[2][:, :rows])
    np.testing.assert_array_equal(few[3], many[3][:, :rows])
    np.testing.assert_array_equal(few[0], many[0][:rows])


@settings(deadline=None, max_examples=60)
@given(model=networks, chosen=strategies | rounded, key=keys, cuts=st.sets(st.integers(1, LENGTH - 1), max_size=8))
def test_the_text_does_not_depend_on_chunk_sizes(model, chosen, key, cuts):
    state, log_p, seen = beginning(model, 2)
    whole = model.draw(state, log_p, seen.copy(), np.zeros(model.vocabulary_size, np.bool_), chosen, key, 0, LENGTH)
    pieces, places = [], [0, *sorted(cuts), LENGTH]
    for first, last in pairwise(places):
        state, log_p, tokens, _ = model.draw(
            state, log_p, seen, np.zeros(model.vocabulary_size, np.bool_), chosen, key, first, last - first
        )
        pieces.append(tokens)
    np.testing.assert_array_equal(np.concatenate(pieces), whole[2])
    np.testing.assert_array_equal(state, whole[0])
    np.testing.assert_array_equal(log_p, whole[1])


@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_rounded_weights_draw_by_nearly_the_same_probabilities(cell, form):
    """Each weight is within half a percent of its column's largest."""
    model, none = network(cell, vocabulary_size=V, **INPUTS[form]), np.zeros(V, np.bool_)
    full = model.draw(*beginning(model, 3), none, SamplingSettings(), 3, 0, 1)
    near = model.draw(*beginning(model, 3), none, SamplingSettings(weights="8-bit"), 3, 0, 1)
    np.testing.assert_array_equal(near[2], full[2])  # the first token's distribution is no product
    np.testing.assert_allclose(np.exp(near[1]), np.exp(full[1]), rtol=0, atol=0.05)
    assert not np.array_equal(near[1], full[1])


@settings(deadline=None, max_examples=40)
@given(model=networks, key=keys, k=st.integers(1, 2 * V), uniform=st.booleans())
def test_top_k_draws_stay_inside_the_vocabulary_and_the_k_best(model, key, k, uniform):
    chosen = SamplingSettings(strategy="top-k", top_k=k, top_k_draw="uniform" if uniform else "weighted")
    state, log_p, seen = beginning(model, 3)
    _, _, tokens, _ = model.draw(state, log_p, seen, np.zeros(model.vocabulary_size, np.bool_), chosen, key, 0, 20)
    for drawn in tokens:
        assert ((drawn >= 0) & (drawn < V)).all()
        better = (log_p > log_p[np.arange(3), drawn][:, None]).sum(axis=1)
        assert (better < k).all()
        state, log_p = model.advance(state, drawn)


@pytest.mark.parametrize("cell", CELLS)
def test_draw_gives_the_models_own_log_probabilities(cell):
    model = network(cell, vocabulary_size=V)
    chosen = SamplingSettings(strategy="top-k", top_k=2, temperature=0.5)
    _, _, tokens, log_p = model.draw(*beginning(model, 2), np.zeros(model.vocabulary_size, np.bool_), chosen, 11, 0, 12)
    _, start = model.start(2)
    np.testing.assert_array_equal(log_p[0], start[[0, 1], tokens[0]])
    _, scored = model.score(model.zero_state(2), tokens[:-1], tokens[1:])
    np.testing.assert_allclose(log_p[1:], scored, rtol=1e-4, atol=1e-5)


def test_draw_leaves_state_and_log_p_and_marks_what_it_drew():
    model = network("lstm", vocabulary_size=V)
    state, log_p, seen = beginning(model, 2)
    kept = log_p.copy()
    tokens = model.draw(state, log_p, seen, np.zeros(model.vocabulary_size, np.bool_), SamplingSettings(), 5, 0, 6)[2]
    assert not state.any()
    np.testing.assert_array_equal(log_p, kept)
    for row in range(2):
        assert set(np.flatnonzero(seen[row])) == set(tokens[:, row].tolist())


def test_rows_draw_different_texts():
    model = network("gru-after-keep", vocabulary_size=V)
    tokens = model.draw(*beginning(model, 4), np.zeros(model.vocabulary_size, np.bool_), SamplingSettings(), 5, 0, 30)[2]
    assert len({tuple(column) for column in tokens.T}) == 4


# Workers that share out the steps


@pytest.fixture
def shared(monkeypatch):
    """Every step is large enough for all threads."""
    monkeypatch.setattr(recurrent, "SHARED", 1)


def several_panels(cell="lstm", threads=1, **values):
    return network(cell, vocabulary_size=V, hidden=40, backend=CPU(threads), **{**INPUTS["embedding"], **values})


def drawn(model, rows=2, n=3, weights="full"):
    """-> state, log_p, tokens, chosen, seen"""
    state, log_p, seen = beginning(model, rows)
    return *model.draw(state, log_p, seen, np.zeros(V, np.bool_), SamplingSettings(weights=weights), 5, 0, n), seen


def are_equal(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def workers_of(monkeypatch):
    """workers_of(model): a list that grows by the number of workers at each of the model's draws."""

    def watch(model):
        numbers, together = [], model.backend.together
        monkeypatch.setattr(model.backend, "together", lambda function, n: (numbers.append(n), together(function, n))[1])
        return numbers

    return watch


@pytest.mark.parametrize("weights", ["full", "8-bit"])
@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.usefixtures("shared")
def test_the_text_does_not_depend_on_the_number_of_threads(cell, form, weights, workers_of):
    values = {**INPUTS[form], **({"embedding": 40} if form == "tied" else {})}
    alone, *others = (several_panels(cell, threads, **values) for threads in (1, 2, 3))
    for rows in (1, 5):
        wanted = drawn(alone, rows, 5, weights)
        for model in others:
            workers, model._turns = workers_of(model), recurrent.Turns()
            are_equal(drawn(model, rows, 5, weights), wanted)
            assert workers == [model.backend.threads]


def test_workers_are_as_many_as_have_enough_to_do(workers_of, monkeypatch):
    model = several_panels(threads=3)
    workers = workers_of(model)
    for multiplications, wanted in ((2 * model.flat.size + 1, 1), (2 * model.flat.size, 1), (model.flat.size, 2), (1, 3)):
        monkeypatch.setattr(recurrent, "SHARED", multiplications)
        model._turns = recurrent.Turns()  # whatever the cores were busy with
        drawn(model, rows=2)
        assert workers.pop() == wanted


@pytest.mark.usefixtures("shared")
def test_who_is_kept_waiting_draws_alone_for_a_while(workers_of, monkeypatch):
    """Workers whose meetings all took long, as far as they can tell, and then none."""
    model = several_panels(threads=3)
    wanted, waits = drawn(several_panels(), n=400), iter([1000])
    together = model.backend.together
    monkeypatch.setattr(model.backend, "together", lambda function, n: (together(function, n), next(waits, 0) if n > 1 else 0)[1])
    workers = workers_of(model)
    are_equal(drawn(model, n=400), wanted)
    assert workers == [3, 1, 3, 3, 3, 3]  # 16 tokens, 256 alone, 16, 32, 64, and the last 16


def test_turns_grow_as_long_as_it_goes_well_and_pauses_as_long_as_it_does_not():
    turns, drawn_together = recurrent.Turns(), []
    for _ in range(9):
        count, together = turns.next(10**9)
        drawn_together.append((count, together))
        turns.report(count, 0)
    assert drawn_together == [(min(16 << i, 1024), True) for i in range(9)]
    pauses = []
    for _ in range(12):
        count, together = turns.next(10**9)
        assert together
        turns.report(count, count)
        count, together = turns.next(10**9)
        assert not together
        pauses.append(count)
        assert turns.next(7) == (7, False)
        turns.report(count, 0)
    assert pauses == [min(256 << i, 1 << 16) for i in range(12)]


def test_two_that_both_take_the_rest_of_a_pause_leave_none():
    turns = recurrent.Turns()
    turns.report(16, 16)
    turns.report(250, 0)
    assert [turns.next(100), turns.next(100)] == [(6, False)] * 2
    turns.report(3, 0)
    turns.report(6, 0)
    count, together = turns.next(100)
    assert count > 0
    assert together


@pytest.mark.usefixtures("shared")
def test_several_threads_may_draw_at_once():
    model, results = several_panels(threads=2), {}
    wanted = [drawn(model, rows, 10) for rows in (1, 2, 3)]

    def work(rows):
        results[rows] = [drawn(model, rows, 10) for _ in range(10)]

    callers = [threading.Thread(target=work, args=(rows,), daemon=True) for rows in (1, 2, 3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(120)
    assert sorted(results) == [1, 2, 3]
    for rows in (1, 2, 3):
        for found in results[rows]:
            are_equal(found, wanted[rows - 1])
