"""Skip-gram and continuous bag of words (Mikolov et al. 2013, arXiv:1301.3781 and 1310.4546), with vectors of character n-grams
as an option (Bojanowski et al. 2017).

An example has input rows, whose mean is h, and outputs, each a row v of output_vectors and a wanted answer 1 or 0:
  NEGATIVE       the word itself, 1, and words drawn from the noise, 0        loss = -sum log sigma(+-v.h)
  HIERARCHICAL   the inner nodes on the word's way through the Huffman tree, 1 where its code bit is 0
  SOFTMAX        all words                                                    loss = -log softmax(V h)[word]
Vectors are rows (n, P) padded with zeros to whole cache lines.  Every random number depends on key and place in the corpus alone.

A slot holds what one word is learned from: its contexts (at slot * 2W), and the outputs of its examples (example x at
(slot * X + x) * R): one example a context, X = 2W, or, for a bag of words, one in all.
"""

import math

import numpy as np

from seqterm.kernels.cpu.activation import exp, sigmoid
from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.cpu.random import derive_key, mix32
from seqterm.kernels.cpu.rows import add_row, borrow, clear_row, dots, exchange, fetch
from seqterm.kernels.cpu.team import meet, share

NEGATIVE, HIERARCHICAL, SOFTMAX = range(3)
BOUNDARY = -1
RATE_EVERY = 256  # words between two looks at the learning rate
SMALL = 1e-200  # a product of probabilities is turned into a sum of logarithms before it vanishes
LEAST = 1e-90  # a probability, so that the loss stays finite
u32, u64 = np.uint32, np.uint64


def alias_table(weights):
    """(V,) -> uint64 (V,), after Walker 1977: a uniform place, then in half of the bits whether it is kept, else its alias."""
    n = len(weights)
    share = np.asarray(weights, np.float64) * (n / np.sum(weights))
    alias, kept = np.arange(n), np.ones(n)
    small, large = [i for i in range(n) if share[i] < 1], [i for i in range(n) if share[i] >= 1]
    while small and large:
        low, high = small.pop(), large.pop()
        kept[low], alias[low] = share[low], high
        share[high] -= 1 - share[low]
        (small if share[high] < 1 else large).append(high)
    thresholds = np.minimum(kept * 2**32, 2**32 - 1).astype(np.uint64)
    return thresholds << np.uint64(32) | alias.astype(np.uint64)


@inlined
def draw_noise(noise, key, counter):
    """A word, its chance given by the alias table."""
    first, second = mix32(u32(key + u32(2 * counter))), mix32(u32(key + u32(2 * counter + 1)))
    place = np.int64((u64(first) * u64(noise.shape[0])) >> u64(32))
    entry = noise[place]
    return np.int32(place) if u64(second) < entry >> u64(32) else np.int32(entry & u64(0xFFFFFFFF))


@kernel
def sub_sample(ids, first, last, key, keep, words, places):
    """Of ids[first:last] writes the words that stay, and their places; -> how many.  keep (V,): the chance, of 2**32."""
    n = 0
    for place in range(first, last):
        word = ids[place]
        if word == BOUNDARY or u32(derive_key(key, place)) <= keep[word]:
            words[n], places[n] = word, place
            n += 1
    return n


@inlined
def find_contexts(words, n, i, reach, contexts, start):
    """Writes the words up to `reach` to both sides of word i, within its sentence, from contexts[start] on; -> how many."""
    count = start
    for step in (-1, 1):
        j = i + step
        while 0 <= j < n and abs(j - i) <= reach and words[j] != BOUNDARY:
            contexts[count] = words[j]
            count += 1
            j += step
    return count - start


@inlined
def add_rows_of(word, offsets, parts, rows, n):
    """Appends to rows[:n] the rows of a word: its own, and those of its character n-grams; -> how many there are."""
    rows[n] = word
    n += 1
    if offsets.shape[0]:
        for k in range(offsets[word], offsets[word + 1]):
            rows[n] = parts[k]
            n += 1
    return n


