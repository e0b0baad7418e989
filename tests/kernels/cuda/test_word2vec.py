"""A block that learns alone, from a word after the other, against one thread of the processor."""

import numpy as np
import pytest
from numba import cuda

from seqterm.errors import UsageError
from seqterm.kernels.cuda import rows, word2vec
from tests.kernels.cpu.word_problems import ARCHITECTURES, EVERY, problem, text

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # the simulator multiplies in numpy


def learned(p, rate, first, last):
    """-> what `train` says, both tables of vectors"""
    tables, vectors = (tuple(map(cuda.to_device, arrays)) for arrays in (p.tables, p.vectors))
    contexts, losses, counts = word2vec.make_block(2, p.plan, tables, vectors)
    alone = contexts[:1], losses[:1], counts[:1]
    ids, n = cuda.to_device(p.ids), len(p.ids)
    said = word2vec.train(ids, 0, first, last, n, p.key, p.plan, tables, vectors, rate, 0.0, alone, ())
    return said, [table.copy_to_host() for table in vectors]


@pytest.mark.parametrize("parts", [False, True], ids=["words", "n-grams"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
def test_one_block_learns_what_one_thread_learns(loss, architecture, parts):
    """Some words are left out, some are only neighbours."""
    p = problem(loss, architecture, parts, ids=text(40), keep=[2**30, EVERY, 2**31, EVERY, EVERY], divide=parts, negative=3)
    (total, n), found = learned(p, 0.1, 5, 35)
    wanted = p.train(0.1, bounds=[5, 35])
    assert n == wanted[1] > 0
    assert total == pytest.approx(wanted[0], rel=1e-9)
    for ours, theirs in zip(found, p.vectors, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def test_a_softmax_over_all_words_and_training_in_step_are_refused():
    with pytest.raises(UsageError, match="A softmax over all words is for the processor"):
        learned(problem("softmax"), 0.1, 0, 4)
    with pytest.raises(UsageError, match="the same bits again is for the processor"):
        word2vec.train_in_step()


def test_rows_begin_at_cache_lines():
    table = rows.padded_rows(3, 33, np.dtype(np.float32))
    assert (table.shape, table.dtype) == ((3, 64), np.float32)
    assert not table.copy_to_host().any()
