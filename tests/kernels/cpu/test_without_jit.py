"""The plain twins: what debuggers and coverage run, without the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.cpu import without_jit
from tests.kernels.cpu.word_problems import ARCHITECTURES, LOSSES
from tests.naive import lstm, sequence, softmax
from tests.naive.product import product


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "found.npz"
    subprocess.run(
        [sys.executable, "-m", without_jit.__name__, str(path)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[3],
        check=True,
        timeout=100,
    )
    return np.load(path)


@pytest.fixture(scope="module")
def compiled():
    return without_jit.compute()


@pytest.mark.parametrize("other", without_jit.LAYOUTS)
@pytest.mark.parametrize("layout", without_jit.LAYOUTS)
def test_products(plain, layout, other):
    wanted = 1 + product(*without_jit.product_inputs())
    for name in ("packed", "unpacked"):
        np.testing.assert_array_equal(plain[f"{name} {layout} {other}"], wanted)


def test_product_with_rounded_panels(plain):
    np.testing.assert_array_equal(plain["rounded"], plain["rounded wanted"])


def test_workers_meet_and_share_a_product(plain):
    np.testing.assert_array_equal(plain["shared"], 1 + product(*without_jit.product_inputs()))
    np.testing.assert_array_equal(plain["met"], np.broadcast_to(1 + np.arange(without_jit.WORKERS), plain["met"].shape))


def test_output_layer(plain):
    w, b, h, targets = without_jit.output_inputs()
    log_p, dlogits = softmax.cross_entropy(h @ w.T + b, targets, 0.3)
    wanted = {"output log_p": log_p, "scored": log_p, "dw": dlogits.T @ h, "db": dlogits.sum(0), "dh": dlogits @ w}
    for name, array in wanted.items():
        np.testing.assert_allclose(plain[name], array, rtol=1e-11, atol=1e-13, err_msg=name)


def test_lstm_forward_and_backward(plain):
    gates, w_h, state, dh = without_jit.lstm_inputs()
    h, final, gradients = sequence.gradients(lstm.step, gates, state, {"W_h": w_h}, dh, lengths=[4, 2, 0])
    wanted = {"h": h, "c": final[:, 1], "da": gradients["x"], "dh_0": gradients["state"][:, 0], "dc_0": gradients["state"][:, 1]}
    for name, array in wanted.items():
        np.testing.assert_allclose(plain[name], array, rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize(
    "name",
    [
        "of all",
        "units",
        "dtable",
        "dropout",
        "uniform",
        "tokens",
        "log_p",
        "sum",
        "slices",
        "norm",
        "sgd",
        "momentum",
        "adagrad",
        "rmsprop",
        "adam",
    ],
)
def test_the_rest_agrees_with_the_compiled_kernels(plain, compiled, name):
    np.testing.assert_allclose(plain[name], compiled[name], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", ["lagged products", "seasonal sums", "residuals", "continued"])
def test_sums_over_a_series(plain, compiled, name):
    np.testing.assert_allclose(plain[name], compiled[name], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", ["dots", "table", "sums"])
def test_operations_on_rows(plain, compiled, name):
    np.testing.assert_allclose(plain[name], compiled[name], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", ["arpa", "arpa levels"])
def test_arpa_files(plain, compiled, name):
    np.testing.assert_array_equal(plain[name], compiled[name])


@pytest.mark.parametrize("smoothing", ["mle", "add-k", "katz", "kneser-ney"])
def test_ngrams(plain, compiled, smoothing):
    for name in (f"ngrams {smoothing}", f"ngrams {smoothing} log_p"):
        np.testing.assert_allclose(plain[name], compiled[name], rtol=1e-6, atol=1e-7)


def test_words_of_a_text(plain, compiled):
    np.testing.assert_array_equal(plain["words"], compiled["words"])


@pytest.mark.parametrize("in_step", ["", " in step"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_word_vectors(plain, compiled, architecture, loss, in_step):
    name = f"{architecture} {loss}{in_step}"
    np.testing.assert_allclose(plain[name], compiled[name], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["ids", "numbers", "drawn"])
def test_hidden_states(plain, compiled, name):
    np.testing.assert_allclose(plain[f"hidden {name}"], compiled[f"hidden {name}"], rtol=1e-11, atol=1e-13)
