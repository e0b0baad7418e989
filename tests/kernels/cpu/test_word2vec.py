"""Learning word vectors against plain loops, central differences and chances that can be counted."""

import numpy as np
import pytest

from seqterm.kernels.cpu import word2vec
from seqterm.kernels.cpu.compile import kernel
from tests.kernels.cpu.teams import backend_of
from tests.kernels.cpu.word_problems import ARCHITECTURES, BUCKETS, EVERY, LOSSES, PARTS, D, V, problem, text
from tests.naive import word2vec as naive
from tests.naive.differences import central_differences

EACH_LOSS = pytest.mark.parametrize("loss", LOSSES)
EACH_ARCHITECTURE = pytest.mark.parametrize("architecture", ARCHITECTURES)
EACH_PARTS = pytest.mark.parametrize("parts", [False, True], ids=["words", "n-grams"])


@kernel
def draw(noise, key, first, last):
    """Counts (V,) of the words drawn with counters first..last."""
    counts = np.zeros(noise.shape[0], np.int64)
    for counter in range(first, last):
        counts[word2vec.draw_noise(noise, np.uint32(key), counter)] += 1
    return counts


def agree(p, model, **tolerance):
    """The vectors are those of the oracle, and beside them nothing but zeros."""
    for name, table in zip(("input", "output"), p.vectors, strict=True):
        np.testing.assert_allclose(table[:, :D], model[name], **tolerance, err_msg=name)
        assert (table[:, D:] == 0).all()


# The gradient


@pytest.mark.parametrize("divide", [False, True], ids=["original", "divided"])
@EACH_PARTS
@EACH_ARCHITECTURE
@EACH_LOSS
def test_what_a_word_changes_is_the_gradient_of_its_loss(loss, architecture, parts, divide):
    """The word in the middle of three is learned from, at a rate so small that its examples hardly see one another.

    The gradient of the mean of n rows is the n-th part for each, which `divided` gives, and `original` n times.
    """
    p, rate = problem(loss, architecture, parts, ids=(3, 1, 4), window=1, divide=divide), 1e-7
    ((place, some),) = p.examples(places=[1])
    assert (place, len(some)) == (1, 1 if architecture == "cbow" else 2)
    before = [table.copy() for table in p.vectors]
    model, wanted = p.model(), {"input": np.zeros((V + BUCKETS, D)), "output": np.zeros((len(p.vectors[1]), D))}
    for example in some:
        times = {"input": 1 if divide else len(example[0]), "output": 1}
        for name in wanted:
            wanted[name] += times[name] * central_differences(lambda example=example: naive.loss(model, example), model[name])
    total, learned = p.train(rate, bounds=[1, 2])
    assert learned == len(some)
    assert total == pytest.approx(sum(naive.loss(p.model(), example) for example in some), rel=1e-5)
    for name, old, table in zip(wanted, before, p.vectors, strict=True):
        np.testing.assert_allclose((old - table)[:, :D] / rate, wanted[name], rtol=1e-6, atol=1e-7, err_msg=name)


def test_a_step_by_hand():
    """Two words, of one number each.  h is 2; it meets the word with a chance of 3/4 and the noise, a word, with one of 1/4.

    At a rate of 1 the word's output goes up by 1/4 * 2 and the noise's down, and the input goes up by 1/4 of their difference.
    """
    p = problem(ids=(0, 1), window=1, negative=1, n_words=2, key=key_with_noise(0, place=1, n_words=2))
    inputs, outputs = p.vectors
    inputs[...], outputs[...] = 0, 0
    inputs[0, 0], outputs[1, 0], outputs[0, 0] = 2, np.log(3) / 2, -np.log(3) / 2
    assert p.train(1.0, bounds=[1, 2]) == (pytest.approx(2 * np.log(4 / 3), rel=1e-12), 1)
    np.testing.assert_allclose(outputs[:, 0], [-np.log(3) / 2 - 1 / 2, np.log(3) / 2 + 1 / 2], rtol=1e-12)
    np.testing.assert_allclose(inputs[0, 0], 2 + np.log(3) / 4, rtol=1e-12)


