"""Word vectors as a model: its tables, what is asked of it, and that it learns."""

import zlib
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.backends.cpu import CPU
from seqterm.errors import DataError, UsageError
from seqterm.models import word2vec
from seqterm.models.base import VectorModel
from seqterm.models.settings import Word2vecSettings
from seqterm.models.word2vec import Word2vec, huffman_paths, n_grams, stays
from tests.naive import word2vec as naive

LOSSES = ["negative", "hierarchical", "softmax"]
ARCHITECTURES = ["skip-gram", "cbow"]
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES)
EACH_ARCHITECTURE = pytest.mark.parametrize("architecture", ARCHITECTURES)
NGRAMS = {"min_ngram": 2, "max_ngram": 3, "buckets": 50}
# Words of one pair keep the same company, and never that of another pair.
PAIRS = [("cat", "dog"), ("red", "blue"), ("run", "walk")]
COMPANY = [("purr", "bark", "fur", "paw"), ("paint", "hue", "bright", "dye"), ("road", "shoe", "fast", "mile")]
WORDS = [*(word for pair in PAIRS for word in pair), *(word for company in COMPANY for word in company)]


def plan(**values):
    return SimpleNamespace(**{"epochs": 3, "lr": 0.025, "deterministic": False, "seed": 1, "threads": None} | values)


def as_read(ids):
    """int32 that cannot be written, as a file of them is mapped."""
    ids = np.array(ids, np.int32)
    ids.setflags(write=False)
    return ids


def company(n=1500, seed=1):
    """Sentences of one word of a pair and three of its company."""
    random, found = np.random.default_rng(seed), []
    for topic in random.integers(0, len(PAIRS), n):
        others = random.choice(COMPANY[topic], 3, replace=False).tolist()
        sentence = random.permutation([PAIRS[topic][random.integers(2)], *others]).tolist()
        found += [*map(WORDS.index, sentence), -1]
    return as_read(found)


def model(ids=None, threads=1, seed=1, words=WORDS, counts=None, **settings):
    """With first vectors, not prepared."""
    ids = company() if ids is None else ids
    counts = np.bincount(ids[ids >= 0], minlength=len(words)) if counts is None else counts
    made = Word2vec(Word2vecSettings(**{"dim": 8, "window": 3, "subsample": 0.0} | settings), words, counts, CPU(threads))
    made.initialise(np.random.default_rng(seed))
    return made


def trained(ids, epochs=3, threads=1, deterministic=False, seed=1, lr=0.025, **settings):
    """-> the model after its epochs, and their mean losses."""
    made = model(ids, threads, seed, **settings)
    made.prepare(ids, plan(epochs=epochs, deterministic=deterministic, seed=seed, lr=lr))
    losses = []
    for epoch in range(epochs):
        sums = [made.train_stretch(epoch, i) for i in range(made.stretches)]
        losses.append(sum(loss for loss, _, _ in sums) / sum(n for _, n, _ in sums))
    return made, losses


# Ways through the tree


def codes_of(counts):
    """[(nodes, bits)] of each word, as text of 0 and 1."""
    offsets, nodes, bits = huffman_paths(np.array(counts, np.int64))
    assert (offsets.dtype, nodes.dtype, bits.dtype) == (np.int64, np.int32, np.int8)
    assert (len(offsets), offsets[0], offsets[-1]) == (len(counts) + 1, 0, len(nodes))
    assert len(nodes) == len(bits)
    return [(nodes[a:b].tolist(), "".join(map(str, bits[a:b].tolist()))) for a, b in pairwise(offsets)]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40) | st.lists(st.integers(1, 10**12), min_size=1, max_size=40))
@settings(max_examples=150)
def test_codes_are_the_shortest_that_there_are_and_none_begins_another(counts):
    codes = [code for _, code in codes_of(counts)]
    assert set("".join(codes)) <= {"0", "1"}
    assert not any(other.startswith(code) for i, code in enumerate(codes) for j, other in enumerate(codes) if i != j)
    assert sum(n * len(code) for n, code in zip(counts, codes, strict=True)) == naive.shortest_code(counts)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=40))
