"""What training forecasters and asking them compiles."""

import dataclasses
from typing import Any

import numpy as np

from seqterm.app.session import Session
from seqterm.models.autoregression import Autoregression
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.forecast_settings import CELLS, ArSettings
from seqterm.training.forecast import ForecastUpdater, batches_of
from seqterm.training.optimiser import RULES
from seqterm.training.settings import ForecastTrainingSettings


def exercise_forecaster(name: str, session: Session) -> None:
    """Fit or train, and forecast."""
    values = np.random.default_rng(1).normal(size=40)
    if name == "ar":
        fitted = Autoregression(ArSettings(lags=2, trend="linear", seasonal=2), session.backend)
        fitted.fit(values)
        _ask(fitted, values)
        return
    settings = resolve(CATALOGUE[name].settings)()
    for variant in [{"cell": cell} for cell in CELLS] if name == "rnn-ar" else [{}]:
        model = resolve(CATALOGUE[name].model)(dataclasses.replace(settings, **variant), session.backend)
        z = model.standardise(values)
        for optimizer, momentum in [*((rule, 0.0) for rule in RULES), ("sgd", 0.9)]:
            training = ForecastTrainingSettings(optimizer=optimizer, momentum=momentum)
            batches = batches_of(model, z, training)
            ForecastUpdater(model, z, batches.rows, training).update(batches.window(0, 0), 0.01, 0)
        _ask(model, values)


def _ask(model: Any, values: np.ndarray) -> None:
    model.one_step(values)
    model.interval(values, model.forecast(values, 2), 0.9)
