"""What 8-bit weights cost and bring:  python -m tests.bench.rounding RUN TEXT

The perplexity of a text read token by token in parts side by side, and tokens drawn a second, with full weights and with rounded.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import seqterm
from seqterm.sampling.settings import WEIGHTS, SamplingSettings

PARTS, DRAWN = 32, 2000


def perplexity(model, ids, rounded):
    length = (len(ids) - 1) // PARTS
    inputs, targets = (ids[first : first + PARTS * length].reshape(PARTS, length).T.astype(np.int64) for first in (0, 1))
    kernels, network = model.backend.kernels("generate"), model._network(rounded)
    state, log_p, total = model.zero_state(PARTS), np.empty((PARTS, model.vocabulary_size), model.dtype), 0.0
    scratch, team = model._scratch(network, state), (0, 1, np.zeros(2, np.int64))
    for tokens, wanted in zip(inputs, targets, strict=True):
        after = np.empty_like(state)
        kernels.network_step(*network, np.ascontiguousarray(tokens), state, after, log_p, scratch, team)
        total, state = total + float(log_p[np.arange(PARTS), wanted].sum()), after
    return np.exp(-total / inputs.size)


def rate(model, weights):
    """Tokens drawn a second."""
    state, log_p = model.start(1)
    flags = np.zeros((1, model.vocabulary_size), np.bool_)
    settings = SamplingSettings(weights=weights)
    for n in (1, DRAWN):
        started = time.perf_counter()
        model.draw(state, log_p, flags.copy(), flags[0], settings, 1, 0, n)
    return DRAWN / (time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("text")
    chosen = parser.parse_args()
    loaded = seqterm.load(chosen.run)
    ids = loaded.vocabulary.encode(Path(chosen.text).read_text(encoding="utf-8"))
    full, rounded = (perplexity(loaded.model, ids[ids >= 0], weights == "8-bit") for weights in WEIGHTS)
    rates = {weights: rate(loaded.model, weights) for weights in WEIGHTS}
    print(f"perplexity {full:.4f}, with 8-bit weights {rounded:.4f} ({rounded / full - 1:+.3%})")
    print(f"tokens drawn a second {rates['full']:,.0f}, with 8-bit weights {rates['8-bit']:,.0f}")


if __name__ == "__main__":
    main()