@settings(max_examples=60)
def test_nodes_are_those_where_the_code_turns(counts):
    """From the root on, which is node 0; words share a node just where their codes agree so far; every node is used."""
    node_at = {}
    for nodes, code in codes_of(counts):
        assert nodes[0] == 0
        for depth, node in enumerate(nodes):
            assert node_at.setdefault(code[:depth], node) == node
    assert sorted(node_at.values()) == list(range(len(counts) - 1))


def test_the_code_of_one_word_is_empty_and_of_two_words_a_bit():
    assert codes_of([7]) == [([], "")]
    (first, one), (second, other) = codes_of([7, 3])
    assert first == second == [0]
    assert {one, other} == {"0", "1"}


def test_a_known_code():
    """Huffman's own picture: of 8, 4, 2, 1 and 1 each has a bit more than the one before, but for the last."""
    assert [len(code) for _, code in codes_of([8, 4, 2, 1, 1])] == [1, 2, 3, 4, 4]


def test_frequencies_beyond_those_of_any_text_make_no_trouble():
    assert [len(code) for _, code in codes_of([2**62, 2**62, 2**62])] in ([1, 2, 2], [2, 1, 2], [2, 2, 1])


# N-grams


def test_n_grams_of_a_known_word():
    # Bojanowski et al. 2017, section 3.2, n = 3
    assert n_grams("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]


@pytest.mark.parametrize(
    ("word", "shortest", "longest", "wanted"),
    [
        ("ab", 3, 6, ["<ab", "ab>"]),
        ("ab", 2, 3, ["<a", "ab", "b>", "<ab", "ab>"]),
        ("a", 3, 6, []),  # <a> is the word itself
        ("a", 1, 2, ["<", "a", ">", "<a", "a>"]),
        ("né😀", 4, 4, ["<né😀", "né😀>"]),
        ("abc", 6, 9, []),
    ],
)
def test_n_grams(word, shortest, longest, wanted):
    assert n_grams(word, shortest, longest) == wanted


@given(st.text(min_size=1, max_size=12), st.integers(1, 6), st.integers(0, 6))
def test_n_grams_are_all_parts_of_these_lengths_but_the_whole(word, shortest, more):
    text, longest = f"<{word}>", shortest + more
    parts = [text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1) if shortest <= j - i <= longest]
    assert sorted(n_grams(word, shortest, longest)) == sorted(part for part in parts if part != text)


# Sub-sampling


def test_chances_to_stay_are_those_of_the_original_tool():
    """word2vec.c: ran = (sqrt(cn / (sample * train_words)) + 1) * (sample * train_words) / cn."""
    counts, t = np.array([60_000, 30_000, 9_000, 900, 99, 1]), 1e-3
    share = counts / counts.sum()
    wanted = np.minimum(1, np.sqrt(t / share) + t / share)
    np.testing.assert_allclose(stays(counts, t) / 2**32, wanted, rtol=1e-7, atol=1e-9)
    assert stays(counts, t).dtype == np.uint32


@pytest.mark.parametrize("threshold", [0.0, 1.0, 5.0])
def test_without_a_threshold_or_with_a_high_one_all_words_stay(threshold):
    np.testing.assert_array_equal(stays(np.array([10**9, 5, 1]), threshold), [2**32 - 1] * 3)


def test_frequent_words_are_left_out_in_training_and_rare_ones_are_not():
    """Two thirds of the text are one word; less of it is learned from, and all of the others."""
    ids = as_read([0, 0, 1, 0, 0, 2] * 300)
    whole, part = (model(ids, words=["a", "b", "c"], subsample=t, window=1) for t in (0.0, 0.05))
    for made in (whole, part):
        made.prepare(ids, plan())
    _, all_examples, words = whole.train_stretch(0, 0)
    _, fewer, same = part.train_stretch(0, 0)
    assert all_examples == 2 * len(ids) - 2
    assert words == same == len(ids)
    n_left = 1200 * (np.sqrt(0.05 / (2 / 3)) + 0.05 / (2 / 3)) + 600 * (np.sqrt(0.05 * 6) + 0.05 * 6)
    assert fewer == pytest.approx(2 * n_left, rel=0.06)


