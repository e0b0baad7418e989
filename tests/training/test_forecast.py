"""What networks learn a series from, and trainings that are stopped and gone on with."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.errors import DataError, DivergedError
from seqterm.events import Finished, Fitted, ForecastErrors, Saved, Started, Stopped, Validation
from seqterm.models.forecast_settings import RnnArSettings
from seqterm.models.neural_forecast import RnnForecaster
from seqterm.store.run_folder import RunFolder
from seqterm.training.forecast import ForecastUpdater, ShuffledWindows, SideBySide
from seqterm.training.settings import ForecastTrainingSettings
from tests.conftest import wave

SETTINGS = ForecastTrainingSettings(batch=4)
NETWORKS = {"mlp-ar": {"hidden": (4,)}, "rnn-ar": {"hidden": 3, "steps": 8}}


def test_windows_are_all_read_once_in_another_order_each_epoch():
    z = np.arange(12.0)
    batches = ShuffledWindows(z, 3, SETTINGS)
    assert batches.windows == 3
    epochs = [[batches.window(epoch, i) for i in range(3)] for epoch in (0, 1, 0)]
    for batch in (batch for epoch in epochs for batch in epoch):
        np.testing.assert_array_equal(batch.x, batch.targets[:, None] + [-3, -2, -1])
    targets = [np.concatenate([batch.targets for batch in epoch]) for epoch in epochs]
    assert sorted(targets[0]) == list(range(3, 12)) == sorted(targets[1])
    assert list(targets[0]) == list(targets[2]) != list(targets[1])


def test_rows_are_stretches_side_by_side_up_to_the_end():
    batches = SideBySide(np.arange(20.0), 3, ForecastTrainingSettings(batch=2))
    assert (batches.rows, batches.windows) == (2, 3)
    first, last = batches.window(0, 0), batches.window(5, 2)
    np.testing.assert_array_equal(first.x, [[1, 10], [2, 11], [3, 12]])
    np.testing.assert_array_equal(first.targets, first.x + 1)
    np.testing.assert_array_equal(last.targets, [[8, 17], [9, 18], [10, 19]])
    assert (first.first, last.first) == (True, False)


@pytest.mark.parametrize(
    ("n", "rows", "windows", "steps"), [(2, 1, 1, 1), (5, 1, 1, 4), (9, 1, 1, 8), (17, 2, 1, 8), (70, 4, 2, 8)]
)
def test_short_series_make_fewer_rows_and_shorter_windows(n, rows, windows, steps):
    batches = SideBySide(np.arange(n), 8, SETTINGS)
    assert (batches.rows, batches.windows, len(batches.window(0, 0).x)) == (rows, windows, steps)


def test_too_few_rows_are_an_error():
    with pytest.raises(DataError, match="--window 4 needs 5 at least"):
        ShuffledWindows(np.arange(4.0), 4, SETTINGS)
    with pytest.raises(DataError, match="two are needed"):
        SideBySide(np.arange(1.0), 4, SETTINGS)


def test_the_state_is_carried_and_an_update_that_is_not_finite_changes_nothing():
    model = RnnForecaster(RnnArSettings(hidden=3), CPU(1))
    model.initialise(np.random.default_rng(1))
    z = np.sin(np.arange(40.0))
    batches = SideBySide(z, 8, SETTINGS)
    updater = ForecastUpdater(model, z, batches.rows, SETTINGS)
    first = updater.update(batches.window(0, 0), 0.01, 0)
    assert first.finite
    assert first.tokens == 32
    assert np.abs(updater.state).min() > 0
    state, weights = updater.state.copy(), model.flat.copy()
    bad = batches.window(0, 0)._replace(targets=np.full((8, 4), np.nan))
    assert not updater.update(bad, 0.01, 1).finite
    np.testing.assert_array_equal(updater.state, state)
    np.testing.assert_array_equal(model.flat, weights)
    after = updater.update(batches.window(0, 0), 0.01, 1)
    assert after.finite


@pytest.mark.parametrize("model", NETWORKS)
def test_a_stopped_training_goes_on_to_the_same_weights(begin, stop_at, do, checkpoint, losses, tmp_path, model):
    data = (wave(tmp_path / "wave.csv"),)
    common = {"data": data[0], "epochs": 8, "validate_every": 7, **NETWORKS[model]}
    whole, broken = str(tmp_path / "whole"), str(tmp_path / "broken")
    events = do("train", model, out=whole, **common)
    assert [type(events[0]), type(events[1])] == [Started, Saved]
    taken = stop_at(begin("train", model, out=broken, **common), 5)
    assert isinstance(taken[-1], Stopped)
    rest = do("train", "--resume", run=broken)
    assert isinstance(rest[-4], Finished)
    (tensors, counters), (others, theirs) = checkpoint(whole), checkpoint(broken)
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, others[name], err_msg=name)
    assert counters["loss_sum"] == theirs["loss_sum"]
    assert losses(whole) == losses(broken)
    assert [event for event in rest if isinstance(event, ForecastErrors)] == events[-3:]


def test_more_epochs_go_on_from_the_last(do, tmp_path):
    run = str(tmp_path / "run")
    do("train", "mlp-ar", data=wave(tmp_path / "wave.csv"), out=run, epochs=2)
    events = do("train", "--resume", run=run, epochs=3)
    steps = RunFolder(tmp_path / "run").read_state()["counters"]
    assert (steps["epochs"], steps["step"]) == (3, steps["steps"])
    assert sum(isinstance(event, Finished) for event in events) == 1


def test_training_lowers_the_loss(do, tmp_path):
    for model, settings in NETWORKS.items():
        events = do("train", model, data=wave(tmp_path / "wave.csv"), out=str(tmp_path / model), epochs=60, **settings)
        told = [event.training_loss for event in events if isinstance(event, Validation)]
        assert told[-1] < 0.6 * told[0]


def test_divergence_keeps_the_last_good_state(do, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(DivergedError, match="diverged at step"):
        do("train", "mlp-ar", data=wave(tmp_path / "wave.csv"), out=str(run), lr=1e200, clip_norm=0.0)
    tensors, _ = RunFolder(run).load_checkpoint("last")
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_least_squares_is_one_step(do, tmp_path):
    events = do("train", "ar", data=wave(tmp_path / "wave.csv"), lags=3, out=str(tmp_path / "run"))
    kinds = [type(event) for event in events]
    assert kinds == [Started, Fitted, Validation, Saved, Finished, *[ForecastErrors] * 3]
    told = RunFolder(tmp_path / "run").events()
    assert [event["event"] for event in told] == [event.kind for event in events]
