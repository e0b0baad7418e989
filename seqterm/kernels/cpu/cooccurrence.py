"""Which words stand near one another: X_ij, a sum over all places of word i and of word j at most a window apart.

Counted word by word: once it is known where each word stands, all neighbours of one word are added up in a single row of X, which
stays in the second-level cache.  X is symmetric, a pair is kept once.  Words w form bands by w % bands; a tile holds the pairs of
words of two bands a <= b, ordered by j and then i, i of band a and j of band b.  Pairs are records with the fields i, j and x.
"""

import numpy as np

from seqterm.kernels.cpu.compile import kernel


@kernel
def index_words(ids, first, last, starts, places):
    """ids (N,) -> writes starts (V+1,) and places: those of word w from first to last are places[starts[w] : starts[w + 1]]."""
    starts[:] = 0
    for place in range(first, last):
        if ids[place] >= 0:
            starts[ids[place] + 1] += 1
    for word in range(1, starts.shape[0]):
        starts[word] += starts[word - 1]
    for place in range(first, last):
        word = ids[place]
        if word >= 0:
            places[starts[word]] = place
            starts[word] += 1
    for word in range(starts.shape[0] - 1, 0, -1):  # each start has become the next one
        starts[word] = starts[word - 1]
    starts[0] = 0


@kernel
def add_neighbours(ids, places, weights, sums, found):
    """Adds weights[d - 1] to sums (V,) for each word at distance d from a place, up to the next id below zero.

    -> how many words have a sum now that had none; writes them to found (V+1,).
    """
    n = 0
    for place in places:
        for step in (-1, 1):
            room = place if step < 0 else ids.shape[0] - 1 - place
            at = place
            for d in range(min(weights.shape[0], room)):
                at += step
                word = ids[at]
                if word < 0:
                    break
                found[n] = word
                n += sums[word] == 0
                sums[word] += weights[d]
    return n


@kernel
def _longer(array, n, size):
    longer = np.empty(size, array.dtype)
    longer[:n] = array[:n]
    return longer


@kernel
def count_band(band, bands, ids, starts, places, weights):
    """All tiles (band, b) of the places that index_words found -> i, j (n,) int32, x (n,) float64, ordered by i alone."""
    size = starts.shape[0] - 1
    sums, found = np.zeros(size), np.empty(size + 1, np.int32)
    i, j, x = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size)
    n = 0
    for word in range(band, size, bands):
        n_found = add_neighbours(ids, places[starts[word] : starts[word + 1]], weights, sums, found)
        if n + n_found > len(i):
            room = 2 * (n + n_found)
            i, j, x = _longer(i, n, room), _longer(j, n, room), _longer(x, n, room)
        for k in range(n_found):
            other = found[k]
            i[n], j[n], x[n] = word, other, sums[other]
            sums[other] = 0
            other_band = other % bands
            n += (other_band > band) | ((other_band == band) & (other >= word))
    return i[:n], j[:n], x[:n]


@kernel
def sort_band(i, j, x, size, bands, ends, records):
    """What count_band found, of `size` words, into the order of tiles: writes ends (bands,) of the tiles and records (n,)."""
    slots = np.zeros(size, np.int64)
    for k in range(len(j)):
        slots[j[k]] += 1
    n = 0
    for band in range(bands):
        for word in range(band, size, bands):
            slots[word], n = n, n + slots[word]
        ends[band] = n
    out_i, out_j, out_x = records["i"], records["j"], records["x"]
    for k in range(len(j)):
        slot = slots[j[k]]
        slots[j[k]] += 1
        out_i[slot], out_j[slot], out_x[slot] = i[k], j[k], x[k]


@kernel
def merge_tiles(a, b, out):
    """Records of one tile, counted in two parts of a corpus -> how many there are together; writes them to out (>= n,)."""
    a_i, a_j, a_x = a["i"], a["j"], a["x"]
    b_i, b_j, b_x = b["i"], b["j"], b["x"]
    i, j, x = out["i"], out["j"], out["x"]
    n = k = m = 0
    while k < len(a) or m < len(b):
        in_a = m == len(b) or (k < len(a) and (a_j[k], a_i[k]) <= (b_j[m], b_i[m]))
        in_b = k == len(a) or (m < len(b) and (b_j[m], b_i[m]) <= (a_j[k], a_i[k]))
        i[n], j[n] = (a_i[k], a_j[k]) if in_a else (b_i[m], b_j[m])
        x[n] = (a_x[k] if in_a else 0.0) + (b_x[m] if in_b else 0.0)
        k, m, n = k + in_a, m + in_b, n + 1
    return n
