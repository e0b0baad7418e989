"""The loops of all cells beside their twins: forward, then backward from what forward left."""

from types import SimpleNamespace

import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cpu import elman as cpu_elman
from seqterm.kernels.cpu import gru as cpu_gru
from seqterm.kernels.cpu import lstm as cpu_lstm
from seqterm.kernels.cpu import product as cpu_product
from seqterm.kernels.cuda import elman, gru, lstm, plan, product
from seqterm.kernels.cuda.compile import SIMULATED
from tests.kernels.cpu.cells import LENGTHS, TOLERANCE, problem
from tests.kernels.cuda.conftest import IS_MACHINE

CPU = SimpleNamespace(
    elman=cpu_elman,
    gru=cpu_gru,
    lstm=cpu_lstm,
    pack=cpu_product.pack,
    pack_transposed=lambda w: cpu_product.pack(w.T),
    put=np.copy,
    get=np.asarray,
)
CUDA = SimpleNamespace(
    elman=elman,
    gru=gru,
    lstm=lstm,
    pack=product.pack,
    pack_transposed=product.pack_transposed,
    put=lambda x: cuda.to_device(np.ascontiguousarray(x)),
    get=lambda x: x.copy_to_host(),
)


def run_elman(on, p, relu):
    lengths, w, h = on.put(p.lengths), on.put(p.w["W_h"]), on.put(p.states(0))
    on.elman.elman_sequence_forward(on.put(p.a), on.pack(w), relu, lengths, h)
    da, dh_next = on.put(p.unwritten(*p.a.shape)), on.put(p.dfinal[:, 0])
    on.elman.elman_sequence_backward(on.put(p.dh), h, on.pack_transposed(w), relu, lengths, on.put(p.cuts), da, dh_next)
    return {"h": h, "da": da, "dh_next": dh_next}


def run_lstm(on, p, _):
    lengths, w = on.put(p.lengths), on.put(p.w["W_h"])
    gates, h, c = on.put(p.a), on.put(p.states(0)), on.put(p.states(1))
    on.lstm.lstm_sequence_forward(gates, on.pack(w), lengths, h, c)
    found = {"h": h, "c": c, "i": on.put(on.get(gates)[:, :, : p.dh.shape[2]] * alive(p))}
    dh_next, dc_next = on.put(p.dfinal[:, 0]), on.put(p.dfinal[:, 1])
    on.lstm.lstm_sequence_backward(on.put(p.dh), gates, c, on.pack_transposed(w), lengths, on.put(p.cuts), dh_next, dc_next)
    return {**found, "da": gates, "dh_next": dh_next, "dc_next": dc_next}


def run_after(on, p, keep):
    lengths, w, b_h = on.put(p.lengths), on.put(p.w["W_h"]), on.put(p.w.get("b_h", np.empty(0, p.dh.dtype)))
    gates, h, s_g = on.put(p.a), on.put(p.states(0)), on.put(np.zeros_like(p.dh))
    on.gru.gru_after_sequence_forward(gates, on.pack(w), b_h, keep, lengths, h, s_g)
    found = {"h": h, "s_g": s_g, "r": on.put(on.get(gates)[:, :, : p.dh.shape[2]] * alive(p))}
    ds, dh_next = on.put(p.unwritten(*p.a.shape)), on.put(p.dfinal[:, 0])
    on.gru.gru_after_sequence_backward(
        on.put(p.dh), gates, s_g, h, on.pack_transposed(w), keep, lengths, on.put(p.cuts), ds, dh_next
    )
    return {**found, "da": gates, "ds": ds, "dh_next": dh_next}


