"""The plain twins: what debuggers and coverage run, without the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.cpu import without_jit
from tests.naive import lstm, sequence
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


@pytest.mark.parametrize("name", ["packed", "unpacked"])
def test_products(plain, name):
    np.testing.assert_array_equal(plain[name], 1 + product(*without_jit.product_inputs()))


def test_lstm_forward_and_backward(plain):
    gates, w_h, state, dh = without_jit.lstm_inputs()
    h, final, gradients = sequence.gradients(lstm.step, gates, state, {"W_h": w_h}, dh, lengths=[4, 2, 0])
    wanted = {"h": h, "c": final[:, 1], "da": gradients["x"], "dh_0": gradients["state"][:, 0], "dc_0": gradients["state"][:, 1]}
    for name, array in wanted.items():
        np.testing.assert_allclose(plain[name], array, rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("name", ["dropout", "uniform", "tokens", "log_p", "sum"])
def test_the_rest_agrees_with_the_compiled_kernels(plain, name):
    np.testing.assert_allclose(plain[name], without_jit.compute()[name], rtol=1e-13, atol=1e-14)
