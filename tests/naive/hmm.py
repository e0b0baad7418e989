"""Hidden Markov models by going through every path, and, for longer sequences, by recursions of logarithms."""

import itertools
import math

import numpy as np


def categorical(emission):
    """emission[k][v] -> the likelihood of an id in a state; of one below zero nothing is known."""
    return lambda state, symbol: 1.0 if symbol < 0 else emission[state][symbol]


def gaussian(mean, variance):
    """mean[k][d], variance[k][d] -> the density of a row of numbers in a state."""

    def density(state, row):
        each = zip(row, mean[state], variance[state], strict=True)
        return math.prod(math.exp(-((x - m) ** 2) / (2 * v)) / math.sqrt(2 * math.pi * v) for x, m, v in each)

    return density


def paths(sequence, initial, transition, likelihood):
    """{path: its joint probability with the sequence}"""
    found = {}
    for path in itertools.product(range(len(initial)), repeat=len(sequence)):
        p = initial[path[0]]
        for before, after in itertools.pairwise(path):
            p *= transition[before][after]
        for state, symbol in zip(path, sequence, strict=True):
            p *= likelihood(state, symbol)
        found[path] = p
    return found


def probability(*problem):
    return math.fsum(paths(*problem).values())


def best_path(*problem):
    """The first of those that are most probable."""
    return max(paths(*problem).items(), key=lambda pair: pair[1])[0]


def smoothed(*problem):
    """[t][k]: the probability of state k at t, given the whole sequence."""
    found, total = paths(*problem), probability(*problem)
    length, n_states = len(problem[0]), len(problem[1])
    return [[math.fsum(p for path, p in found.items() if path[t] == k) / total for k in range(n_states)] for t in range(length)]


def filtered(sequence, *model):
    """[t][k]: the probability of state k at t, given the sequence up to t."""
    return [smoothed(sequence[: t + 1], *model)[t] for t in range(len(sequence))]


def transitions(*problem):
    """[i][j]: how often state j is expected to follow state i."""
    found, total, n_states = paths(*problem), probability(*problem), len(problem[1])
    counts = [[0.0] * n_states for _ in range(n_states)]
    for path, p in found.items():
        for i, j in itertools.pairwise(path):
            counts[i][j] += p / total
    return counts


def recursions(sequence, initial, transition, likelihood):
    """The log-probability, `smoothed` and `transitions`, by logarithms alone."""
    log_b = np.log([[likelihood(k, symbol) for k in range(len(initial))] for symbol in sequence])
    log_a, backwards = np.log(transition), [np.zeros(len(initial))]
    forwards = [np.log(initial) + log_b[0]]
    for b in log_b[1:]:
        forwards.append(np.logaddexp.reduce(forwards[-1][:, None] + log_a, axis=0) + b)
    for b in log_b[:0:-1]:
        backwards.insert(0, np.logaddexp.reduce(log_a + b + backwards[0], axis=1))
    total = np.logaddexp.reduce(forwards[-1])
    pairs = zip(forwards, log_b[1:], backwards[1:], strict=False)
    counts = sum(np.exp(before[:, None] + log_a + b + after - total) for before, b, after in pairs)
    return total, np.exp(np.array(forwards) + backwards - total), counts


def reestimated(sequence, initial, transition, emission):
    """One step of Baum & Welch on one sequence of ids: (initial, transition, emission)."""
    gamma = np.array(smoothed(sequence, initial, transition, categorical(emission)))
    counts = np.array(transitions(sequence, initial, transition, categorical(emission)))
    emitted = np.array([gamma[np.array(sequence) == v].sum(axis=0) for v in range(len(emission[0]))]).T
    return gamma[0], counts / counts.sum(axis=1, keepdims=True), emitted / emitted.sum(axis=1, keepdims=True)