def key_with_noise(word, place, n_words):
    """A key with which the noise of the first example at a place is this one word."""
    table = word2vec.alias_table([5.0, *[1.0] * (n_words - 1)]).tolist()
    return next(key for key in range(1000) if naive.noise(key, place, 0, 1, table) == [word])


@EACH_PARTS
@EACH_LOSS
def test_original_gives_each_context_of_a_bag_its_size_times_what_divided_gives(loss, parts):
    changes = []
    for divide in (False, True):
        p = problem(loss, "cbow", parts, ids=(3, 0, 2, 4), window=1, divide=divide)
        before = [table.copy() for table in p.vectors]
        p.train(0.1, bounds=[2, 3])
        changes.append([table - old for table, old in zip(p.vectors, before, strict=True)])
    n = len(naive.rows_of([0, 4], PARTS if parts else {}))
    (original, original_output), (divided, divided_output) = changes
    np.testing.assert_allclose(original, n * divided, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(original_output, divided_output)


# A whole text


def rates(p, rate, slower, places):
    """The learning rate of word number i: every RATE_EVERY words it is looked at, when the word before is learned from."""

    def of(number):
        looked = min(number + 2, len(places)) // word2vec.RATE_EVERY * word2vec.RATE_EVERY
        return rate - slower * places[looked - 1][0] if looked else rate

    return of


@EACH_PARTS
@EACH_ARCHITECTURE
@EACH_LOSS
def test_a_text_is_learned_from_word_by_word_as_the_oracle_does(loss, architecture, parts):
    """Of 900 words with frequent ones left out now and then, at a rate that falls to a tenth."""
    p = problem(loss, architecture, parts, ids=text(900), keep=[2**30, EVERY, 2**31, EVERY, EVERY], divide=parts)
    places, model, rate = p.examples(), p.model(), 0.1
    assert word2vec.RATE_EVERY < 2 * word2vec.RATE_EVERY < len(places) < 800
    total, learned = naive.train(model, places, rates(p, rate, 0.9 * rate / 900, places), p.divide)
    found = p.train(rate, 0.9 * rate / 900)
    assert found == (pytest.approx(total, rel=1e-10), learned)
    agree(p, model, rtol=1e-9, atol=1e-11)


@EACH_ARCHITECTURE
@EACH_LOSS
def test_in_float32_it_is_the_same_but_for_rounding(loss, architecture):
    p = problem(loss, architecture, True, ids=text(200), dtype=np.float32, divide=True)
    places, model = p.examples(), p.model()
    total, learned = naive.train(model, places, lambda number: 0.05, True)
    assert p.train(0.05) == (pytest.approx(total, rel=1e-4), learned)
    agree(p, model, rtol=1e-3, atol=1e-4)


@EACH_PARTS
@EACH_ARCHITECTURE
@EACH_LOSS
def test_without_a_rate_the_loss_is_that_of_the_vectors_as_they_are(loss, architecture, parts):
    p = problem(loss, architecture, parts, ids=text(300))
    before = [table.copy() for table in p.vectors]
    wanted = [naive.loss(p.model(), example) for _, some in p.examples() for example in some]
    assert p.train(0.0) == (pytest.approx(sum(wanted), rel=1e-10), len(wanted))
    for table, old in zip(p.vectors, before, strict=True):
        np.testing.assert_array_equal(table, old)


@pytest.mark.parametrize(
    ("dtype", "least", "most"), [(np.float32, 14, 90 * np.log(10)), (np.float64, 90 * np.log(10), 90 * np.log(10))]
)
def test_a_long_sum_of_losses_is_exact_and_one_that_is_hopeless_is_finite(dtype, least, most):
    """Products of chances must not vanish before they are turned into logarithms.

    A chance of nothing counts as 1e-90, or, of float32's sigmoid, as what is left of it there.
    """
    p = problem(ids=text(3000), dtype=dtype)
    for table in p.vectors:
        table[:, :D] = 0
    total, _ = p.train(0.0)
    outputs = [output for _, some in p.examples() for _, outputs in some for output in outputs]
    assert total == pytest.approx(len(outputs) * np.log(2), rel=1e-12)
    for table in p.vectors:
        table[:, :D] = 1000
    total, _ = p.train(0.0)
    wrong = sum(not wanted for _, wanted in outputs)
    assert least * wrong * (1 - 1e-9) <= total <= most * wrong * (1 + 1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EACH_LOSS
def test_a_loss_that_is_not_a_number_is_seen(loss, dtype):
    for in_step in (False, True):
        for table in (0, 1):
            p = problem(loss, ids=text(50), dtype=dtype)
            p.vectors[table][1, 2] = np.nan
            total = p.train_in_step(0.1)[0][0] if in_step else p.train(0.1)[0]
            assert not np.isfinite(total)


@EACH_LOSS
def test_nothing_to_learn_from_changes_nothing(loss):
    for ids in ([], [-1], [-1, -1, -1], [2], [2, -1, 3, -1, 0]):
        p = problem(loss, ids=ids)
        before = [table.copy() for table in p.vectors]
        assert p.train(0.5) == (0, 0)
        assert p.train_in_step(0.5) == [(0, 0)]
        for table, old in zip(p.vectors, before, strict=True):
            np.testing.assert_array_equal(table, old)


def test_the_only_word_of_a_tree_has_no_way_through_it():
    """Its examples have nothing to answer, so that there is no loss."""
    p = problem("hierarchical", ids=[0, 0, 0], window=1)
    nothing = np.zeros(0, np.int32)
    p.tables = (*p.tables[:2], np.zeros(2, np.int64), nothing, nothing.astype(np.int8), *p.tables[5:])
    before = [table.copy() for table in p.vectors]
    assert p.train(0.5) == (0, 4)
    assert p.train_in_step(0.5) == [(0, 4)]
    for table, old in zip(p.vectors, before, strict=True):
        np.testing.assert_array_equal(table, old)


# Noise


WEIGHTS = [[1], [1, 1], [3, 1], [1, 3], [5, 4, 3, 2, 1], [1e-6, 1, 1e6], [0.5] * 17, (np.arange(1, 1000) ** -0.75).tolist()]


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda weights: f"{len(weights)}-{weights[0]}")
def test_chances_of_an_alias_table_are_those_of_the_weights(weights):
    table = word2vec.alias_table(weights)
    chances = np.array(naive.alias_chances(table), np.float64) / (2**32 * len(weights))
    np.testing.assert_allclose(chances, np.array(weights) / np.sum(weights), rtol=0, atol=2**-31)
    assert sum(naive.alias_chances(table)) == 2**32 * len(weights)


def chi_squared(counts, shares):
    wanted = np.array(shares) / np.sum(shares) * np.sum(counts)
    return ((counts - wanted) ** 2 / wanted).sum()


@pytest.mark.parametrize("key", [0, 1, 2**32 - 1])
def test_words_are_drawn_as_often_as_their_weights_say(key):
    weights = [5, 4, 3, 2, 1, 1, 0.5]
    counts = draw(word2vec.alias_table(weights), key, 0, 100_000)
    assert chi_squared(counts, weights) < 30  # 6 degrees of freedom: beyond that once in thirty thousand keys


def test_first_draws_of_neighbouring_keys_are_no_less_random():
    weights = [5, 4, 3, 2, 1, 1, 0.5]
    counts = sum(draw(word2vec.alias_table(weights), key, 0, 2) for key in range(20_000))
    assert chi_squared(counts, weights) < 30


def test_draws_are_those_of_the_oracle():
    table = word2vec.alias_table([5, 4, 3, 2, 1, 1, 0.5])
    for key in range(50):
        drawn = naive.noise(key, 3, 0, 8, table.tolist())
        example_key = naive.mix32((naive.derive_key(key, 3) + 1) & naive.MASK32)
        np.testing.assert_array_equal(draw(table, example_key, 0, 8), np.bincount(drawn, minlength=7))


# Words left out


def stayed(ids, keep, key=1, first=0, last=None):
    """-> words and places that stay."""
    words, places = np.full(len(ids) + 1, 99, np.int32), np.full(len(ids) + 1, -99, np.int64)
    n = word2vec.sub_sample(ids, first, len(ids) if last is None else last, key, np.array(keep, np.uint32), words, places)
    assert (words[n:] == 99).all()
    return words[:n], places[:n]


def test_about_the_right_share_of_each_word_stays_and_every_boundary():
    ids = text(60_000).astype(np.int32)
    shares = [0.05, 0.3, 0.5, 0.9, 1.0]
    words, places = stayed(ids, [min(EVERY, int(share * 2**32)) for share in shares])
    np.testing.assert_array_equal(ids[places], words)
    assert (np.diff(places) > 0).all()
    for word, share in enumerate(shares):
        n, left = np.count_nonzero(ids == word), np.count_nonzero(words == word)
        assert abs(left - share * n) <= 4 * np.sqrt(n * share * (1 - share))
    assert np.count_nonzero(words == word2vec.BOUNDARY) == np.count_nonzero(ids == word2vec.BOUNDARY)


def test_what_stays_depends_on_key_and_place_alone():
    ids, keep = np.zeros(2000, np.int32), [2**31]
    _, places = stayed(ids, keep)
    _, part = stayed(ids, keep, first=300, last=700)
    np.testing.assert_array_equal(part, places[(places >= 300) & (places < 700)])
    _, other = stayed(ids, keep, key=2)
    assert 800 < len(np.setxor1d(places, other)) < 1200


def test_a_word_that_never_stays_and_one_that_always_does():
    words, _ = stayed(np.array([0, 1, -1] * 1000, np.int32), [0, EVERY])
    assert words.tolist() == [1, -1] * 1000


# Windows


def changed_rows(p, place):
    """The words whose input vectors the word at a place changes."""
    before = p.vectors[0].copy()
    p.train(0.5, bounds=[place, place + 1])
    return set(np.flatnonzero((p.vectors[0] != before).any(axis=1)).tolist())


@EACH_ARCHITECTURE
@pytest.mark.parametrize("window", [1, 2, 5])
def test_a_window_is_what_stands_within_a_drawn_reach_in_the_sentence(architecture, window):
    """Every place has a word of its own, so that what learned tells where it stood."""
    ids = np.arange(60)
    ids[[0, 7, 8, 20, 40, 59]] = word2vec.BOUNDARY
    drawn = set()
    for place in np.flatnonzero(ids >= 0).tolist():
        p = problem("negative", architecture, ids=ids, window=window, n_words=60)
        sentence = [place]
        for side in (-1, 1):
            while ids[sentence[-1] + side] >= 0:
                sentence.append(sentence[-1] + side)
            sentence = sorted(sentence, reverse=True)
        found = changed_rows(p, place)
        reaches = [r for r in range(1, window + 1) if found == {i for i in sentence if 0 < abs(i - place) <= r}]
        assert reaches
        drawn.update(reaches)
    assert drawn == set(range(1, window + 1))


def test_windows_reach_over_words_that_are_left_out():
    """Of every three words two are: what stays is as near as if they had never been there."""
    ids = np.arange(90)
    keep = np.where(ids % 3, 0, EVERY)
    for place in (0, 30, 33, 60, 87):
        found = changed_rows(problem(ids=ids, window=2, n_words=90, keep=keep), place)
        assert {i for i in (place - 3, place + 3) if 0 <= i < 90} <= found <= set(range(place - 6, place + 7, 3)) - {place}


@pytest.mark.parametrize("window", [1, 4, 7])
def test_each_reach_is_drawn_alike(window):
    """In the middle of a text each word has an example for every word around, twice as many as it reaches."""
    n = 3000
    p = problem("softmax", ids=np.zeros(n + 2 * window, int), window=window)
    counts = np.zeros(window)
    for place in range(window, n + window):
        _, learned = p.train(0.0, bounds=[place, place + 1], margin=window)
        assert learned % 2 == 0
        counts[learned // 2 - 1] += 1
    assert chi_squared(counts, np.ones(window)) < 25  # at most 6 degrees of freedom


@EACH_ARCHITECTURE
def test_a_text_in_stretches_with_margins_is_learned_from_as_in_one(architecture):
    """Bit for bit: every word sees the same others, wherever the text is cut, and draws the same."""
    keep = [2**30, EVERY, 2**31, EVERY, EVERY]
    one, other = (problem("negative", architecture, True, ids=text(1000), keep=keep, window=5) for _ in range(2))
    found = one.train(0.05), other.train(0.05, bounds=[0, 1, 2, 130, 131, 500, 999, 1000], margin=64)
    assert found[0] == (pytest.approx(found[1][0], rel=1e-12), found[1][1])
    for table, wanted in zip(other.vectors, one.vectors, strict=True):
        np.testing.assert_array_equal(table, wanted)


def test_neighbours_are_looked_for_no_farther_than_asked():
    p = problem("negative", "skip-gram", ids=np.arange(60), window=5, n_words=60)
    before = p.vectors[0].copy()
    p.train(0.5, bounds=[30, 32], margin=1)
    changed = np.flatnonzero((p.vectors[0] != before).any(axis=1))
    assert set(changed) <= {29, 30, 31, 32}


# In step


@EACH_PARTS
@EACH_ARCHITECTURE
@EACH_LOSS
@pytest.mark.parametrize("size", [1, 5])
def test_in_step_a_block_is_measured_before_it_changes_anything(loss, architecture, parts, size):
    p = problem(loss, architecture, parts, ids=text(203), keep=[2**31, EVERY, EVERY, EVERY, EVERY], divide=parts)
    places, model = p.examples(), p.model()
    slower = 0.09 / 203
    total, learned = naive.train_in_blocks(model, places, size, lambda number: 0.1 - slower * places[number][0], p.divide)
    assert p.train_in_step(0.1, slower, size=size) == [(pytest.approx(total, rel=1e-10), learned)]
    agree(p, model, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EACH_ARCHITECTURE
@EACH_LOSS
def test_in_step_any_number_of_workers_learns_the_same_bits(loss, architecture, dtype):
    found = {}
    for workers in (1, 2, 3):
        p = problem(loss, architecture, True, ids=text(61), dtype=dtype)
        said = p.train_in_step(0.1, 1e-3, workers, size=8)
        assert said == said[:1] * workers
        found[workers] = said[0], p.vectors
    for workers in (2, 3):
        assert found[workers][0] == found[1][0]
        for table, wanted in zip(found[workers][1], found[1][1], strict=True):
            np.testing.assert_array_equal(table, wanted)


@pytest.mark.parametrize(("loss", "architecture"), [("hierarchical", "cbow"), ("softmax", "cbow")])
def test_in_step_a_block_of_one_word_with_one_example_is_the_same_as_without(loss, architecture):
    apart, in_step = (problem(loss, architecture, True, ids=text(200)) for _ in range(2))
    assert in_step.train_in_step(0.1, size=1)[0] == pytest.approx(apart.train(0.1), rel=1e-10)
    for table, wanted in zip(in_step.vectors, apart.vectors, strict=True):
        np.testing.assert_allclose(table, wanted, rtol=1e-9, atol=1e-11)


def test_threads_that_do_not_wait_for_one_another_lose_little():
    """Two that learn from halves of a text at the same time come to about the same loss as one that reads it all."""
    ids = text(20_000)
    one = problem(ids=ids).train(0.02)[0]
    p = problem(ids=ids)
    fixed = p.plan, p.tables, p.vectors

    def learn(i):
        place = 0, 10_000 * i, 10_000 * (i + 1), len(ids), p.key
        mine = word2vec.make_block(2, *fixed), word2vec.make_buffers(len(ids), *fixed)
        return word2vec.train(p.ids, *place, *fixed, 0.02, 0.0, *mine)

    both = sum(total for total, _ in backend_of(2).map(learn, range(2)))
    assert both == pytest.approx(one, rel=0.1)