def run_before(on, p, keep):
    n = 2 * p.dh.shape[2]
    lengths, w = on.put(p.lengths), on.put(p.w["W_h"])
    gates, h, reset = on.put(p.a), on.put(p.states(0)), on.put(p.unwritten(*p.dh.shape))
    on.gru.gru_before_sequence_forward(gates, on.pack(w[:, :n]), on.pack(w[:, n:]), keep, lengths, h, reset)
    found = {"h": h, "reset": on.put(on.get(reset) * alive(p)), "r": on.put(on.get(gates)[:, :, : n // 2] * alive(p))}
    dh_next, pieces = on.put(p.dfinal[:, 0]), [on.pack_transposed(w[:, :n]), on.pack_transposed(w[:, n:])]
    on.gru.gru_before_sequence_backward(on.put(p.dh), gates, h, *pieces, keep, lengths, on.put(p.cuts), dh_next)
    return {**found, "da": gates, "dh_next": dh_next}


def alive(p):
    """(T, B, 1): what a kernel leaves in gates past a row's length is its own affair."""
    return (np.arange(p.n_steps)[:, None] < p.lengths)[..., None]


CELLS = {
    "elman": (run_elman, 1, 1),
    "lstm": (run_lstm, 4, 2),
    "gru, reset after": (run_after, 3, 1),
    "gru, reset before": (run_before, 3, 1),
}


def check(cell, shape, flag=True, **options):
    run, gates, n_states = CELLS[cell]
    p = problem(shape, gates, n_states, **options)
    found, expected = run(CUDA, p, flag), run(CPU, p, flag)
    for name in expected:
        tolerance = TOLERANCE[p.dh.dtype.type]
        np.testing.assert_allclose(found[name].copy_to_host(), expected[name], **tolerance, err_msg=name)


# (multiprocessors, bytes of shared memory of a block) of those that the machine stands in for
CARDS = {"H200": (132, 227 << 10), "RTX 3060": (28, 99 << 10)} if IS_MACHINE else {"the one there is": None}
# The simulator runs one block after the other.
WAYS = ["a step at a time", "one block"] + ([] if SIMULATED else ["many blocks", "weights far"])


@pytest.fixture(params=WAYS)
def _way(request, monkeypatch):
    """A step at a time, or in persistent kernels."""
    plan.plan.cache_clear()
    processors, _ = plan.limits()
    if request.param == "a step at a time":
        monkeypatch.setattr(plan, "limits", lambda: (0, 0))
    elif request.param != "one block":
        monkeypatch.setattr(plan, "MEETING", -1e6)  # as if to meet saved time
    if request.param == "weights far":
        monkeypatch.setattr(plan, "limits", lambda: (processors, plan.TILE * plan.STRIDE * 4))
    yield
    plan.plan.cache_clear()


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_loops_agree(cell, flag):
    check(cell, (3, 3, 5), flag, dtype=np.float32)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_loops_agree_with_lengths_and_cuts(cell, lengths):
    check(cell, (4, 3, 5), lengths=lengths, cuts=True, dtype=np.float32)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("shape", [(2, 9, 13), (3, 2, 17), (1, 1, 1)])
@pytest.mark.parametrize("cell", CELLS)
def test_rows_and_units_that_several_blocks_share(cell, shape):
    check(cell, shape, lengths="ragged", dtype=np.float32)


@pytest.mark.parametrize("cell", CELLS)
def test_loops_agree_in_float64(cell):
    check(cell, (4, 3, 5), lengths="ragged", cuts=True)


@pytest.mark.usefixtures("_way")
def test_a_recurrent_bias():
    check("gru, reset after", (3, 2, 4), recurrent_bias=True, dtype=np.float32)


@pytest.mark.skipif(SIMULATED, reason="too large for the simulator")
@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("shape", [(3, 16, 128), (3, 33, 650), (1, 128, 1500)])
@pytest.mark.parametrize("cell", CELLS)
def test_shapes_of_real_models(cell, shape, card, monkeypatch):
    if IS_MACHINE:
        monkeypatch.setattr(plan, "limits", lambda: CARDS[card])
    check(cell, shape, lengths="ragged", cuts=True, dtype=np.float32)


@pytest.mark.usefixtures("_way")
def test_nan_in_one_row_stays_in_it_and_is_seen():
    p = problem((3, 3, 5), 4, 2, np.float32)
    p.a[1, 1, 2] = np.nan
    h = run_lstm(CUDA, p, None)["h"].copy_to_host()
    assert np.isnan(h[2:, 1]).any(-1).all()
    assert np.isfinite(h[:, [0, 2]]).all()
