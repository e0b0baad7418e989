"""A literal number in a unit would lift float32 arithmetic to float64 and halve the speed."""

import numba
import pytest

from seqterm.kernels.cpu.activation import relu, sigmoid, step, tanh
from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit
from seqterm.kernels.units.gru import gru_after_unit, gru_candidate_unit, gru_gates_unit, gru_mix_unit
from seqterm.kernels.units.lstm import lstm_unit

SINGLE = numba.types.float32
UNITS = {
    "elman tanh": (elman_tanh_unit(tanh), 1, 2),
    "elman relu": (elman_relu_unit(relu, step), 1, 2),
    "lstm": (lstm_unit(sigmoid, tanh), 5, 8),
    "gru after": (gru_after_unit(sigmoid, tanh), 6, 6),
    "gru gates": (gru_gates_unit(sigmoid), 3, 5),
    "gru candidate": (gru_candidate_unit(tanh), 1, 2),
}


def returned(function, signature):
    compiled = numba.njit(function)
    compiled.compile(signature)
    found = compiled.nopython_signatures[0].return_type
    return set(found) if isinstance(found, numba.types.BaseTuple) else {found}


@pytest.mark.parametrize("name", UNITS)
def test_float32_stays_float32(name):
    (forward, backward), n_forward, n_backward = UNITS[name]
    assert returned(forward, (SINGLE,) * n_forward) == {SINGLE}
    assert returned(backward, (SINGLE,) * n_backward) == {SINGLE}


def test_float32_stays_float32_in_the_mix():
    forward, backward = gru_mix_unit()
    assert returned(forward, (SINGLE,) * 3 + (numba.types.boolean,)) == {SINGLE}
    assert returned(backward, (SINGLE,) * 4 + (numba.types.boolean,)) == {SINGLE}
