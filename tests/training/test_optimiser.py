"""Update rules by name, with the settings that each of them reads."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.text.stream import Batch
from seqterm.training.gradient import FEWEST, Gradient
from seqterm.training.optimiser import RULES, Optimiser
from seqterm.training.settings import OPTIMIZERS, TrainingSettings
from seqterm.training.update import Updater
from tests.models.networks import BACKEND, network

RATES = {"sgd": 1.0, "rmsprop": 0.01, "adagrad": 0.1, "adam": 0.02, "adamw": 0.02}
SETTINGS = {"momentum": 0.8, "beta1": 0.7, "beta2": 0.95, "square_decay": 0.9, "epsilon": 1e-3, "weight_decay": 0.1}


def plain_rules(name, p, gradients, rate, momentum=SETTINGS["momentum"]):
    """The rules as PyTorch's documentation has them, over whole vectors."""
    s, mean, squares = SETTINGS, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        if name == "sgd":
            mean = momentum * mean + g
            p = p - rate * mean
        elif name == "adagrad":
            squares = squares + g**2
            p = p - rate * g / (np.sqrt(squares) + s["epsilon"])
        elif name == "rmsprop":
            squares = s["square_decay"] * squares + (1 - s["square_decay"]) * g**2
            p = p - rate * g / (np.sqrt(squares) + s["epsilon"])
        else:
            p = p * (1 - rate * s["weight_decay"]) if name == "adamw" else p
            mean = s["beta1"] * mean + (1 - s["beta1"]) * g
            squares = s["beta2"] * squares + (1 - s["beta2"]) * g**2
            corrected = mean / (1 - s["beta1"] ** t), squares / (1 - s["beta2"] ** t)
            p = p - rate * corrected[0] / (np.sqrt(corrected[1]) + s["epsilon"])
    return p


IDS = np.array([[3, 0], [3, 1]])


@pytest.fixture
def model():
    return network("elman-tanh", precision="float64")


def some_gradients(model):
    return np.random.default_rng(1).standard_normal((4, model.flat.size))


def apply_all(name, model, gradients, rate=0.05, **values):
    """Updates the model by one gradient after the other; each leaves zeros where it stood."""
    settings = TrainingSettings(optimizer=name, **{**SETTINGS, "clip_norm": None, **values})
    optimiser, gathered = Optimiser(settings, model.flat, BACKEND), Gradient(model, 1)
    for step, gradient in enumerate(gradients, start=1):
        gathered.flat[:] = gradient
        optimiser.apply(gathered, gathered.gather(IDS), rate, step)
        assert not gathered.flat.any()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_several_updates_equal_the_plain_rule(name, model):
    first, gradients = model.flat.copy(), some_gradients(model)
    apply_all(name, model, gradients)
    np.testing.assert_allclose(model.flat, plain_rules(name, first, gradients, 0.05), rtol=1e-10, atol=1e-12)


def test_sgd_without_momentum_goes_down_the_gradient(model):
    first, gradients = model.flat.copy(), some_gradients(model)
    apply_all("sgd", model, gradients, momentum=0.0)
    np.testing.assert_allclose(model.flat, first - 0.05 * gradients.sum(0), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("values", [{}, {"momentum": 0.0}], ids=["momentum", "no momentum"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_norm_is_limited_before_each_element_is(name, values, model):
    """The second gradient is short enough to be taken as it is."""
    first, gradients = model.flat.copy(), some_gradients(model)
    gradients[1] *= 2.9 / np.linalg.norm(gradients[1])
    norms = np.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = np.clip(gradients * np.minimum(1, 3 / norms), -0.5, 0.5)
    assert 0 < (np.abs(clipped) == 0.5).sum() < clipped.size
    apply_all(name, model, gradients, clip_norm=3.0, clip_value=0.5, **values)
    np.testing.assert_allclose(model.flat, plain_rules(name, first, clipped, 0.05, **values), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_threads_that_share_out_a_long_vector_change_no_bit(name):
    """A gradient below the clip norm, whose sum of squares is rounded otherwise."""
    results = []
    for threads in (1, 2, 3):
        model = network("elman-tanh", hidden=300, backend=CPU(threads))
        assert model.flat.size > 3 * FEWEST
        apply_all(name, model, some_gradients(model).astype(np.float32))
        results.append(model.flat)
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss_on_a_tiny_text(name):
    model = network("lstm", scale=0.3)
    updater = Updater(model, TrainingSettings(optimizer=name, batch=2, steps=8, threads=1))
    ids = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 0], [0, 1], [1, 2], [2, 3], [3, 4]])
    found = []
    for step in range(120):
        updater.state[...] = 0
        found.append(
            updater.update(Batch(ids[:-1], ids[1:], np.full(ids.shape[1], len(ids) - 1), step == 0), RATES[name], step).loss
        )
    assert found[-1] < 0.5 * found[0]


def test_every_name_on_the_command_line_has_a_rule():
    assert set(RULES) == set(OPTIMIZERS) == set(RATES)


KEPT = {"sgd": [], "adagrad": ["squares"], "rmsprop": ["squares"], "adam": ["mean", "squares"], "adamw": ["mean", "squares"]}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_moments_start_at_zero_with_the_parameters_shape_and_type(name):
    kept = Optimiser(TrainingSettings(optimizer=name), np.ones(7, np.float32), BACKEND).kept
    assert list(kept) == KEPT[name]
    assert all(vector.shape == (7,) and vector.dtype == np.float32 and not vector.any() for vector in kept.values())


def test_sgd_keeps_a_velocity_where_there_is_momentum():
    kept = Optimiser(TrainingSettings(optimizer="sgd", momentum=0.5), np.ones(7, np.float32), BACKEND).kept
    np.testing.assert_array_equal(kept["velocity"], np.zeros(7, np.float32))
