"""A long text scored in parts side by side: every token once, the state carried on inside each part."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.evaluation.perplexity import PART, PARTS, Score, score_stream
from tests.models.networks import CELLS, network

V = 5
LENGTHS = [
    1,
    2,
    3,
    1023,
    1024,
    1025,
    1026,
    1999,
    2000,
    2001,
    2002,
    3999,
    4000,
    4001,
    4002,
    6001,
    63999,
    64000,
    64001,
    64002,
    70003,
]


def text(n, seed=1):
    return np.random.default_rng(seed).integers(0, V, n).astype(np.uint8)


def stepped(model, ids, begins):
    """The sum over all tokens, one step at a time; the state is zero again at each place in `begins`."""
    _, log_p = model.start(1)
    total = float(log_p[0, ids[0]])
    for place in range(len(ids) - 1):
        if place in begins:
            state = model.zero_state(1)
        state, log_p = model.advance(state, ids[place : place + 1].astype(np.int64))
        total += float(log_p[0, ids[place + 1]])
    return total


@pytest.mark.parametrize("n", [1, 2, 3, 130, 1999, 2001])
@pytest.mark.parametrize("cell", CELLS)
def test_a_short_text_is_read_token_by_token_from_the_start(cell, n):
    model, ids = network(cell, scale=0.4), text(n)
    score = score_stream(model, ids)
    assert score.tokens == n
    assert score.log_probability == pytest.approx(stepped(model, ids, {0}), rel=1e-5)


@pytest.mark.parametrize("n", [4001, 4002, 6001])
def test_a_longer_text_is_read_in_parts_that_begin_with_the_token_before_them(n):
    model, ids = network("lstm"), text(n)
    n_parts = (n - 1) // PART
    length = -(-(n - 1) // n_parts)
    expected = stepped(model, ids, {part * length for part in range(n_parts)})
    assert score_stream(model, ids).log_probability == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n", LENGTHS)
def test_every_token_counts_once(n):
    """A model that looks at nothing gives each token its own number, however the text is cut."""
    model = network("elman-tanh", precision="float64")
    bias = np.log(np.random.default_rng(6).dirichlet(np.ones(V)))
    model.parameters["output"]["W"][...] = 0
    model.parameters["output"]["b"][...] = bias
    ids = text(n)
    score = score_stream(model, ids)
    expected = model.start(1)[1][0, ids[0]] + bias[ids[1:]].sum()
    assert score.tokens == n
    assert score.log_probability == pytest.approx(expected, rel=1e-12)


def test_the_first_token_is_judged_by_the_models_start():
    model = network("lstm")
    _, log_p = model.start(1)
    for token in range(V):
        assert score_stream(model, np.array([token])).log_probability == pytest.approx(float(log_p[0, token]), rel=1e-7)


@pytest.mark.parametrize("n", [2001, 64001])
def test_cutting_costs_next_to_nothing_but_parts_do_not_see_over_their_edge(n):
    """At most 32 of all tokens are judged with less context than a single pass would give them."""
    model, ids = network("lstm"), text(n)
    column = ids.astype(np.int64)[:, None]
    _, log_p = model.score(model.zero_state(1), column[:-1], column[1:])
    whole = float(log_p.sum(dtype=np.float64)) + float(model.start(1)[1][0, ids[0]])
    assert score_stream(model, ids).log_probability == pytest.approx(whole, rel=1e-5 if n <= PART else 1e-3)


def test_the_number_of_threads_changes_nothing():
    ids = text(20000)
    found = [score_stream(network("gru-after-keep", backend=CPU(threads)), ids) for threads in (1, 2, 7)]
    assert found[0] == found[1] == found[2]


def test_there_are_never_more_than_32_parts():
    """A text of 33 parts' length is cut as one of 32: the part edges are where 32 equal parts have theirs."""
    assert PARTS == 32
    model, ids = network("elman-tanh"), text(33 * PART + 1)
    length = -(-33 * PART // PARTS)
    expected = stepped(model, ids, {part * length for part in range(PARTS)})
    assert score_stream(model, ids).log_probability == pytest.approx(expected, rel=1e-7)


def test_loss_is_nats_a_token():
    assert Score(-30.0, 12).loss == 2.5
