"""Softmax and cross-entropy, a row at a time."""

import math

import numpy as np


def log_softmax(row):
    """(V,) -> (V,)"""
    top = max(row)
    log_sum = top + math.log(sum(math.exp(logit - top) for logit in row))
    return np.array([logit - log_sum for logit in row])


def cross_entropy(logits, targets, scale):
    """logits (m, V), targets (m,), masked below zero -> log_p (m,) of the targets, gradient (m, V) of -scale * sum(log_p)."""
    log_p, gradient = np.zeros(len(logits)), np.zeros(np.shape(logits))
    for i, (row, target) in enumerate(zip(logits, targets, strict=True)):
        if target >= 0:
            log_row = log_softmax([float(logit) for logit in row])
            log_p[i] = log_row[target]
            for j in range(len(row)):
                gradient[i, j] = scale * (math.exp(log_row[j]) - (j == target))
    return log_p, gradient