# What it is


@EACH_ARCHITECTURE
@EACH_LOSS
def test_it_is_a_vector_model(loss, architecture):
    made: VectorModel = model(loss=loss, architecture=architecture)
    made.prepare(company(), plan())
    assert made.stretches == 1
    assert made.learning_rate(0, 0) == 0.025
    assert made.vectors().shape == (len(WORDS), 8)
    shapes = {name: tensor.shape for name, tensor in made.tensors().items()}
    assert shapes == {"input_vectors": (18, 8), "output_vectors": (17 if loss == "hierarchical" else 18, 8)}


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_first_values_lie_where_the_original_tool_has_them(precision):
    made = model(dim=100, precision=precision)
    assert {tensor.dtype for tensor in made.tensors().values()} == {np.dtype(precision)}
    assert 0.9 * 0.005 < np.abs(made.input_vectors).max() <= 0.005
    assert made.input_vectors.std() == pytest.approx(0.005 / np.sqrt(3), rel=0.05)
    assert (made.output_vectors == 0).all()


def test_n_grams_have_rows_of_their_own_after_those_of_the_words():
    made = model(**NGRAMS)
    assert made.tensors()["input_vectors"].shape == (18 + 50, 8)
    assert made.tensors()["output_vectors"].shape == (18, 8)


def test_the_rate_falls_in_proportion_to_a_ten_thousandth(monkeypatch):
    monkeypatch.setattr(word2vec, "STRETCH", 100)
    ids = as_read([0, 1] * 250)
    made = model(ids)
    made.prepare(ids, plan(epochs=2, lr=0.5))
    assert made.stretches == 5
    rates = [made.learning_rate(epoch, i) for epoch in range(2) for i in range(5)]
    np.testing.assert_allclose(rates, 0.5 * (1 - np.arange(10) / 10), rtol=1e-12)
    made.prepare(ids, plan(epochs=100_000, lr=0.5))
    assert made.learning_rate(99_999, 4) == pytest.approx(0.5 * 1e-4, rel=1e-12)


def test_a_rate_of_nothing_changes_nothing_and_tells_the_loss():
    """Every answer to zero output vectors costs log 2; where the noise is the word, there is one answer less."""
    ids = as_read(np.random.default_rng(1).random(4000) < 0.1)
    made = model(ids, words=["often", "seldom"])
    made.prepare(ids, plan(lr=1e-300))
    before = {name: tensor.copy() for name, tensor in made.tensors().items()}
    loss, examples, words = made.train_stretch(0, 0)
    share = np.bincount(ids) / len(ids)
    noise = share**0.75 / (share**0.75).sum()
    assert loss / examples == pytest.approx(np.log(2) * (1 + 5 * (1 - share @ noise)), rel=0.03)
    assert words == len(ids)
    for name, tensor in made.tensors().items():
        np.testing.assert_array_equal(tensor, before[name])


# What is asked of it


def test_vectors_of_words_without_n_grams_are_rows():
    made, _ = trained(company(), epochs=1)
    np.testing.assert_array_equal(made.vectors(), made.input_vectors)
    np.testing.assert_array_equal(made.vectors("output"), made.output_vectors)
    np.testing.assert_array_equal(made.vectors("sum"), made.input_vectors + made.output_vectors)
    for which in ("input", "output"):
        made.vectors(which)[...] = 7
    assert not (made.input_vectors == 7).any()
    assert not (made.output_vectors == 7).any()


@pytest.mark.parametrize("which", ["output", "sum"])
def test_with_a_tree_words_have_no_output_vectors(which):
    with pytest.raises(UsageError, match="no word has an output vector: ask for --which input"):
        model(loss="hierarchical").vectors(which)


