"""An iteration of Baum & Welch, seqterm and hmmlearn in turn:  python -m tests.bench.hmm [--rounds 5] [--json FILE]

200,000 tokens of 65 symbols in 200 sequences, by 8 and by 32 states; hmmlearn's CategoricalHMM with implementation="scaling",
which one core computes, beside two threads.  Medians over rounds.  Needs hmmlearn (extra `bench`).
"""

import argparse
import json
import logging
import statistics
import time
from pathlib import Path

import numpy as np

N, SYMBOLS, SEQUENCES, THREADS, STATES = 200_000, 65, 200, 2, (8, 32)
PRIORS = {"prior_initial": 0.0, "prior_transition": 0.0, "prior_emission": 0.0}


def problem():
    """Ids (N,) of skewed frequencies and the bounds of the sequences."""
    random = np.random.default_rng(1)
    return (SYMBOLS * random.random(N) ** 2).astype(np.int32), np.linspace(0, N, SEQUENCES + 1).astype(np.int64)


def seqterm_side(n_states):
    """-> a function that does one iteration and returns the log-likelihood before it"""
    from seqterm.backends.select import select
    from seqterm.models.categorical_hmm import CategoricalHmm
    from seqterm.models.hmm import Sequences
    from seqterm.models.hmm_settings import HmmSettings
    from seqterm.training.expectation_settings import ExpectationSettings

    model, settings = CategoricalHmm(HmmSettings(states=n_states), SYMBOLS, select(THREADS)), ExpectationSettings(**PRIORS)
    model.prepare(Sequences(*problem()))
    model.initialise(np.random.default_rng(1))
    first = {name: tensor.copy() for name, tensor in model.tensors().items()}

    def iterate():
        expected = model.expect()
        model.maximise(expected, settings)
        return expected.log_likelihood

    return iterate, first


def hmmlearn_side(n_states, first):
    from hmmlearn.hmm import CategoricalHMM

    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    once = {"n_iter": 1, "tol": -np.inf, "init_params": "", "implementation": "scaling"}
    model = CategoricalHMM(n_states, n_features=SYMBOLS, **once)
    model.startprob_, model.transmat_, model.emissionprob_ = first["initial"], first["transition"], first["emission"]
    ids, bounds = problem()
    rows, lengths = ids[:, None], np.diff(bounds)

    def iterate():
        model.fit(rows, lengths)
        return model.monitor_.history[-1]

    return iterate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    figures = {}
    for n_states in STATES:
        ours, first = seqterm_side(n_states)
        sides = {"seqterm": ours, "hmmlearn": hmmlearn_side(n_states, first)}
        seconds = {side: [] for side in sides}
        for _ in range(chosen.rounds + 1):  # the first warms up
            likelihoods = []
            for side, iterate in sides.items():
                began = time.perf_counter()
                likelihoods.append(iterate())
                seconds[side].append(time.perf_counter() - began)
            np.testing.assert_allclose(*likelihoods, rtol=1e-8)
        medians = {side: statistics.median(taken[1:]) for side, taken in seconds.items()}
        ratio = medians["hmmlearn"] / medians["seqterm"]
        figures[n_states] = medians | {"ratio": ratio}
        each = "  ".join(f"{side} {1000 * taken:7.2f} ms" for side, taken in medians.items())
        print(f"{n_states:>3} states  {each}  {ratio:5.1f} times as fast")
    if chosen.json:
        chosen.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
