"""Pairs of words near one another, in a dictionary."""

from collections import Counter


def pairs(ids, window, weighting):
    """-> {(i, j): X_ij} of ordered pairs; a word beside itself counts from either side."""
    found = Counter()
    for p, i in enumerate(ids):
        for distance in range(1, window + 1):
            q = p + distance
            if i < 0 or q >= len(ids) or ids[q] < 0:
                break
            x = {"plain": 1.0, "inverse-distance": 1.0 / distance}[weighting]
            found[int(i), int(ids[q])] += x
            found[int(ids[q]), int(i)] += x
    return dict(found)