def rows_of(word, shortest=2, longest=3, buckets=50):
    return [len(WORDS) + zlib.crc32(part.encode()) % buckets for part in n_grams(word, shortest, longest)]


def test_a_vector_with_n_grams_is_the_mean_of_its_own_row_and_theirs():
    made, _ = trained(company(), epochs=1, **NGRAMS)
    for i, word in enumerate(WORDS):
        rows = [i, *rows_of(word)]
        np.testing.assert_allclose(made.vectors()[i], made.input_vectors[rows].mean(axis=0), rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(made.vectors("output"), made.output_vectors)
    np.testing.assert_allclose(made.vectors("sum"), made.vectors() + made.output_vectors, rtol=1e-6)


def test_an_unknown_word_has_the_mean_of_its_n_grams():
    made, _ = trained(company(), epochs=1, **NGRAMS)
    found = made.vector_of_unknown("cats")
    np.testing.assert_allclose(found, made.input_vectors[rows_of("cats")].mean(axis=0), rtol=1e-5, atol=1e-8)


def test_an_unknown_word_without_n_grams_has_no_vector():
    assert model().vector_of_unknown("cats") is None
    assert model(**NGRAMS | {"min_ngram": 3, "max_ngram": 6}).vector_of_unknown("a") is None
    assert model(**NGRAMS | {"min_ngram": 3, "max_ngram": 6}).vector_of_unknown("") is None


def test_odd_words_have_n_grams_too():
    """Bytes that are no UTF-8 come into words as lone surrogates."""
    made = model(as_read([0, 1, 0, 1]), words=["a\udcff", "日本"], counts=[2, 2], **NGRAMS)
    made.prepare(as_read([0, 1, 0, 1]), plan())
    assert np.isfinite(made.train_stretch(0, 0)[0])
    assert np.isfinite(made.vectors()).all()
    assert made.vector_of_unknown("\udcff日").shape == (8,)


def test_no_shortest_n_gram_means_one_letter():
    made = model(min_ngram=0, max_ngram=1, buckets=50)
    rows = rows_of("cat", 1, 1)
    np.testing.assert_allclose(made.vector_of_unknown("cat"), made.input_vectors[rows].mean(axis=0), rtol=1e-5, atol=1e-8)


# Texts of few words


@EACH_ARCHITECTURE
@EACH_LOSS
@pytest.mark.parametrize("deterministic", [False, True])
def test_a_text_of_one_word_is_learned(loss, architecture, deterministic):
    ids = as_read([0, 0, 0, -1, 0, 0])
    made, losses = trained(ids, 2, deterministic=deterministic, loss=loss, architecture=architecture, words=["a"], counts=[5])
    assert np.isfinite(losses).all()
    assert np.isfinite(made.vectors()).all()
    if loss != "negative":
        assert losses == pytest.approx([0, 0], abs=1e-6)  # the only word is certain


@EACH_LOSS
@pytest.mark.parametrize("ids", [[], [-1, -1], [0], [1, -1, 0, -1]])
def test_a_text_without_neighbours_has_no_examples(loss, ids):
    made = model(as_read(ids), words=["a", "b"], counts=[2, 2], loss=loss)
    for deterministic in (False, True):
        made.prepare(as_read(ids), plan(deterministic=deterministic))
        assert made.stretches == 1
        assert made.train_stretch(0, 0) == (0, 0, sum(i >= 0 for i in ids))


# Tensors


def test_training_goes_on_from_its_tensors(monkeypatch):
    monkeypatch.setattr(word2vec, "STRETCH", 1000)
    ids = company(700)
    for deterministic in (False, True):
        whole, _ = trained(ids, 2, deterministic=deterministic)
        first = model(ids)
        first.prepare(ids, plan(epochs=2, deterministic=deterministic))
        places = [(epoch, i) for epoch in range(2) for i in range(first.stretches)]
        assert len(places) == 8
        for place in places[:5]:
            first.train_stretch(*place)
        resumed = model(ids, seed=9)
        resumed.load({name: tensor.copy() for name, tensor in first.tensors().items()})
        resumed.prepare(ids, plan(epochs=2, deterministic=deterministic))
        for place in places[5:]:
            resumed.train_stretch(*place)
        for name, tensor in resumed.tensors().items():
            np.testing.assert_array_equal(tensor, whole.tensors()[name], err_msg=name)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("output_vectors"),
        lambda tensors: tensors.update(input_vectors=tensors["input_vectors"][:-1]),
        lambda tensors: tensors.update(input_vectors=tensors["input_vectors"].astype(np.float64)),
    ],
    ids=["missing", "shape", "type"],
)
def test_tensors_that_do_not_fit_are_a_data_error(change):
    tensors = dict(model().tensors())
    change(tensors)
    with pytest.raises(DataError, match=r"does not fit the model: tensor (in|out)put_vectors is missing or of another"):
        model().load(tensors)


