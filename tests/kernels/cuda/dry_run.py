"""Models trained and asked on a device that is not there: python -m tests.kernels.cuda.dry_run

numba-cuda's own device arrays stand on no memory; nothing is launched, but every kernel is compiled to PTX for the types that it
is called with.  It shows that shapes, strides and types fit, where the simulator's arrays, which are NumPy's, would forgive.
"""

import contextlib
import ctypes
import itertools
from types import SimpleNamespace

import numba.cuda.dispatcher
import numpy as np
from numba import cuda
from numba.cuda.cudadrv import devicearray, devices
from numba.cuda.dispatcher import CUDADispatcher

from seqterm.backends.cuda import CUDA
from seqterm.kernels.cuda import blas, compile, generate, plan
from seqterm.kernels.cuda import word2vec as word_kernels
from seqterm.models.forecast_settings import MlpArSettings, RnnArSettings
from seqterm.models.neural_forecast import MlpForecaster, RnnForecaster
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_settings import NgramSettings
from seqterm.models.nnlm import Nnlm
from seqterm.models.nnlm_settings import NnlmSettings
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings, Word2vecSettings
from seqterm.models.word2vec import Word2vec
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.stream import Batch
from seqterm.training.settings import TrainingSettings, VectorTrainingSettings
from seqterm.training.update import Updater

CAPABILITY, MULTIPROCESSORS, SHARED = (9, 0), 132, 227 << 10
NOWHERE = itertools.count(1 << 20, 1 << 20)  # addresses that nobody reads


class NoMemory:
    """So many bytes of a device, as far as device arrays look at them."""

    __cuda_memory__ = True

    def __init__(self, size, address=None):
        self._cuda_memsize_ = size
        self.device_ctypes_pointer = ctypes.c_void_p(next(NOWHERE) if address is None else address)
        self.handle_value = self.device_ctypes_pointer.value

    def view(self, start, stop=None):
        size = self._cuda_memsize_ if stop is None else stop
        return NoMemory(size - start, self.handle_value + start)


class NoDeviceArray(devicearray.DeviceNDArray):
    def copy_to_host(self, ary=None, stream=0):
        assert self.is_c_contiguous()
        return np.zeros(self.shape, self.dtype)


def device_array(shape, dtype=np.float64, **options):
    made = np.empty(shape, dtype)
    return NoDeviceArray(made.shape, made.strides, made.dtype, gpu_data=NoMemory(made.nbytes))


class Compiled:
    """Stands in for a kernel that is about to be launched: compiles it for the types of its arguments, once."""

    seen = set()

    def __init__(self, dispatcher, config):
        self._dispatcher, self._config = dispatcher, config

    def __call__(self, *arguments):
        types = tuple(self._dispatcher.typeof_pyval(x) for x in arguments)
        if (self._dispatcher, types) not in self.seen:
            self.seen.add((self._dispatcher, types))
            cuda.compile_ptx(self._dispatcher.py_func, types, cc=CAPABILITY, fastmath=self._dispatcher.targetoptions["fastmath"])


def multiply(a, b, beta, out):
    """In place of cuBLAS: its shapes and steps."""
    assert (a.shape[0], b.shape[1], a.shape[1]) == (*out.shape, b.shape[0])
    assert a.dtype == b.dtype == out.dtype
    for matrix in (a, b, out):
        blas.layout(matrix)


@contextlib.contextmanager
def no_device():
    """In this block device arrays hold nothing and kernels are compiled in place of being launched."""
    device = SimpleNamespace(compute_capability=CAPABILITY)
    stands_in = [
        (numba.cuda.dispatcher, "get_current_device", lambda: device),
        (cuda, "device_array", device_array),
        (cuda, "to_device", lambda array, **options: device_array(array.shape, array.dtype)),
        (CUDADispatcher, "__getitem__", lambda *which: Compiled(*which)),
        (blas, "_multiply", multiply),
        (plan, "limits", lambda: (MULTIPROCESSORS, SHARED)),
        (word_kernels, "limits", lambda: (MULTIPROCESSORS, SHARED)),
        (compile, "_allow_shared", lambda *which: None),
        (generate, "blocks_at_once", lambda *which: MULTIPROCESSORS),
        (
            devices,
            "_runtime",
            SimpleNamespace(ensure_context=contextlib.nullcontext, get_or_create_context=lambda number: device),
        ),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in stands_in]
    for place, name, value in stands_in:
        setattr(place, name, value)
    try:
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


