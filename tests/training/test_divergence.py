"""A loss or gradient that is not a finite number ends training, and what was good stays."""

import numpy as np
import pytest

from seqterm.errors import DivergedError
from seqterm.events import Finished
from seqterm.store.run_folder import RunFolder
from tests.conftest import TINY

HUGE = {"optimizer": "sgd", "lr": 1e30, "clip_norm": 0.0}


@pytest.fixture
def diverge(do, corpus, tmp_path):
    """diverge(...) trains until it raises; -> the error and the run's folder."""

    def call(**values):
        run = tmp_path / "run"
        with pytest.raises(DivergedError) as caught:
            do("train", "elman", corpus=(str(corpus),), out=str(run), **{**TINY, **HUGE, **values})
        return caught.value, run

    return call


def all_finite(tensors):
    return all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_the_error_says_where_and_has_its_exit_code(diverge):
    error, _ = diverge(activation="relu")
    assert error.exit_code == 4
    assert "diverged at step 2" in str(error)
    assert "--lr" in str(error)


@pytest.mark.parametrize("values", [{}, {"validate_every": 1}, {"save_every": 1e-9}], ids=["plain", "validated", "saved"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("lr", [1e15, 1e30, 1e38])
def test_the_last_good_checkpoint_loads_and_is_finite(diverge, checkpoint, session, lr, activation, values):
    """Also where the weights are validated or saved between the update that ruins them and the loss that shows it."""
    _, run = diverge(activation=activation, lr=lr, **values)
    for which in ("last", "best"):
        tensors, counters = checkpoint(run, which)
        assert all_finite(tensors)
        assert counters["best_loss"] is None or np.isfinite(counters["best_loss"])
    assert np.isfinite(session.load(str(run)).score("the red hen").loss)


@pytest.mark.parametrize("validation", ["0.1", "0"])
def test_the_very_last_update_can_diverge_too(diverge, checkpoint, validation):
    """One window, one epoch: no later update would show what this one did."""
    _, run = diverge(activation="relu", lr=1e38, steps=200, epochs=1, validation=validation)
    assert checkpoint(run)[1]["step"] == 0
    assert not RunFolder(run).read_state()["complete"]


def test_the_run_is_neither_complete_nor_locked(diverge):
    _, run = diverge(activation="relu")
    assert not RunFolder(run).read_state()["complete"]
    assert not RunFolder(run).is_locked()


def test_nothing_that_was_logged_is_a_number_that_is_not_finite(diverge, losses):
    _, run = diverge(activation="relu")
    assert all(np.isfinite(line["loss"]) for line in losses(run) if line["event"] == "step")


def test_clipping_saves_the_same_training(do, corpus, tmp_path):
    values = {**TINY, **HUGE, "lr": 1.0, "clip_norm": 1.0}
    assert isinstance(do("train", "elman", corpus=(str(corpus),), out=str(tmp_path / "run"), **values)[-1], Finished)
