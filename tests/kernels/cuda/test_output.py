import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cpu import output as cpu
from seqterm.kernels.cpu import product as cpu_product
from seqterm.kernels.cpu import softmax as cpu_softmax
from seqterm.kernels.cuda import groups, output, product, softmax
from tests.kernels.cuda.device import agree

M, H, V, SCALE = 5, 3, 11, 0.3
TOLERANCE = {np.float32: {"rtol": 1e-5, "atol": 2e-6}, np.float64: {"rtol": 1e-12, "atol": 1e-13}}
TARGETS = np.array([0, 10, -1, 4, 4])
random = np.random.default_rng(1)


@pytest.fixture(params=TOLERANCE, ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["long rows", "short rows"], autouse=True)
def lanes(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(groups, "SHORT", V - 1)


def arrays(*shapes, dtype):
    return [(random.normal(size=shape) * 2).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("width", [V, V + 3])
def test_rows_of_logits_become_log_probabilities(dtype, width):
    logits, log_p = arrays((M, width), (M, V), dtype=dtype)
    agree(softmax.log_softmax, cpu_softmax.log_softmax.py_func, logits, log_p, **TOLERANCE[dtype])


@pytest.mark.parametrize("bias", [V, 0])
@pytest.mark.parametrize("together", [M, 2])
def test_losses_and_gradients_agree(dtype, bias, together, monkeypatch):
    """In blocks of rows too; gradients of weights are added to what is there."""
    monkeypatch.setattr(output, "FEWEST", together)
    monkeypatch.setattr(output, "LOGITS", V)
    w, b, h, log_p, dw, db, dh = arrays((V, H), bias, (M, H), M, (V, H), bias, (M, H), dtype=dtype)

    def on_cpu(*arguments):
        scratch = tuple(np.empty(shape, dtype) for shape in cpu.output_scratch(w, M, 1).values())
        cpu.output_gradient(*arguments, scratch, (0, 1, np.zeros(2, np.int64)))

    def on_device(*arguments):
        output.output_gradient(*arguments, (), None)

    agree(on_device, on_cpu, w, b, h, TARGETS, SCALE, log_p, dw, db, dh, **TOLERANCE[dtype])
    agree(output.output_score, cpu.output_score, w, b, h, TARGETS, log_p, **TOLERANCE[dtype])


@pytest.mark.parametrize("bias", [V, 0])
def test_log_probabilities_of_all_tokens_agree(dtype, bias):
    w, b, h, log_p = arrays((V, H), bias, (M, H), (M, V), dtype=dtype)
    agree(
        lambda w, *others: output.output_log_p(product.pack_transposed(w), *others),
        lambda w, *others: cpu.output_log_p(cpu_product.pack(w.T), *others),
        w, b, h, log_p, **TOLERANCE[dtype],
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # the simulator subtracts in numpy
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_seen_in_its_row_and_no_other(bad):
    w, h, log_p = arrays((V, H), (M, H), M, dtype=np.float32)
    h[3, 1] = bad
    found = cuda.to_device(log_p)
    output.output_score(*map(cuda.to_device, (w, w[0, :0], h, TARGETS)), found)
    assert np.flatnonzero(~np.isfinite(found.copy_to_host())).tolist() == [3]


def test_no_rows_change_nothing():
    w, b, dw, db = arrays((V, H), V, (V, H), V, dtype=np.float32)
    found = [cuda.to_device(x) for x in (dw, db)]
    nothing = [cuda.to_device(x) for x in (np.empty((0, H), np.float32), TARGETS[:0], np.empty(0, np.float32))]
    h, targets, log_p = nothing
    output.output_gradient(cuda.to_device(w), cuda.to_device(b), h, targets, SCALE, log_p, *found, h, (), None)
    for ours, before in zip(found, (dw, db), strict=True):
        np.testing.assert_array_equal(ours.copy_to_host(), before)
