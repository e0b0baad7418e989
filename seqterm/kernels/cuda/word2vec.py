"""Skip-gram and continuous bag of words, as kernels.cpu.word2vec explains them: a block of LANES threads learns from a word.

A block takes every so-manieth place of the text and waits for no other: as among the processor's threads, of two that change a
row at once one may be lost; but all read what the others have left, and not what a cache of their own had kept.  Each thread has
columns of its own of all vectors, so only products are added up across threads: of LANES outputs at once, each by one thread.
Outputs beyond them meet rows that these have changed.  The numbers drawn are the processor's.
"""

import math

import numpy as np
from numba import cuda

from seqterm.errors import UsageError
from seqterm.kernels.cpu.word2vec import alias_table as alias_table  # of the host
from seqterm.kernels.cuda.activation import sigmoid
from seqterm.kernels.cuda.allocation import empty, to_device
from seqterm.kernels.cuda.compile import SIMULATED, device, kernel, start
from seqterm.kernels.cuda.memory import latest
from seqterm.kernels.cuda.plan import limits
from seqterm.kernels.cuda.random import derived, mix32

NEGATIVE, HIERARCHICAL, SOFTMAX = range(3)
BOUNDARY = -1
LEAST = 1e-90  # a probability, so that the loss stays finite
LANES = 4 if SIMULATED else 32
BLOCKS_EACH = 32  # of a multiprocessor: as many as it holds
u32, u64 = np.uint32, np.uint64


@device
def _stays(ids, place, key, keep):
    """Whether there is a word that is not left out."""
    word = ids[place]
    return word != BOUNDARY and u32(derived(key, place)) <= keep[word]


@device
def _find_contexts(ids, begin, end, key, keep, place, step, reach, contexts, first):
    """Writes the words up to `reach` to one side, within the sentence, from contexts[first] on; -> how many."""
    count, j = 0, place + step
    while begin <= j and j < end and count < reach and ids[j] != BOUNDARY:
        if _stays(ids, j, key, keep):
            contexts[first + count] = ids[j]
            count += 1
        j += step
    return count


@device
def _draw_noise(noise, key, counter):
    """A word, its chance given by the alias table."""
    first, second = mix32(u32(key + u32(2 * counter))), mix32(u32(key + u32(2 * counter + 1)))
    place = np.int64((u64(first) * u64(noise.shape[0])) >> u64(32))
    entry = noise[place]
    return place if u64(second) < entry >> u64(32) else np.int64(entry & u64(0xFFFFFFFF))


@device
def _output(word, k, example_key, loss, noise, path_offsets, nodes, codes):
    """Output k of a word -> its row, -1 for noise that is the word itself, and the wanted answer."""
    if loss == HIERARCHICAL:
        place = path_offsets[word] + k
        return np.int64(nodes[place]), 1 - codes[place]
    if k == 0:
        return np.int64(word), 1
    other = _draw_noise(noise, example_key, k - 1)
    return np.int64(-1) if other == word else other, 0


@device
def _add_rows(table, word, offsets, parts, h):
    """Adds a word's rows, its own and those of its n-grams, to this thread's columns of h; -> how many there are."""
    lane, n = cuda.threadIdx.x, 1
    for d in range(lane, table.shape[1], LANES):
        h[d] += latest(table, word, d)
    if offsets.shape[0]:
        for k in range(offsets[word], offsets[word + 1]):
            n += 1
            for d in range(lane, table.shape[1], LANES):
                h[d] += latest(table, parts[k], d)
    return n


@device
def _change_rows(table, word, offsets, parts, e):
    """Adds e to all rows of a word."""
    lane = cuda.threadIdx.x
    for d in range(lane, table.shape[1], LANES):
        table[word, d] = latest(table, word, d) + e[d]
    if offsets.shape[0]:
        for k in range(offsets[word], offsets[word + 1]):
            for d in range(lane, table.shape[1], LANES):
                table[parts[k], d] = latest(table, parts[k], d) + e[d]


@device
def _learn_outputs(
    word, example_key, n_outputs, loss, noise, path_offsets, nodes, codes, table, rate, h, e, sums, rows, gains
):  # fmt: skip
    """Changes an example's outputs, and writes what its input rows change by to e -> this thread's part of the loss."""
    lane, total = cuda.threadIdx.x, 0.0
    for first in range(0, n_outputs, LANES):
        count = min(LANES, n_outputs - first)
        row, wanted = np.int64(-1), 0
        if lane < count:
            row, wanted = _output(word, first + lane, example_key, loss, noise, path_offsets, nodes, codes)
        rows[lane] = row
        cuda.syncthreads()
        for k in range(count):
            product = h.dtype.type(0)
            if rows[k] >= 0:
                for d in range(lane, table.shape[1], LANES):
                    product += h[d] * latest(table, rows[k], d)
            sums[k * (LANES + 1) + lane] = product
        cuda.syncthreads()
        if row >= 0:
            product = h.dtype.type(0)
            for i in range(LANES):
                product += sums[lane * (LANES + 1) + i]
            y = sigmoid(product)
            p = y if wanted else sigmoid(-product)
            gains[lane] = rate * (h.dtype.type(wanted) - y)
            total -= math.log(max(np.float64(p), LEAST))
        cuda.syncthreads()
        for k in range(count):
            if rows[k] >= 0:
                for d in range(lane, table.shape[1], LANES):
                    y = latest(table, rows[k], d)
                    e[d] += gains[k] * y
                    table[rows[k], d] = y + gains[k] * h[d]
        cuda.syncthreads()  # rows and gains are free
    return total


