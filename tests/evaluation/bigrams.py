"""A language model that is a table, to whose every number tests can point."""

import numpy as np

from seqterm.backends.cpu import CPU


class Bigrams:
    """p (V, V): what follows each token; first (V,): what stands first, where there is no start token.  May have zeros."""

    settings, backend = None, CPU(1)

    def __init__(self, p, first=None, start_token=None, dtype=np.float64):
        with np.errstate(divide="ignore"):
            self.log_p, self.first = np.log(np.asarray(p, dtype)), None if first is None else np.log(np.asarray(first, dtype))
        self.vocabulary_size, self.start_token = len(p), start_token

    def zero_state(self, n):
        return np.full(n, -1)

    def start(self, n):
        if self.start_token is not None:
            return self.advance(self.zero_state(n), np.full(n, self.start_token))
        return self.zero_state(n), np.tile(self.first, (n, 1))

    def advance(self, state, tokens):
        return tokens.copy(), self.log_p[tokens]

    def score(self, state, ids, targets):
        return ids[-1], np.where(targets < 0, 0.0, self.log_p[ids, targets])
