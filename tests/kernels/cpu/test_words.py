"""Tables of words: hashes that clash, and where counting stops for want of room."""

import numpy as np
import pytest

from seqterm.kernels.cpu import words


def raw(text):
    return np.frombuffer(text, np.uint8)


def table(names):
    pool, ends = raw(b"".join(names)), np.cumsum([len(name) for name in names])
    hashes, slots = np.zeros(len(names), np.uint64), np.zeros(4 * len(names) + 4, np.uint32)
    slots = slots[: 1 << (len(slots).bit_length() - 1)]
    words.fill_table(pool, ends, hashes, slots)
    return slots, hashes, ends, pool


def numbers(text, found):
    out = np.empty(len(text), np.int32)
    return out[: words.encode_words(raw(text), *found, np.arange(9, dtype=np.int32), -1, -2, out)].tolist()


def test_words_that_share_a_slot_are_told_apart():
    names = [b"%d" % i for i in range(9)]
    _, hashes, ends, pool = table(names)
    few = np.zeros(16, np.uint32)
    words.fill_table(pool, ends, hashes, few)
    assert len({int(hashed) % 16 for hashed in hashes}) < 9
    assert numbers(b" ".join(names), (few, hashes, ends, pool)) == list(range(9))


def test_one_hash_for_two_words_is_no_confusion():
    slots, hashes, ends, pool = table([b"ab", b"cd"])
    hashes[:] = hashes[1]
    slots[:] = 0
    slots[int(hashes[1]) % len(slots)] = 1
    slots[(int(hashes[1]) + 1) % len(slots)] = 2
    assert numbers(b"cd", (slots, hashes, ends, pool)) == [1]


@pytest.mark.parametrize(("slots", "lists", "pool"), [(4, 9, 99), (64, 2, 99), (64, 9, 5)], ids=["slots", "lists", "pool"])
def test_counting_stops_before_the_word_that_has_no_room(slots, lists, pool):
    text = raw(b"aa\nbb aa\ncc dd")
    slots, hashes, ends = np.zeros(slots, np.uint32), np.zeros(lists, np.uint64), np.zeros(lists, np.int64)
    counts, pool = np.zeros(lists, np.int64), np.zeros(pool, np.uint8)
    done, n_words, newlines = words.count_words(text, 0, slots, hashes, ends, pool, counts, 0)
    assert (done, n_words, newlines) == (9, 2, 2)
    assert counts[:3].tolist()[:2] == [2, 1]
    assert bytes(pool[: ends[1]]) == b"aabb"


@pytest.mark.parametrize("blank", [False, True])
def test_lines_between_marks(blank):
    text, out = raw(b" \na b\r\n\n c"), np.full(99, 77, np.int32)
    slots, hashes, ends, pool = table([b"a", b"c"])
    n = words.encode_sentences(text, slots, hashes, ends, pool, np.array([5, 6], np.int32), 0, 1, 2, blank, out)
    empty = [1, 2] if blank else []
    assert out[:n].tolist() == [*empty, 1, 5, 0, 2, *empty, 1, 6, 2]
    assert (out[n:] == 77).all()
