"""Skip-gram and continuous bag of words, a number at a time: losses, steps, and every choice that is drawn.

A model is {"input": rows, "output": rows}, float64.  An example is (rows, outputs): rows of "input", whose mean is h, and
(row of "output", whether it is wanted) each, or, for a softmax, the one word that is.
"""

import heapq
import math

BOUNDARY = -1
MASK32, MASK64 = 2**32 - 1, 2**64 - 1


# What is drawn


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def mix32(x):
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK32
    return x ^ (x >> 16)


def derive_key(key, counter):
    return mix(mix(key) ^ counter) >> 1


def kept(ids, key, keep):
    """[(place, word)] of what stays; keep: chances, of 2**32."""
    drawn = [(place, int(word), derive_key(key, place) & MASK32) for place, word in enumerate(ids)]
    return [(place, word) for place, word, number in drawn if word == BOUNDARY or number <= keep[word]]


def reach(key, place, window):
    return 1 + mix32(derive_key(key, place) & MASK32) * window // 2**32


def noise(key, place, number, negative, table):
    """Words for example `number` of a place; table: a threshold in the upper half, an alias in the lower."""
    words, example_key = [], mix32((derive_key(key, place) + number + 1) & MASK32)
    for k in range(negative):
        i = mix32((example_key + 2 * k) & MASK32) * len(table) // 2**32
        second = mix32((example_key + 2 * k + 1) & MASK32)
        words.append(i if second < int(table[i]) >> 32 else int(table[i]) & MASK32)
    return words


def around(words, i, far):
    """Words up to `far` away within the sentence: to the left, the nearest first, then to the right."""
    found = []
    for side in (words[:i][::-1], words[i + 1 :]):
        for word in side[:far]:
            if word == BOUNDARY:
                break
            found.append(word)
    return found


def alias_chances(table):
    """The chance of each word, of 2**32 * len(table), exact."""
    chances = [0] * len(table)
    for i, entry in enumerate(map(int, table)):
        chances[i] += entry >> 32
        chances[entry & MASK32] += 2**32 - (entry >> 32)
    return chances


# What is learned from


def rows_of(words, parts):
    """parts: {word: rows of its character n-grams}"""
    return [row for word in words for row in (word, *parts.get(word, ()))]


def examples(word, contexts, cbow, parts, outputs):
    """outputs(number): of example `number`."""
    groups = [[w] for w in contexts] if not cbow else [contexts] if contexts else []
    return [(rows_of(group, parts), outputs(number)) for number, group in enumerate(groups)]


def outputs_of(word, key, place, number, choices):
    """choices: {"loss": ..., "negative": ..., "noise": ..., "paths": {word: [(node, bit)]}}"""
    if choices["loss"] == "softmax":
        return word
    if choices["loss"] == "hierarchical":
        return [(node, 1 - bit) for node, bit in choices["paths"][word]]
    others = noise(key, place, number, choices["negative"], choices["noise"])
    return [(word, 1), *((other, 0) for other in others if other != word)]


def text_examples(ids, key, choices, places=None):
    """[(place, examples)] of every word that stays and stands in `places`."""
    left = kept(ids, key, choices["keep"])
    words, found = [word for _, word in left], []
    for i, (place, word) in enumerate(left):
        if word == BOUNDARY or (places is not None and place not in places):
            continue
        contexts = around(words, i, reach(key, place, choices["window"]))

        def outputs(number, word=word, place=place):
            return outputs_of(word, key, place, number, choices)

        found.append((place, examples(word, contexts, choices["cbow"], choices["parts"], outputs)))
    return found


# Losses and steps


def mean(model, rows):
    return [sum(model["input"][row][d] for row in rows) / len(rows) for d in range(len(model["input"][0]))]


def dot(x, y):
    return sum(float(a) * float(b) for a, b in zip(x, y, strict=True))


def loss(model, example):
    rows, outputs = example
    h = mean(model, rows)
    if isinstance(outputs, int):
        return math.log(sum(math.exp(dot(v, h)) for v in model["output"])) - dot(model["output"][outputs], h)
    return sum(math.log1p(math.exp(dot(model["output"][row], h) * (-1 if wanted else 1))) for row, wanted in outputs)


def gains(model, h, outputs, rate):
    """[(row, how much of h is added to it)]"""
    if isinstance(outputs, int):
        chances = [math.exp(dot(v, h)) for v in model["output"]]
        return [(row, rate * ((row == outputs) - chance / sum(chances))) for row, chance in enumerate(chances)]
    return [(row, rate * (wanted - 1 / (1 + math.exp(-dot(model["output"][row], h))))) for row, wanted in outputs]


def step(model, example, rate, divide):
    """One example's step, in place."""
    rows, outputs = example
    h = mean(model, rows)
    e = [0.0] * len(h)
    for row, gain in gains(model, h, outputs, rate):
        for d in range(len(h)):
            e[d] += gain * model["output"][row][d]
            model["output"][row][d] += gain * h[d]
    for row in rows:
        for d in range(len(h)):
            model["input"][row][d] += e[d] / (len(rows) if divide else 1)


def change(model, example, rate, divide):
    """[(table, row, what is to be added to it)] of one example, which changes nothing yet."""
    rows, outputs = example
    h, found = mean(model, rows), []
    e = [0.0] * len(h)
    for row, gain in gains(model, h, outputs, rate):
        e = [a + gain * float(b) for a, b in zip(e, model["output"][row], strict=True)]
        found.append(("output", row, [gain * x for x in h]))
    return found + [("input", row, [x / (len(rows) if divide else 1) for x in e]) for row in rows]


def train(model, places, rate, divide):
    """Examples one after the other, in place; rate(number of a word) -> sum of losses before each step, examples."""
    total, learned = 0.0, 0
    for number, (_, some) in enumerate(places):
        for example in some:
            total += loss(model, example)
            step(model, example, rate(number), divide)
            learned += 1
    return total, learned


def train_in_blocks(model, places, size, rate, divide):
    """As `train`, all words of a block measured before any of them changes something."""
    total, learned = 0.0, 0
    for first in range(0, len(places), size):
        some = [example for _, group in places[first : first + size] for example in group]
        total += sum(loss(model, example) for example in some)
        changes = [change(model, example, rate(first), divide) for example in some]
        for table, row, amount in (one for of_example in changes for one in of_example):
            model[table][row] += amount
        learned += len(some)
    return total, learned


# Huffman codes


def shortest_code(counts):
    """The sum of count * length over the words of the best prefix code: that of the weights of all inner nodes."""
    heap, total = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        pair = heapq.heappop(heap) + heapq.heappop(heap)
        total += pair
        heapq.heappush(heap, pair)
    return total
