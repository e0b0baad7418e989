"""Update rules by name, with the settings that each of them reads."""

import numpy as np
import pytest

from seqterm.text.stream import Batch
from seqterm.training.optimiser import RULES, Optimiser
from seqterm.training.settings import OPTIMIZERS, TrainingSettings
from seqterm.training.update import Updater
from tests.models.networks import BACKEND, network

RATES = {"sgd": 1.0, "rmsprop": 0.01, "adagrad": 0.1, "adam": 0.02, "adamw": 0.02}
SETTINGS = {"momentum": 0.8, "beta1": 0.7, "beta2": 0.95, "square_decay": 0.9, "epsilon": 1e-3, "weight_decay": 0.1}


def plain_rules(name, p, gradients, rate):
    """The rules as PyTorch's documentation has them, over whole vectors."""
    s, mean, squares = SETTINGS, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        if name == "sgd":
            mean = s["momentum"] * mean + g
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


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_several_updates_equal_the_plain_rule(name):
    random = np.random.default_rng(1)
    first, gradients = random.standard_normal(50), random.standard_normal((4, 50))
    parameters = first.copy()
    optimiser = Optimiser(TrainingSettings(optimizer=name, **SETTINGS), parameters, BACKEND)
    for step, gradient in enumerate(gradients, start=1):
        optimiser.apply(gradient.copy(), 0.05, step)
    np.testing.assert_allclose(parameters, plain_rules(name, first, gradients, 0.05), rtol=1e-10, atol=1e-12)


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


def test_moments_start_at_zero_with_the_parameters_shape_and_type():
    for name in OPTIMIZERS:
        kept = Optimiser(TrainingSettings(optimizer=name), np.ones(7, np.float32), BACKEND).kept
        assert kept
        assert all(vector.shape == (7,) and vector.dtype == np.float32 and not vector.any() for vector in kept.values())
