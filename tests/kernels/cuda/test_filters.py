"""Tokens drawn from rows with ties, by groups of few threads and of many, against the processor's."""

import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cpu import filters as cpu
from seqterm.kernels.cuda.compile import THREADS, kernel
from seqterm.kernels.cuda.filters import draw_token
from seqterm.kernels.cuda.groups import FEW

V = 21
# greedy, temperature, top_k, top_p, min_p, penalty, equal_weights
SETTINGS = {
    "greedy": (True, 1.0, 0, 1.0, 0.0, 1.0, False),
    "top-k in a tie": (False, 1.0, 4, 1.0, 0.0, 1.0, False),
    "top-k of more than there are": (False, 1.0, V + 3, 1.0, 0.0, 1.0, False),
    "top-p": (False, 0.8, 0, 0.6, 0.0, 1.3, False),
    "min-p": (False, 1.0, 0, 1.0, 0.3, 1.3, True),
}


@kernel
def draw(log_p, seen, banned, settings, us, p, tokens, lanes):
    """A block draws a token of every row."""
    shared = cuda.shared.array(THREADS, np.float64)
    group, lane, groups = cuda.threadIdx.x // lanes, cuda.threadIdx.x % lanes, THREADS // lanes
    for base in range(0, log_p.shape[0], groups):
        row = base + group
        at, n = (row, log_p.shape[1]) if row < log_p.shape[0] else (0, 0)
        token = draw_token(log_p[at], seen[at], banned, settings, us[at], p[at], n, shared, lane, lanes)
        if lane == 0 and n:
            tokens[at] = token


def problem():
    """Two rows of a few different values each, some tokens seen, one banned, and where they are drawn."""
    random = np.random.default_rng(3)
    logits = np.log(random.integers(1, 5, (2, V)).astype(np.float32))
    seen, banned = random.random((2, V)) < 0.3, np.arange(V) == 5
    return logits - np.log(np.exp(logits).sum(1, keepdims=True)), seen, banned


def drawn(log_p, seen, banned, settings, us, lanes):
    """-> tokens (2,)"""
    found, p = cuda.to_device(np.full(2, -1)), cuda.to_device(np.full((2, V), np.nan, np.float32))
    arrays = [cuda.to_device(x) for x in (log_p, seen, banned)]
    draw[1, THREADS](*arrays, tuple(map(float, settings)), cuda.to_device(us), p, found, lanes)
    return found.copy_to_host().tolist()


@pytest.mark.parametrize("lanes", [FEW, THREADS], ids=["few", "many"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_tokens_are_the_processors(settings, lanes):
    log_p, seen, banned = problem()
    us = np.array([0.35, 0.93])
    wanted = [cpu.draw_token(log_p[row], seen[row], banned, *settings, us[row]) for row in range(2)]
    assert drawn(log_p, seen, banned, settings, us, lanes) == wanted


def test_of_a_mass_that_one_token_has_one_is_left():
    """The first of those that are as probable as any; the processor sorts, and may leave another of them."""
    log_p, seen, banned = problem()
    tokens = {tuple(drawn(log_p, seen, banned, (False, 1.0, 0, 1e-9, 0.0, 1.0, False), np.full(2, u), FEW)) for u in (0.1, 0.9)}
    assert tokens == {tuple(np.where(banned, -np.inf, log_p).argmax(1).tolist())}


def test_where_nothing_is_a_number_the_token_is_one_there_is():
    log_p, nobody = np.full((2, V), np.nan, np.float32), np.zeros((2, V), np.bool_)
    for settings in (SETTINGS["greedy"], SETTINGS["min-p"]):
        assert drawn(log_p, nobody, nobody[0], settings, np.full(2, 0.5), FEW) == [0, 0]