@inlined
def input_rows(slot, x, cbow, n_contexts, contexts, reach, offsets, parts, rows):
    """Writes the rows of input_vectors that example x of a slot begins with; -> how many."""
    n, first = 0, 2 * reach * slot
    for k in range(first if cbow else first + x, first + n_contexts[slot] if cbow else first + x + 1):
        n = add_rows_of(contexts[k], offsets, parts, rows, n)
    return n


@inlined
def mean_of(table, rows, n, hs, h):
    """Writes hs[h], the mean of some rows."""
    clear_row(hs, h)
    factor = hs.dtype.type(1.0 / n)
    for i in range(n):
        add_row(table, rows[i], hs, h, factor)


@inlined
def path_outputs(word, offsets, nodes, codes, outputs, wanted, start):
    """Writes a word's way through the tree; -> where its outputs end."""
    n = start
    for k in range(offsets[word], offsets[word + 1]):
        outputs[n], wanted[n] = nodes[k], 1 - codes[k]
        n += 1
    return n


@inlined
def noise_outputs(word, key, negative, noise, outputs, wanted, start):
    """Writes a word and some of the noise, the word left out where it is drawn; -> where the outputs end."""
    outputs[start], wanted[start] = word, 1
    n = start + 1
    for k in range(negative):
        other = draw_noise(noise, key, k)
        if other != word:
            outputs[n], wanted[n] = other, 0
            n += 1
    return n


@inlined
def binary_gains(products, wanted, first, end, rate, chance):
    """products[i] = v.h -> the gain rate * (wanted - sigma(v.h)); chance (2,): a product of probabilities, a sum of -log."""
    for i in range(first, end):
        y = sigmoid(products[i])
        p = y if wanted[i] else sigmoid(-products[i])
        products[i] = rate * (wanted[i] - y)
        chance[0] *= max(np.float64(p), LEAST)
        if chance[0] < SMALL:
            chance[1] -= math.log(chance[0])
            chance[0] = 1.0


@inlined
def softmax_gains(products, word, first, end, rate, chance):
    """As `binary_gains`, of a softmax over all words."""
    top = products[first]
    for i in range(first, end):
        top = products[i] if products[i] > top else top
    total, wanted = 0.0, np.float64(products[first + word]) - np.float64(top)
    for i in range(first, end):
        products[i] = exp(products[i] - top)
        total += products[i]
    chance[1] += math.log(total) - wanted
    for i in range(first, end):
        products[i] *= products.dtype.type(-rate / total)
    products[first + word] += rate


@kernel
def _sizes(plan, tables, n_outputs):
    """-> examples of a word, outputs of an example, input rows of an example, at most."""
    cbow, loss, _, window, negative = plan
    _, _, path_offsets, _, _, part_offsets, _ = tables
    longest, n_parts = negative + 1, 0
    if loss == SOFTMAX:
        longest = n_outputs
    elif loss == HIERARCHICAL:
        for word in range(path_offsets.shape[0] - 1):
            longest = max(longest, path_offsets[word + 1] - path_offsets[word])
    for word in range(part_offsets.shape[0] - 1):
        n_parts = max(n_parts, part_offsets[word + 1] - part_offsets[word])
    return 1 if cbow else 2 * window, longest, 2 * window * (1 + n_parts)


@inlined
def fill_slot(
    slot, words, n, i, place, key, loss, window, negative, noise, path_offsets, nodes, codes, examples, longest,
    n_contexts, contexts, outputs, wanted, ends, input_vectors, output_vectors,
):  # fmt: skip
    """Writes what word i is learned from, and sends for the rows.  For SOFTMAX the outputs stand there already."""
    word, word_key = words[i], u32(derive_key(key, place))
    reach = 1 + np.int64((u64(mix32(word_key)) * u64(window)) >> u64(32))
    count = find_contexts(words, n, i, reach, contexts, 2 * window * slot)
    n_contexts[slot] = count
    for k in range(2 * window * slot, 2 * window * slot + count):
        fetch(input_vectors, contexts[k])
    if loss != SOFTMAX:
        for x in range(slot * examples, slot * examples + min(count, examples)):
            if loss == HIERARCHICAL:
                ends[x] = path_outputs(word, path_offsets, nodes, codes, outputs, wanted, x * longest)
            else:
                example_key = mix32(u32(word_key + u32(x - slot * examples + 1)))
                ends[x] = noise_outputs(word, example_key, negative, noise, outputs, wanted, x * longest)
            for k in range(x * longest, ends[x]):
                fetch(output_vectors, outputs[k])