def train(settings, model_class=RecurrentModel, **training):
    """Three updates, scores and a sample."""
    model = model_class(settings, np.log(np.full(7, 1 / 7, np.float32)), CUDA())
    model.initialise(np.random.default_rng(1))
    updater = Updater(model, TrainingSettings(batch=3, steps=6, **training))
    ids = np.zeros((6, 3), np.int64)
    for step in range(2):
        updater.update(Batch(ids, ids, np.array([6, 5, 6]), step == 0), 0.01, step, True)
    model.score(model.zero_state(3), ids, ids)
    model.tensors()
    state, log_p = model.start(3)
    model.advance(state, ids[0])
    if isinstance(model, RecurrentModel):
        model.draw(state, log_p, np.zeros((3, 7), np.bool_), np.zeros(7, np.bool_), SamplingSettings(), 1, 0, 4)
        model.trace(ids[:, 0])


def forecast(model_class, settings, *shape):
    """A gradient, and what comes after a series."""
    model = model_class(settings, CUDA())
    model.initialise(np.random.default_rng(1))
    x, gradient = np.zeros(shape), model.backend.zeros(model.flat.shape, model.dtype)
    targets = x if model.reach == 1 else x[:, 0]
    model.gradient(x, targets, model.zero_state(3), model.views(gradient))
    model.forecast(np.arange(9.0), 2)
    model.tensors()


def learn_words(**settings):
    """Word vectors of five words, learned, saved, loaded and asked."""
    model = Word2vec(Word2vecSettings(dim=5, **settings), [*"abcde"], np.ones(5, np.int64), CUDA())
    model.initialise(np.random.default_rng(1))
    ids = np.array([0, 1, -1, 2, 3, 4], np.int32)
    ids.flags.writeable = False
    model.prepare(ids, VectorTrainingSettings())
    model.train_stretch(0, 0)
    model.load(model.tensors())
    model.vectors()
    model.vector_of_unknown("ab")


def score_words(order, n_texts):
    """Texts, and rows, by a model of n-grams in which nothing but single words occurred."""
    model = NgramModel(NgramSettings(order=order), 5, CUDA(), 1)
    firsts = np.array([0, *[5] * order])
    inner = int(firsts[-2])
    words, children = np.arange(5, dtype=np.int32), np.full(inner + 1, 5, np.uint32)
    log_p, backoff = np.zeros(5, np.float32), np.zeros(inner, np.float32)
    model.load(
        {
            "words": words,
            "log_p": log_p,
            "backoff": backoff,
            "children": children,
            "firsts": firsts,
            "index": np.zeros(2, np.uint32),
        }
    )
    ids, begins = np.tile(np.arange(1, 4), n_texts), 3 * np.arange(n_texts)
    model.score_texts(ids, begins, begins + 3)
    if n_texts:
        rows = ids.reshape(n_texts, 3).T
        model.score(model.zero_state(n_texts), rows, rows)


def main():
    with no_device():
        for activation in ("relu", "tanh"):
            forecast(MlpForecaster, MlpArSettings(window=4, hidden=(3,), activation=activation), 5, 4)
        for cell in ("gru", "lstm"):
            forecast(RnnForecaster, RnnArSettings(cell=cell, hidden=3), 6, 3)
        for settings in (
            LstmSettings(hidden=5, embedding=4, layers=2, dropout=0.3),
            GruSettings(hidden=5, embedding=4),
            GruSettings(hidden=5, embedding=4, reset="before"),
            ElmanSettings(hidden=5, input="onehot"),
        ):
            for training in ({}, {"bptt_truncate": 2, "optimizer": "sgd"}):
                train(settings, **training)
        for direct in (False, True):
            train(NnlmSettings(hidden=5, embedding=4, order=3, direct=direct), Nnlm)
        for settings in ({}, {"loss": "hierarchical", "precision": "float64"}, {"min_ngram": 2, "max_ngram": 3, "buckets": 7}):
            learn_words(**settings)
        for order, n_texts in itertools.product((1, 3), (0, 2)):
            score_words(order, n_texts)
    print(f"{len(Compiled.seen)} kernels compile for the types that they are called with.")


if __name__ == "__main__":
    main()
