import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cpu import ngram as cpu
from seqterm.kernels.cuda import ngram
from tests.kernels.cpu.test_ngram import MODELS
from tests.kernels.cuda.device import agree

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # the simulator multiplies in numpy
ORDER, N_WORDS = 3, 3
IDS = np.random.default_rng(1).integers(0, N_WORDS, 23).astype(np.int32)
BEGINS, ENDS = np.array([0, 1, 9, 11]), np.array([1, 9, 11, 23])
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: f"indexed {model[-1]}")
each_kind = pytest.mark.parametrize("n_kinds", [0, N_WORDS])


@each_model
@each_kind
@pytest.mark.parametrize("given", [True, False])
def test_texts_are_scored_alike(model, n_kinds, given):
    out, lengths, nodes = np.full(23, np.nan, np.float32), np.full(23, -1, np.int8), np.empty(23, np.int64)

    def on_cpu(*arguments):
        cpu.score_texts(*arguments[:-2], nodes, *arguments[-2:])

    def on_device(*arguments):
        ngram.score_texts(*arguments[:-2], cuda.to_device(nodes), *arguments[-2:])

    agree(on_device, on_cpu, *model, n_kinds, ORDER, IDS, BEGINS, ENDS, given, out, lengths, rtol=1e-6, atol=1e-7)


@each_model
@each_kind
def test_rows_are_read_on_from_their_states_alike(model, n_kinds):
    ids, targets = IDS[:20].reshape(5, 4).astype(np.int64), np.roll(IDS[:20].reshape(5, 4), -1, 0).astype(np.int64)
    targets[2, 1] = targets[-1] = -1
    states, out = np.array([[-2, -2], [0, -2], [0, 3], [2, -1]]), np.full((5, 4), np.nan, np.float32)
    agree(ngram.score, cpu.score, *model, n_kinds, states, ids, targets, out, rtol=1e-6, atol=1e-7)
