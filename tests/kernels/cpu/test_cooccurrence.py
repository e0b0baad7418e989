"""Kernels that count pairs of words."""

import numpy as np
import pytest

from seqterm.kernels.cpu import cooccurrence
from seqterm.models.cooccurrence import EXACT_PAIR
from tests.naive import cooccurrence as naive

SIZE, WINDOW = 23, 4
WEIGHTS = {"plain": np.ones(WINDOW), "inverse-distance": 1 / np.arange(1.0, WINDOW + 1)}
each_weighting = pytest.mark.parametrize("weighting", WEIGHTS)


@pytest.fixture
def ids():
    """Sentences, some of them empty or of one word."""
    random = np.random.default_rng(1)
    ids = (SIZE * random.random(400) ** 2).astype(np.int32)
    ids[random.integers(0, 400, 60)] = -1
    return ids


def indexed(ids, first, last):
    starts, places = np.empty(SIZE + 1, np.int64), np.empty(last - first, np.int32)
    cooccurrence.index_words(ids, first, last, starts, places)
    return starts, places


def tiles(ids, first, last, bands, weights):
    """{(a, b): records} of the words from first to last."""
    starts, places = indexed(ids, first, last)
    found = {}
    for a in range(bands):
        i, j, x = cooccurrence.count_band(a, bands, ids, starts, places, weights)
        records, ends = np.empty(len(i), EXACT_PAIR), np.empty(bands, np.int64)
        cooccurrence.sort_band(i, j, x, SIZE, bands, ends, records)
        found |= {(a, b): part for b, part in enumerate(np.split(records, ends[:-1]))}
        assert ends[-1] == len(records)
    return found


def as_dictionary(records):
    """{(i, j): x}, both ways round; no pair may be there twice."""
    found = {(i, j): x for i, j, x in records.tolist()}
    assert len(found) == len(records)
    return found | {(j, i): x for (i, j), x in found.items()}


@pytest.mark.parametrize(("first", "last"), [(0, 400), (0, 0), (37, 38), (100, 263)])
def test_an_index_names_every_place_of_every_word(ids, first, last):
    starts, places = indexed(ids, first, last)
    for word in range(SIZE):
        wanted = [place for place in range(first, last) if ids[place] == word]
        assert places[starts[word] : starts[word + 1]].tolist() == wanted


@each_weighting
def test_neighbours_of_places_are_added_up(ids, weighting):
    sums, found = np.zeros(SIZE), np.zeros(SIZE + 1, np.int32)
    places = np.flatnonzero(ids == 2).astype(np.int32)
    n = cooccurrence.add_neighbours(ids, places, WEIGHTS[weighting], sums, found)
    wanted = {j: x for (i, j), x in naive.pairs(ids, WINDOW, weighting).items() if i == 2}
    assert {int(j): sums[j] for j in found[:n]} == pytest.approx(wanted, rel=1e-14)
    assert np.count_nonzero(sums) == n


@pytest.mark.parametrize("bands", [1, 3, 7, 29])
@each_weighting
def test_tiles_hold_all_pairs_once(ids, weighting, bands):
    found = tiles(ids, 0, len(ids), bands, WEIGHTS[weighting])
    everything = np.concatenate(list(found.values()))
    assert as_dictionary(everything) == pytest.approx(naive.pairs(ids, WINDOW, weighting), rel=1e-14)
    for (a, b), records in found.items():
        assert set(records["i"] % bands) <= {a}
        assert set(records["j"] % bands) <= {b}
        if a > b:
            assert not len(records)
        order = list(zip(records["j"], records["i"], strict=True))
        assert order == sorted(order)


def test_of_pairs_within_a_band_the_lesser_word_comes_first(ids):
    records = tiles(ids, 0, len(ids), 1, WEIGHTS["plain"])[0, 0]
    assert (records["i"] <= records["j"]).all()
    assert (records["i"] == records["j"]).any()


@each_weighting
def test_parts_of_a_corpus_are_merged_into_the_whole(ids, weighting):
    whole = tiles(ids, 0, 400, 3, WEIGHTS[weighting])
    one, other = tiles(ids, 0, 150, 3, WEIGHTS[weighting]), tiles(ids, 150, 400, 3, WEIGHTS[weighting])
    for tile, records in whole.items():
        out = np.empty(len(one[tile]) + len(other[tile]), EXACT_PAIR)
        n = cooccurrence.merge_tiles(one[tile], other[tile], out)
        assert n == len(records)
        for name in ("i", "j"):
            np.testing.assert_array_equal(out[:n][name], records[name])
        np.testing.assert_allclose(out[:n]["x"], records["x"], rtol=1e-14)


@pytest.mark.parametrize("which", ["first", "second", "both"])
def test_a_part_without_pairs_changes_nothing(ids, which):
    nothing, something = np.empty(0, EXACT_PAIR), tiles(ids, 0, 400, 1, WEIGHTS["plain"])[0, 0]
    one, other = {"first": (nothing, something), "second": (something, nothing), "both": (nothing, nothing)}[which]
    out = np.empty(len(one) + len(other), EXACT_PAIR)
    assert cooccurrence.merge_tiles(one, other, out) == len(out)
    np.testing.assert_array_equal(out, nothing if which == "both" else something)
