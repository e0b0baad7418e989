"""Words of a text between white space: counted, and turned into numbers, byte by byte.

A table of W words: pool, the words' bytes one after the other; ends (W,), where each ends in the pool; hashes (W,);
slots (power of two), the number of a word plus one where its hash leads, 0: none.
"""

import numpy as np

from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.rows import borrow

SPACE, TAB, NEWLINE, RETURN = 32, 9, 10, 13  # TAB to RETURN and SPACE are white, as tokens.WHITE has it
OFFSET, PRIME, MIX = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)  # FNV-1a, 64 bits
HALF = np.uint64(32)


@part
def hash_word(text, begin, end):
    hashed = OFFSET
    for i in range(begin, end):
        hashed = (hashed ^ np.uint64(text[i])) * PRIME
    hashed *= MIX
    return hashed ^ (hashed >> HALF)


@part
def _word_end(text, begin):
    """-> where the word at `begin` ends, and its hash, as hash_word has it."""
    hashed, i = OFFSET, begin
    while i < len(text) and (text[i] > RETURN or text[i] < TAB) and text[i] != SPACE:
        hashed = (hashed ^ np.uint64(text[i])) * PRIME
        i += 1
    hashed *= MIX
    return i, hashed ^ (hashed >> HALF)


@part
def _same(text, begin, end, pool, first, last):
    """Whether text[begin:end] is pool[first:last]."""
    if end - begin != last - first:
        return False
    while begin < end and text[begin] == pool[first]:
        begin, first = begin + 1, first + 1
    return begin == end


@part
def find_word(text, begin, end, hashed, slots, hashes, ends, pool):
    """-> the number of the word text[begin:end], -1 if it is none, and the slot where it is or would be."""
    mask = np.uint64(len(slots) - 1)
    slot = hashed & mask
    while slots[slot]:
        word = np.int64(slots[slot]) - 1
        if hashes[word] == hashed and _same(text, begin, end, pool, ends[word - 1] if word else 0, ends[word]):
            return word, slot
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1), slot


@kernel
def count_words(text, start, slots, hashes, ends, pool, counts, n_words):
    """Words of text (N,), uint8, from `start` on: adds to counts, and new words to the table, which has n_words.

    -> how far it came, the table being more than half full or the pool or the lists too small for one word more; words;
    newlines.
    """
    text, slots, hashes, ends, pool, counts = borrow((text, slots, hashes, ends, pool, counts))
    i, newlines = start, 0
    while i < len(text):
        if text[i] == NEWLINE:
            newlines += 1
        if TAB <= text[i] <= RETURN or text[i] == SPACE:
            i += 1
            continue
        end, hashed = _word_end(text, i)
        word, slot = find_word(text, i, end, hashed, slots, hashes, ends, pool)
        if word < 0:
            used = ends[n_words - 1] if n_words else 0
            if n_words == len(ends) or 2 * n_words >= len(slots) or used + end - i > len(pool):
                break
            pool[used : used + end - i] = text[i:end]
            ends[n_words], hashes[n_words], counts[n_words] = used + end - i, hashed, 0
            word, n_words = n_words, n_words + 1
            slots[slot] = n_words
        counts[word] += 1
        i = end
    return i, n_words, newlines


@kernel
def fill_table(pool, ends, hashes, slots):
    """Writes hashes (W,) and slots, zero before, of words that are there."""
    pool, ends, hashes, slots = borrow((pool, ends, hashes, slots))
    mask = np.uint64(len(slots) - 1)
    for word in range(len(ends)):
        hashes[word] = hash_word(pool, ends[word - 1] if word else 0, ends[word])
        slot = hashes[word] & mask
        while slots[slot]:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = word + 1


@kernel
def encode_words(text, slots, hashes, ends, pool, numbers, unknown, newline, out):
    """Words of text (N,), uint8, as numbers[word], or `unknown`, into out (>= N,); a newline as `newline`.  -> how many."""
    text, slots, hashes, ends, pool, numbers, out = borrow((text, slots, hashes, ends, pool, numbers, out))
    i = n = 0
    while i < len(text):
        if TAB <= text[i] <= RETURN or text[i] == SPACE:
            if text[i] == NEWLINE:
                out[n] = newline
                n += 1
            i += 1
            continue
        end, hashed = _word_end(text, i)
        word, _ = find_word(text, i, end, hashed, slots, hashes, ends, pool)
        out[n] = numbers[word] if word >= 0 else unknown
        n, i = n + 1, end
    return n


@kernel
def encode_sentences(text, slots, hashes, ends, pool, numbers, unknown, start, end_mark, blank, out):
    """As encode_words, with `start` and `end_mark` around the words of every line; `blank`: also around none.  -> how many.

    out (>= 3 N + 3,); a last line without its end is a line too.
    """
    text, slots, hashes, ends, pool, numbers, out = borrow((text, slots, hashes, ends, pool, numbers, out))
    i = n = 0
    is_open = False
    while i < len(text):
        if text[i] == NEWLINE and (is_open or blank):
            if not is_open:
                out[n] = start
                n += 1
            out[n] = end_mark
            n, is_open = n + 1, False
        if TAB <= text[i] <= RETURN or text[i] == SPACE:
            i += 1
            continue
        if not is_open:
            out[n] = start
            n, is_open = n + 1, True
        end, hashed = _word_end(text, i)
        word, _ = find_word(text, i, end, hashed, slots, hashes, ends, pool)
        out[n] = numbers[word] if word >= 0 else unknown
        n, i = n + 1, end
    if is_open:
        out[n] = end_mark
        n += 1
    return n