# Learning


@EACH_ARCHITECTURE
@EACH_LOSS
@pytest.mark.parametrize("parts", [{}, NGRAMS], ids=["words", "n-grams"])
def test_the_loss_falls(loss, architecture, parts):
    options = {"loss": loss, "architecture": architecture, **parts}
    _, (at_first,) = trained(company(), 1, lr=1e-300, **options)
    _, losses = trained(company(), 5, lr=0.1, **options)
    assert losses[-1] < min(losses[0], 0.6 * at_first)


def cosines(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


@pytest.mark.parametrize("seed", [1, 2, 3])
@EACH_ARCHITECTURE
@EACH_LOSS
def test_words_in_the_same_company_become_alike(loss, architecture, seed):
    made, _ = trained(company(seed=seed), 15, seed=seed, loss=loss, architecture=architecture, lr=0.1)
    found = cosines(made.vectors())
    for i in range(0, 6, 2):
        others = [j for j in range(6) if j not in (i, i + 1)]
        assert found[i, i + 1] > found[i, others].max() + 0.1
        assert found[i, i + 1] > found[i + 1, others].max() + 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_unknown_word_comes_near_to_those_that_are_spelled_like_it(seed):
    made, _ = trained(company(seed=seed), 15, seed=seed, lr=0.1, **NGRAMS | {"buckets": 2000})
    found = cosines(np.concatenate([made.vector_of_unknown("painter")[None], made.vectors()]))[0, 1:]
    alike = [WORDS.index(word) for word in ("paint", "red", "blue", "hue")]
    other = [WORDS.index(word) for word in ("cat", "dog", "run", "walk", "purr", "road")]
    assert found[alike].min() > found[other].max()


# Threads


@EACH_ARCHITECTURE
@pytest.mark.parametrize("loss", LOSSES)
def test_in_step_any_number_of_threads_learns_the_same_bits(loss, architecture, monkeypatch):
    monkeypatch.setattr(word2vec, "STRETCH", 150)
    ids = company(60)
    one, losses = trained(ids, 2, 1, True, loss=loss, architecture=architecture, subsample=0.05)
    two, same = trained(ids, 2, 2, True, loss=loss, architecture=architecture, subsample=0.05)
    assert losses == same
    for name, tensor in one.tensors().items():
        np.testing.assert_array_equal(tensor, two.tensors()[name], err_msg=name)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_that_do_not_wait_learn_from_every_word_once(threads, monkeypatch):
    monkeypatch.setattr(word2vec, "STRETCH", 500)
    ids = company(600)
    for n in (1, threads):
        made = model(ids, n)
        made.prepare(ids, plan(lr=1e-300))
        assert made.stretches == -(-len(ids) // (500 * n))
        sums = [made.train_stretch(0, i) for i in range(made.stretches)]
        found = [sum(part[k] for part in sums) for k in range(3)]
        if n == 1:
            wanted = found
    assert found[1:] == wanted[1:]
    assert found[0] == pytest.approx(wanted[0], rel=1e-6)


def test_fewer_threads_than_there_are_can_be_asked_for():
    ids = company(50)
    made = model(ids, threads=2)
    made.prepare(ids, plan(threads=1))
    one = model(ids, threads=1)
    one.prepare(ids, plan())
    for epoch in range(2):
        assert made.train_stretch(epoch, 0) == one.train_stretch(epoch, 0)
    np.testing.assert_array_equal(made.vectors(), one.vectors())


def test_where_there_are_fewer_cores_a_text_has_the_same_stretches(monkeypatch):
    """So that a run goes on elsewhere from the step it came to, and learns from every word once more."""
    monkeypatch.setattr(word2vec, "STRETCH", 500)
    ids, found = company(600), []
    for cores in (3, 2, 1):
        made = model(ids, cores)
        made.prepare(ids, plan(threads=3, lr=1e-300))
        sums = [made.train_stretch(0, i) for i in range(made.stretches)]
        found.append([(examples, words) for _, examples, words in sums])
    assert len(found[0]) == 2
    assert found[0] == found[1] == found[2]


def test_seeds_and_epochs_draw_otherwise():
    """Already the windows, and so the number of examples."""
    ids, found = company(400), []
    for seed, epoch in ((1, 0), (1, 0), (2, 0), (1, 1), (2, 1)):
        made = model(ids, window=5)
        made.prepare(ids, plan(seed=seed, lr=1e-300))
        found.append(made.train_stretch(epoch, 0)[1])
    assert found[0] == found[1]
    assert len(set(found)) == 4


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_windows_reach_beyond_the_ends_of_stretches(threads, deterministic, monkeypatch):
    """A text in many stretches has the same examples as in one."""
    ids, found = as_read(np.random.default_rng(1).integers(0, 5, 1000)), []
    for stretch in (1 << 18, 50):
        monkeypatch.setattr(word2vec, "STRETCH", stretch)
        made = model(ids, threads, words=list("abcde"), window=5, subsample=0.1)
        made.prepare(ids, plan(lr=1e-300, deterministic=deterministic))
        sums = [made.train_stretch(0, i) for i in range(made.stretches)]
        found.append([sum(part[k] for part in sums) for k in range(3)])
    assert found[0][1:] == found[1][1:]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)


@pytest.mark.parametrize(("loss", "stretches"), [("negative", 2), ("softmax", 3)])
def test_a_softmax_over_many_words_has_shorter_stretches(monkeypatch, loss, stretches):
    """So that nobody waits long for a step, or for its end."""
    monkeypatch.setattr(word2vec, "STRETCH", 500)
    ids = np.arange(1000, dtype=np.int32) % 160
    made = model(ids, 1, loss=loss)
    made.prepare(ids, plan(threads=1))
    assert made.stretches == stretches


def test_every_thread_comes_to_the_same_rate(monkeypatch):
    """That of the next stretch, however small a part of this one it has."""
    monkeypatch.setattr(word2vec, "STRETCH", 100)
    ids, told = as_read([0, 1] * 500), []
    made = model(ids, 2)

    def train(ids, begin, first, last, end, key, plan, tables, vectors, rate, slower, *more):
        told.append((first, last, rate, rate - slower * (last - first)))
        return 0.0, 0

    monkeypatch.setattr(made._kernels, "train", train)
    made.prepare(ids, plan(epochs=2))
    made.train_stretch(1, 2)
    assert [(first, last) for first, last, _, _ in sorted(told)] == [(400, 500), (500, 600)]
    for _, _, begin, end in told:
        assert (begin, end) == pytest.approx((made.learning_rate(1, 2), made.learning_rate(1, 3)), rel=1e-9)


def test_the_largest_seed_is_one():
    ids = company(10)
    made = model(ids)
    made.prepare(ids, plan(seed=2**63 - 1))
    assert np.isfinite(made.train_stretch(0, 0)[0])
