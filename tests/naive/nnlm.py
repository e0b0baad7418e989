"""The neural n-gram, one prediction at a time, as Bengio et al. 2003 write it: y = b + W x + U tanh(d + H x)."""

import numpy as np

from tests.naive.softmax import log_softmax


def log_p(parameters, context, direct=False):
    """parameters {layer: {tensor: array}}, the last n - 1 tokens, None where there is none -> log p of every next token."""
    table, hidden, output = parameters["embedding"]["table"], parameters["hidden"], parameters["output"]
    x = [number for token in context for number in (table[token] if token is not None else [0.0] * table.shape[1])]
    h = []
    for j in range(hidden["W_x"].shape[1]):
        a = sum(x[i] * hidden["W_x"][i, j] for i in range(len(x)))
        h.append(np.tanh(a + (hidden["b"][j] if len(hidden["b"]) else 0.0)))
    features = [*h, *x] if direct else h
    y = []
    for v in range(len(output["W"])):
        bias = output["b"][v] if len(output["b"]) else 0.0
        y.append(bias + sum(w * feature for w, feature in zip(output["W"][v], features, strict=True)))
    return log_softmax(y)


def scores(parameters, n_places, ids, targets, state, direct=False):
    """ids, targets (T, B), state (B, n_places), None or below zero for none -> log p (T, B) of the targets."""
    found = np.zeros(np.shape(ids))
    for b in range(len(ids[0])):
        read = [None if token < 0 else token for token in state[b]]
        for t in range(len(ids)):
            read.append(ids[t][b])
            if targets[t][b] >= 0:
                found[t, b] = log_p(parameters, read[-n_places:], direct)[targets[t][b]]
    return found
