"""Lines of n-grams as ARPA files have them: a log10 probability, words and, but for the longest, a log10 back-off weight.

Tables of words are those of words.py.
"""

import math

import numpy as np

from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.words import find_word, hash_word

TAB, NEWLINE, RETURN, SPACE = 9, 10, 13, 32  # TAB to RETURN and SPACE are white
PLUS, MINUS, POINT, ZERO, BACKSLASH, E = (ord(c) for c in "+-.0\\e")
LOG_10 = math.log(10)
LOG_ZERO = -99.0  # how files write the log10 of zero
DIGITS = 9  # as many as bring each float32 back, through log10 too
LEAST, MOST = 10 ** (DIGITS - 1), 10**DIGITS
MANTISSA = 10**17
POWERS = 10.0 ** np.arange(23)  # exact
NUMBER_BYTES = 20  # a written number has fewer

# What comes of lines: all were read, the section is over, or what is wrong with one.
READ, OVER, NUMBER, POSITIVE, INFINITE, SHORT, LONG, TWICE, UNKNOWN, MISSING = range(10)


@part
def _field(text, i):
    """-> where the next field of a line begins and ends, at its end both there."""
    while text[i] == SPACE or (TAB <= text[i] <= RETURN and text[i] != NEWLINE):
        i += 1
    begin = i
    while (text[i] > RETURN or text[i] < TAB) and text[i] != SPACE:
        i += 1
    return begin, i


@part
def _digits(text, i, end, value, n):
    """Reads digits on to value, as many as it can hold -> value, digits that it holds, digits, where they end."""
    taken = 0
    while i < end and ZERO <= text[i] <= ZERO + 9:
        if value < MANTISSA:
            value = value * 10 + np.int64(text[i]) - ZERO
            taken += 1
        i, n = i + 1, n + 1
    return value, taken, n, i


@part
def _number(text, begin, end):
    """-> the number text[begin:end], NaN where it is none."""
    i = begin + (text[begin] == MINUS or text[begin] == PLUS)
    sign = -1.0 if text[begin] == MINUS else 1.0
    if end - i == 3 and text[i] | 32 == 105 and text[i + 1] | 32 == 110 and text[i + 2] | 32 == 102:  # inf
        return sign * math.inf
    value, taken, n, stop = _digits(text, i, end, np.int64(0), 0)
    exponent, i = stop - i - taken, stop
    if i < end and text[i] == POINT:
        value, taken, n, i = _digits(text, i + 1, end, value, n)
        exponent -= taken
    if n == 0:
        return math.nan
    if i < end and text[i] | 32 == E:
        i += 1
        down = i < end and text[i] == MINUS
        power, taken, n, stop = _digits(text, i + (i < end and (text[i] == MINUS or text[i] == PLUS)), end, np.int64(0), 0)
        if n == 0:
            return math.nan
        exponent, i = exponent + (-power if down else power), stop
    if i < end:
        return math.nan
    if value == 0 or exponent < -400:
        return sign * 0.0
    if exponent > 400:
        return sign * math.inf
    if -len(POWERS) < exponent <= 0:
        return sign * value / POWERS[-exponent]
    return sign * value * 10.0**exponent


@part
def _probability(text, begin, end):
    """-> the natural logarithm, and what is wrong with it."""
    value = _number(text, begin, end)
    if value > 0.0:
        return value, POSITIVE
    return -math.inf if value == LOG_ZERO else value * LOG_10, NUMBER if value != value else READ


@part
def _weight(text, i, is_top):
    """A line from its last word's end on -> the weight's natural logarithm, where the line ends, its field and what is wrong."""
    begin, end = _field(text, i)
    if begin == end:
        return 0.0, begin, begin, end, READ
    value = _number(text, begin, end)
    after, other = _field(text, end)
    if after < other or (is_top and value != 0.0):
        return value, after, begin if is_top else after, end if is_top else other, LONG
    if value != value or value == math.inf:
        return value, after, begin, end, NUMBER if value != value else INFINITE
    return -math.inf if value == LOG_ZERO else value * LOG_10, after, begin, end, READ


@kernel
def read_unigrams(text, begin, end, n, is_top, slots, hashes, ends, pool, log_p, backoff):
    """text (uint8) from begin to end, whole lines: writes log_p, backoff (W,), natural logarithms, and the table, from word n on.

    is_top: there are no longer n-grams, hence no weights.  The pool has room for all of text.
    -> what came of it, where the next line or the bad one begins, words, and the field that is wrong.
    """
    while begin < end and n < len(log_p):
        first, last = _field(text, begin)
        if first == last or text[first] == BACKSLASH:
            return OVER, begin, n, first, last
        value, wrong = _probability(text, first, last)
        if wrong:
            return wrong, begin, n, first, last
        first, last = _field(text, last)
        if first == last:
            return SHORT, begin, n, first, last
        hashed = hash_word(text, first, last)
        word, slot = find_word(text, first, last, hashed, slots, hashes, ends, pool)
        if word >= 0:
            return TWICE, begin, n, first, last
        weight, after, bad, bad_end, wrong = _weight(text, last, is_top)
        if wrong:
            return wrong, begin, n, bad, bad_end
        used = ends[n - 1] if n else 0
        pool[used : used + last - first] = text[first:last]
        ends[n], hashes[n], log_p[n], backoff[n] = used + last - first, hashed, value, weight
        begin, n = after + 1, n + 1
        slots[slot] = n
    return READ, begin, n, begin, begin


