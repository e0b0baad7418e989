"""Networks that forecast: gradients, and that all ways to a forecast agree."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.models import neural_forecast
from seqterm.models.forecast_settings import CELLS, MlpArSettings, RnnArSettings
from seqterm.models.neural_forecast import MlpForecaster, RnnForecaster
from tests.naive.differences import central_differences

BACKEND = CPU(2)
VALUES = 30 + 5 * np.sin(np.arange(60) / 3) + np.random.default_rng(2).normal(size=60)
MLPS = {
    "mlp": MlpArSettings(window=3, hidden=(4, 2)),
    "tanh": MlpArSettings(window=3, hidden=(4,), activation="tanh"),
    "no hidden layer": MlpArSettings(window=3, hidden=()),
}
RNNS = {cell: RnnArSettings(cell=cell, hidden=3) for cell in CELLS}


def forecaster(name):
    model = MlpForecaster(MLPS[name], BACKEND) if name in MLPS else RnnForecaster(RNNS[name], BACKEND)
    model.initialise(np.random.default_rng(1))
    model.flat += 0.1 * np.random.default_rng(2).normal(size=model.flat.size)
    model.standardise(VALUES)
    return model


def examples(model):
    random = np.random.default_rng(3)
    if isinstance(model, MlpForecaster):
        return random.normal(size=(5, 3)), random.normal(size=5), model.zero_state(1)
    return random.normal(size=(4, 2)), random.normal(size=(4, 2)), random.normal(size=model.zero_state(2).shape)


@pytest.mark.parametrize("name", [*MLPS, *RNNS])
def test_gradients_agree_with_central_differences(name):
    """Of every parameter, the input and the initial state."""
    model = forecaster(name)
    x, targets, state = examples(model)
    views = model.views(np.zeros_like(model.flat))
    *_, dx, dstate = model.gradient(x, targets, state, views)
    found = {"x": dx.copy(), "state": dstate.copy(), **{layer: {n: a.copy() for n, a in v.items()} for layer, v in views.items()}}

    def loss():
        return model.gradient(x, targets, state, model.views(np.zeros_like(model.flat)))[0] / targets.size

    for wanted_of, gradient in (("x", found["x"]), ("state", found["state"])):
        array = {"x": x, "state": state}[wanted_of]
        np.testing.assert_allclose(gradient, central_differences(loss, array), rtol=1e-6, atol=1e-8, err_msg=wanted_of)
    for layer, tensors in model.parameters.items():
        for tensor, array in tensors.items():
            wanted = central_differences(loss, array)
            np.testing.assert_allclose(found[layer][tensor], wanted, rtol=1e-6, atol=1e-8, err_msg=f"{layer}.{tensor}")


@pytest.mark.parametrize("name", [*MLPS, *RNNS])
def test_the_loss_is_the_sum_of_squared_errors_one_step_ahead(name):
    model = forecaster(name)
    z = model.scaled(VALUES)
    errors = (VALUES[model.reach :] - model.one_step(VALUES)) / model.standard[1]
    views, n = model.views(np.zeros_like(model.flat)), model.reach
    if name in MLPS:
        x, targets = np.lib.stride_tricks.sliding_window_view(z, n)[:-1], z[n:]
    else:
        x, targets = z[:-1, None], z[1:, None]
    loss = model.gradient(x, targets, model.zero_state(1), views)[0]
    np.testing.assert_allclose(errors @ errors, loss, rtol=1e-12, atol=0)
    model.measure(z)
    np.testing.assert_allclose(model.variance, loss / targets.size, rtol=1e-12, atol=0)


@pytest.mark.parametrize("together", [7, 4096])
@pytest.mark.parametrize("name", [*MLPS, *RNNS])
def test_forecasts_are_one_step_forecasts_on_own_predictions(name, together, monkeypatch):
    monkeypatch.setattr(neural_forecast, "TOGETHER", together)
    model, known = forecaster(name), VALUES.copy()
    forecast = model.forecast(VALUES, 4)
    for value in forecast:
        known = np.append(known, 0.0)
        known[-1] = model.one_step(known)[-1]
        np.testing.assert_allclose(value, known[-1], rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", ["mlp", "gru"])
def test_intervals_hold_the_forecast_widen_with_the_level_and_are_repeatable(name):
    model = forecaster(name)
    model.variance[0] = 0.04
    forecast = model.forecast(VALUES, 6)
    lower, upper = model.interval(VALUES, forecast, 0.9)
    wider, higher = model.interval(VALUES, forecast, 0.99)
    assert ((wider < lower) & (lower <= forecast) & (forecast <= upper) & (upper < higher)).all()
    half = 1.645 * 0.2 * model.standard[1]
    np.testing.assert_allclose([forecast[0] - lower[0], upper[0] - forecast[0]], half, rtol=0.15, atol=0)
    np.testing.assert_array_equal(model.interval(VALUES, forecast, 0.9), (lower, upper))


def test_one_layer_without_hidden_units_is_a_linear_autoregression():
    model = forecaster("no hidden layer")
    w, b = model.parameters["output"]["W"][:, 0], model.parameters["output"]["b"][0]
    z = model.scaled(VALUES)
    wanted = model.standard[0] + model.standard[1] * (z[-3:] @ w + b)
    np.testing.assert_allclose(model.forecast(VALUES, 1), wanted, rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", ["mlp", "lstm"])
def test_tensors_are_all_that_forecasts_depend_on(name):
    model = forecaster(name)
    other = MlpForecaster(MLPS[name], BACKEND) if name in MLPS else RnnForecaster(RNNS[name], BACKEND)
    other.load(model.tensors())
    np.testing.assert_array_equal(other.forecast(VALUES, 5), model.forecast(VALUES, 5))