@kernel
def _make_outputs(n, longest):
    """outputs and wanted (n * R,), ends (n,): of n examples with all rows 0..R-1 each."""
    outputs, ends = np.empty(n * longest, np.int32), np.empty(n, np.int64)
    for x in range(n):
        ends[x] = (x + 1) * longest
        for k in range(longest):
            outputs[x * longest + k] = k
    return outputs, np.empty(n * longest, np.int8), ends


@kernel
def make_block(n, plan, tables, vectors):
    """Slots for n words: words, numbers of contexts, losses (n,), contexts; outputs, wanted answers, ends; gains, h and e
    (n * X, P)."""
    examples, longest, _ = _sizes(plan, tables, vectors[1].shape[0])
    outputs, wanted, ends = _make_outputs(n * examples, longest)
    h, e = np.zeros((2, n * examples, vectors[0].shape[1]), vectors[0].dtype)
    gains, contexts = np.empty(n * examples * longest, h.dtype), np.empty(2 * plan[3] * n, np.int32)
    return np.empty(n, np.int32), np.zeros(n, np.int64), np.zeros(n), contexts, outputs, wanted, ends, gains, h, e


@kernel
def make_buffers(n, plan, tables, vectors):
    """A worker's own: words and places (n,) of the text, input rows of an example, a product and a sum of its chances."""
    _, _, most = _sizes(plan, tables, vectors[1].shape[0])
    return np.empty(n, np.int32), np.empty(n, np.int64), np.empty(most, np.int32), np.empty(2)


@kernel
def train(ids, begin, first, last, end, key, plan, tables, vectors, rate, slower, block, buffers):
    """Learns from the words at places first..last of ids, whose neighbours are looked for from begin to end, without waiting for
    other threads that do the same.

    plan: (cbow, loss, divide, window, negative); tables: (keep, noise, path_offsets, nodes, codes, part_offsets, parts); vectors:
    (input_vectors, output_vectors); the learning rate falls from `rate` by `slower` a place; block: two slots; buffers for as
    many words as lie from begin to end.
    -> sum of losses in nats, examples.
    """
    cbow, loss, divide, window, negative = plan
    keep, noise, path_offsets, nodes, codes, part_offsets, parts = borrow(tables)
    input_vectors, output_vectors = borrow(vectors)
    centers, n_contexts, _, contexts, outputs, wanted, ends, products, h, e = borrow(block)
    words, places, rows, chance = borrow(buffers)
    n = sub_sample(ids, begin, end, key, keep, words, places)
    examples, longest, _ = _sizes(plan, tables, output_vectors.shape[0])
    chance[0], chance[1], learned, filled = 1.0, 0.0, 0, 0
    now = input_vectors.dtype.type(rate)
    for i in range(n + 1):
        if i < n:
            if words[i] == BOUNDARY or places[i] < first or places[i] >= last:
                continue
            slot = filled % 2
            centers[slot] = words[i]
            fill_slot(
                slot, words, n, i, places[i], key, loss, window, negative, noise, path_offsets, nodes, codes, examples, longest,
                n_contexts, contexts, outputs, wanted, ends, input_vectors, output_vectors,
            )  # fmt: skip
            filled += 1
            if filled % RATE_EVERY == 0:
                now = input_vectors.dtype.type(rate - slower * (places[i] - first))
        # The slot before: its rows have come meanwhile.
        slot = filled % 2 if i < n else (filled + 1) % 2
        if (filled < 2 and i < n) or filled == 0:
            continue
        for x in range(min(n_contexts[slot], examples)):
            n_in = input_rows(slot, x, cbow, n_contexts, contexts, window, part_offsets, parts, rows)
            mean_of(input_vectors, rows, n_in, h, 0)
            at = (slot * examples + x) * longest
            stop = ends[slot * examples + x]
            dots(h, 0, output_vectors, outputs, at, stop, products)
            if loss == SOFTMAX:
                softmax_gains(products, centers[slot], at, stop, now, chance)
            else:
                binary_gains(products, wanted, at, stop, now, chance)
            clear_row(e, 0)
            exchange(h, 0, output_vectors, outputs, at, stop, products, e)
            factor = input_vectors.dtype.type(1.0 / n_in if divide else 1.0)
            for k in range(n_in):
                add_row(e, 0, input_vectors, rows[k], factor)
            learned += 1
    return chance[1] - math.log(chance[0]), learned