@part
def _child(words, begin, end, word):
    """-> the node of begin:end with this word, -1 where there is none."""
    while begin < end:
        middle = (begin + end) // 2
        if words[middle] < word:
            begin = middle + 1
        elif words[middle] > word:
            end = middle
        else:
            return middle
    return np.int64(-1)


@kernel
def read_ngrams(text, begin, end, order, n, is_top, table, ids, words, children, parents, last_words, log_p, backoff):
    """text (uint8) from begin to end, whole lines of `order` words: writes parents, last_words, log_p (N,), backoff from n on.

    ids: the words' numbers in the table (slots, hashes, ends, pool) -> their ids, which are the first nodes; words, children: of
    the shorter n-grams, node i goes on in children[i]:children[i + 1]; parents: the nodes of n-grams without their last words.
    -> what came of it, where the next line or the bad one begins, n-grams, and the part of the line that is wrong.
    """
    slots, hashes, ends, pool = table
    before, path = np.full(order, -1, np.int64), np.empty(order, np.int64)  # of the line before: files are often sorted
    while begin < end and n < len(log_p):
        first, last = _field(text, begin)
        if first == last or text[first] == BACKSLASH:
            return OVER, begin, n, first, last
        value, wrong = _probability(text, first, last)
        if wrong:
            return wrong, begin, n, first, last
        is_same, node, ngram, word = True, np.int64(-1), np.int64(-1), np.int64(-1)
        for j in range(order):
            first, last = _field(text, last)
            if first == last:
                return SHORT, begin, n, first, last
            ngram = first if j == 0 else ngram
            number, _ = find_word(text, first, last, hash_word(text, first, last), slots, hashes, ends, pool)
            if number < 0:
                return UNKNOWN, begin, n, first, last
            word = np.int64(ids[number])
            if j == order - 1:
                break
            if not is_same or before[j] != word:
                is_same = False
                node = word if j == 0 else _child(words, np.int64(children[node]), np.int64(children[node + 1]), word)
                if node < 0:
                    return MISSING, begin, n, ngram, last
                before[j], path[j] = word, node
            node = path[j]
        weight, after, bad, bad_end, wrong = _weight(text, last, is_top)
        if wrong:
            return wrong, begin, n, bad, bad_end
        parents[n], last_words[n], log_p[n] = node, word, value
        if not is_top:
            backoff[n] = weight
        begin, n = after + 1, n + 1
    return READ, begin, n, begin, begin


@kernel
def climb(children, nodes):
    """Turns nodes (n,), rising, of one level into those of the level above whose children they are."""
    low, high = 0, len(children) - 1  # the parent of the first
    while high - low > 1:
        middle = (low + high) // 2
        if children[middle] <= nodes[0]:
            low = middle
        else:
            high = middle
    for i in range(len(nodes)):
        while children[low + 1] <= nodes[i]:
            low += 1
        nodes[i] = low


@part
def _write_digits(out, at, value, n):
    for i in range(at + n - 1, at - 1, -1):
        out[i] = ZERO + value % 10
        value //= 10
    return at + n


@part
def _write_zeros(out, at, n):
    for i in range(at, at + n):
        out[i] = ZERO
    return at + max(n, 0)


@part
def _write_number(out, at, logarithm):
    """The log10 of what a natural logarithm is of, in DIGITS digits -> where it ends."""
    value = LOG_ZERO if logarithm == -math.inf else logarithm / LOG_10
    if value == 0.0:
        return _write_zeros(out, at, 1)
    if value < 0.0:
        out[at] = MINUS
        at, value = at + 1, -value
    exponent = math.floor(math.log10(value))
    digits = np.int64(value * 10.0 ** (DIGITS - 1 - exponent) + 0.5)
    if digits < LEAST:  # the logarithm was rounded up
        exponent -= 1
        digits = np.int64(value * 10.0 ** (DIGITS - 1 - exponent) + 0.5)
    if digits >= MOST:
        exponent, digits = exponent + 1, digits // 10
    n = DIGITS
    while digits % 10 == 0:
        n, digits = n - 1, digits // 10
    if -5 <= exponent < 0:
        at = _write_zeros(out, at, 1 - exponent)
        out[at + exponent] = POINT
        return _write_digits(out, at, digits, n)
    whole = exponent + 1 if exponent >= 0 and exponent < DIGITS else 1  # digits before the point
    if n > whole:
        scale = 10 ** (n - whole)
        at = _write_digits(out, at, digits // scale, whole)
        out[at] = POINT
        at = _write_digits(out, at + 1, digits % scale, n - whole)
    else:
        at = _write_zeros(out, _write_digits(out, at, digits, n), whole - n)
    if exponent >= whole or exponent < 0:
        out[at], out[at + 1] = E, MINUS if exponent < 0 else PLUS
        at = _write_digits(out, at + 2, abs(exponent), 2)
    return at


@kernel
def write_ngrams(ngrams, log_p, backoff, ends, pool, out):
    """Lines of ngrams (n, order), ids of the table's words, with log_p and, if there are any, backoff (n,) -> bytes written."""
    at = 0
    for i in range(len(ngrams)):
        at = _write_number(out, at, np.float64(log_p[i]))
        for j in range(ngrams.shape[1]):
            out[at] = SPACE if j else TAB
            at += 1
            word = np.int64(ngrams[i, j])
            begin = ends[word - 1] if word else 0
            for k in range(begin, ends[word]):
                out[at] = pool[k]
                at += 1
        if len(backoff):
            out[at] = TAB
            at = _write_number(out, at + 1, np.float64(backoff[i]))
        out[at] = NEWLINE
        at += 1
    return at