@kernel
def _train(
    ids, begin, first, last, end, key, plan, keep, noise, path_offsets, nodes, codes, offsets, parts, inputs, outputs, rate,
    slower, contexts, losses, learned,
):  # fmt: skip
    """losses and learned (blocks,): each block's own."""
    cbow, loss, divide, window, negative = plan
    lane, me, width = cuda.threadIdx.x, cuda.blockIdx.x, inputs.shape[1]
    room = cuda.shared.array(0, inputs.dtype)
    h, e, sums, gains = room[:width], room[width : 2 * width], room[2 * width :], room[2 * width + LANES * (LANES + 1) :]
    rows = cuda.shared.array(LANES, np.int64)
    counts = cuda.shared.array(2, np.int64)
    mine, total, n_examples = contexts[me], 0.0, 0
    for place in range(first + me, last, cuda.gridDim.x):
        if not _stays(ids, place, key, keep):
            continue
        word, word_key = ids[place], u32(derived(key, place))
        reach = 1 + np.int64((u64(mix32(word_key)) * u64(window)) >> u64(32))
        if lane < 2:  # one looks to the left, one to the right
            counts[lane] = _find_contexts(ids, begin, end, key, keep, place, 2 * lane - 1, reach, mine, lane * window)
        cuda.syncthreads()
        left, n = counts[0], counts[0] + counts[1]
        now = inputs.dtype.type(rate - slower * (place - first))
        n_outputs = path_offsets[word + 1] - path_offsets[word] if loss == HIERARCHICAL else negative + 1
        for x in range(min(n, 1) if cbow else n):
            some = (0, n) if cbow else (x, x + 1)
            for d in range(lane, width, LANES):
                h[d] = 0
                e[d] = 0
            n_in = 0
            for k in range(some[0], some[1]):
                n_in += _add_rows(inputs, mine[k if k < left else window + k - left], offsets, parts, h)
            for d in range(lane, width, LANES):
                h[d] /= inputs.dtype.type(n_in)
            example_key = mix32(u32(word_key + u32(x + 1)))
            total += _learn_outputs(
                word, example_key, n_outputs, loss, noise, path_offsets, nodes, codes, outputs, now, h, e, sums, rows, gains
            )  # fmt: skip
            if divide:
                for d in range(lane, width, LANES):
                    e[d] /= inputs.dtype.type(n_in)
            for k in range(some[0], some[1]):
                _change_rows(inputs, mine[k if k < left else window + k - left], offsets, parts, e)
            n_examples += 1
        cuda.syncthreads()  # counts and contexts are free
    cuda.atomic.add(losses, me, total)
    if lane == 0:
        learned[me] = n_examples


def make_block(n, plan, tables, vectors):
    """Contexts (blocks, 2W), sums of losses and numbers of examples (blocks,) of all blocks that learn side by side."""
    multiprocessors, _ = limits()
    blocks = 1 if SIMULATED else multiprocessors * BLOCKS_EACH
    window = plan[3]
    return empty((blocks, 2 * window), np.int32), np.zeros(blocks), np.zeros(blocks, np.int64)


def make_buffers(n, plan, tables, vectors):
    """Nothing: there is one worker, whose blocks have what they need."""
    return ()


def train(ids, begin, first, last, end, key, plan, tables, vectors, rate, slower, block, buffers):
    """Learns from the words at places first..last of ids, whose neighbours are looked for from begin to end.

    plan: (cbow, loss, divide, window, negative); tables: (keep, noise, path_offsets, nodes, codes, part_offsets, parts); vectors:
    (input_vectors, output_vectors); all arrays but the last two of block are the device's.  The learning rate falls from `rate`
    by `slower` a place.  -> sum of losses in nats, examples.  UsageError for a softmax over all words.
    """
    if plan[1] == SOFTMAX:
        raise UsageError("A softmax over all words is for the processor: train with --device cpu, or with --loss negative.")
    contexts, losses, learned = block
    on_device = to_device(losses), to_device(learned)
    inputs = vectors[0]
    size = (2 * inputs.shape[1] + LANES * (LANES + 2)) * inputs.dtype.itemsize
    text = ids, begin, first, last, end, key, tuple(map(int, plan))
    shape = contexts.shape[0], LANES, 0, size
    start(_train, shape, *text, *tables, *vectors, float(rate), float(slower), contexts, *on_device)
    return tuple(array.copy_to_host().sum().item() for array in on_device)


def train_in_step(*arguments):
    """UsageError: the order of changes is not kept among blocks."""
    raise UsageError("Training that gives the same bits again is for the processor: train with --device cpu.")