@kernel
def train_in_step(ids, begin, first, last, end, key, plan, tables, vectors, rate, slower, block, buffers, team):
    """As `train`, with the same bits for any number of workers: they measure a block of words, then each changes its own rows.

    All share the block; the buffers are each worker's own.
    """
    cbow, loss, divide, window, negative = plan
    keep, noise, path_offsets, nodes, codes, part_offsets, parts = borrow(tables)
    input_vectors, output_vectors = borrow(vectors)
    centers, n_contexts, losses, contexts, outputs, wanted, ends, gains, h, e = borrow(block)
    words, places, rows, chance = borrow(buffers)
    worker, workers, _ = team
    n = sub_sample(ids, begin, end, key, keep, words, places)
    examples, longest, _ = _sizes(plan, tables, output_vectors.shape[0])
    inside = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if words[i] != BOUNDARY and first <= places[i] < last:
            inside[count] = i
            count += 1
    total, learned = 0.0, 0
    for start in range(0, count, len(centers)):
        n_slots = min(len(centers), count - start)
        now = h.dtype.type(rate - slower * (places[inside[start]] - first))
        mine, after = share(n_slots, team)
        for slot in range(mine, after):
            i = inside[start + slot]
            centers[slot] = words[i]
            fill_slot(
                slot, words, n, i, places[i], key, loss, window, negative, noise, path_offsets, nodes, codes, examples, longest,
                n_contexts, contexts, outputs, wanted, ends, input_vectors, output_vectors,
            )  # fmt: skip
        for slot in range(mine, after):
            chance[0], chance[1] = 1.0, 0.0
            for x in range(slot * examples, slot * examples + min(n_contexts[slot], examples)):
                n_in = input_rows(slot, x - slot * examples, cbow, n_contexts, contexts, window, part_offsets, parts, rows)
                mean_of(input_vectors, rows, n_in, h, x)
                dots(h, x, output_vectors, outputs, x * longest, ends[x], gains)
                if loss == SOFTMAX:
                    softmax_gains(gains, centers[slot], x * longest, ends[x], now, chance)
                else:
                    binary_gains(gains, wanted, x * longest, ends[x], now, chance)
                clear_row(e, x)
                for k in range(x * longest, ends[x]):
                    add_row(output_vectors, outputs[k], e, x, gains[k])
            losses[slot] = chance[1] - math.log(chance[0])
        meet(team)
        for slot in range(n_slots):
            for x in range(slot * examples, slot * examples + min(n_contexts[slot], examples)):
                for k in range(x * longest, ends[x]):
                    if outputs[k] % workers == worker:
                        add_row(h, x, output_vectors, outputs[k], gains[k])
                n_in = input_rows(slot, x - slot * examples, cbow, n_contexts, contexts, window, part_offsets, parts, rows)
                factor = h.dtype.type(1.0 / n_in if divide else 1.0)
                for k in range(n_in):
                    if rows[k] % workers == worker:
                        add_row(e, x, input_vectors, rows[k], factor)
                learned += 1
            total += losses[slot]
        meet(team)
    return total, learned
