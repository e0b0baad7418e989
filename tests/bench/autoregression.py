"""Fits an AR(20) to 100,000 points, and compares with statsmodels' AutoReg: python -m tests.bench.autoregression

Both in this process, in turn; from an array to coefficients with their covariance, residuals and criteria.  The medians of all
rounds, for a stationary series and for one with a unit root, whose lags are nearly the same.
"""

import argparse
import json
import statistics
import time

import numpy as np
from statsmodels.tsa.ar_model import AutoReg

from seqterm.backends.select import select
from seqterm.models.autoregression import Autoregression
from seqterm.models.forecast_settings import ArSettings

POINTS, LAGS = 100_000, 20


def seqterm_side(values, backend):
    model = Autoregression(ArSettings(lags=LAGS), backend)
    residuals = model.fit(values)
    return model.coefficients, np.sqrt(np.diag(model.covariance)), model.criteria(len(residuals)).aic


def statsmodels_side(values):
    fit = AutoReg(values, LAGS, trend="c").fit()
    return fit.params, fit.bse, fit.aic


def series():
    noise = np.random.default_rng(1).normal(size=POINTS)
    stationary = np.convolve(noise, 0.9 ** np.arange(200))[:POINTS]
    return {"stationary": stationary, "unit root": 1000 + noise.cumsum()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    backend = select()
    for name, values in series().items():
        sides = {"seqterm": lambda v=values: seqterm_side(v, backend), "statsmodels": lambda v=values: statsmodels_side(v)}
        found = {side: fit() for side, fit in sides.items()}  # compiled, too
        apart = [float(np.max(np.abs(np.divide(a, b) - 1))) for a, b in zip(*found.values(), strict=True)]
        seconds = {side: [] for side in sides}
        for _ in range(rounds):
            for side, fit in sides.items():
                began = time.perf_counter()
                fit()
                seconds[side].append(time.perf_counter() - began)
        medians = {side: round(1000 * statistics.median(taken), 2) for side, taken in seconds.items()}
        ratio = statistics.median(theirs / ours for ours, theirs in zip(*seconds.values(), strict=True))
        print(name, json.dumps({"ms": medians, "ratio": round(ratio, 1), "largest relative difference": max(apart)}), flush=True)


if __name__ == "__main__":
    main()
