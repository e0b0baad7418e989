"""GloVe vectors, from ids to vectors."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.errors import DataError, UsageError
from seqterm.models import cooccurrence
from seqterm.models.base import VectorModel
from seqterm.models.glove import Glove
from seqterm.models.glove_settings import GloveSettings, parse_size
from seqterm.options import parameters
from tests.naive import cooccurrence as naive
from tests.naive import glove as naive_glove

SIZE = 60


def text(n):
    """(n,) ids, some words far more frequent than others, with sentences' ends."""
    random = np.random.default_rng(n)
    ids = (SIZE * random.random(n) ** 3).astype(np.int32)
    ids[random.integers(0, n, n // 15)] = -1
    return ids


@pytest.fixture
def small_bands(monkeypatch):
    """Several bands of a small vocabulary."""
    monkeypatch.setattr(cooccurrence, "BAND", 8)


@pytest.mark.parametrize(
    ("words", "wanted"), [("4G", 4 << 30), ("500m", 500 << 20), ("1.5K", 1536), ("12", 12), (" 2T ", 2 << 40)]
)
def test_sizes(words, wanted):
    assert parse_size(words) == wanted


@pytest.mark.parametrize("words", ["", "G", "4 G", "-1G", "4GB", "1e9"])
def test_what_is_no_size(words):
    with pytest.raises(UsageError, match="is not a size"):
        parse_size(words)


def test_every_setting_is_an_option():
    assert {p.name for p in parameters(GloveSettings)} >= {"dim", "window", "x_max", "alpha", "count", "memory"}
    assert parse_size(GloveSettings().memory) == 4 << 30


def plan(**values):
    return SimpleNamespace(**{"epochs": 3, "lr": 0.05, "deterministic": False, "seed": 1, "threads": None} | values)


def model(threads=2, seed=1, ids=None, **settings):
    """One that is ready to learn."""
    ids = text(1500) if ids is None else ids
    words, counts = [f"w{i}" for i in range(SIZE)], np.bincount(ids[ids >= 0], minlength=SIZE)
    made = Glove(GloveSettings(**{"dim": 6, "window": 5} | settings), words, counts, CPU(threads))
    made.initialise(np.random.default_rng(seed))
    made.prepare(ids, plan(seed=seed))
    return made


def epoch(made, number):
    """-> mean loss, ordered pairs, words"""
    loss, pairs, words = map(sum, zip(*(made.train_stretch(number, i) for i in range(made.stretches)), strict=True))
    return loss / pairs, pairs, words


def test_it_is_a_vector_model():
    made: VectorModel = model()
    assert made.vectors().shape == (SIZE, 6)
    assert made.learning_rate(0, 0) == 0.05


@pytest.mark.usefixtures("small_bands")
def test_an_epoch_visits_every_ordered_pair_and_tells_of_every_word():
    ids = text(1500)
    made = model(ids=ids)
    assert made.stretches == 7
    assert epoch(made, 0)[1:] == (len(naive.pairs(ids, 5, "plain")), np.count_nonzero(ids >= 0))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_first_loss_is_that_of_the_first_vectors(precision):
    made = model(precision=precision, count="plain", x_max=10.0)
    made._rate = 0.0
    wanted = naive_glove.loss(made.tensors(), naive.pairs(text(1500), 5, "plain"), 10.0, 0.75)
    loss, pairs, _ = epoch(made, 0)
    assert loss * pairs == pytest.approx(wanted, rel=1e-5 if precision == "float32" else 1e-12)


@pytest.mark.parametrize("count", ["plain", "inverse-distance"])
@pytest.mark.usefixtures("small_bands")
def test_the_loss_falls(count):
    made = model(count=count, x_max=10.0)
    losses = [epoch(made, number)[0] for number in range(20)]
    assert all(later < earlier for earlier, later in itertools.pairwise(losses))
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.usefixtures("small_bands")
def test_any_number_of_threads_learns_the_same_bits(threads):
    """threads 1: the same twice."""
    one, other = model(threads=1), model(threads=threads)
    for number in range(2):
        assert epoch(one, number) == epoch(other, number)
    for name, tensor in one.tensors().items():
        np.testing.assert_array_equal(tensor, other.tensors()[name], err_msg=name)


@pytest.mark.usefixtures("small_bands")
def test_training_goes_on_from_its_tensors():
    whole, resumed = model(), model(seed=2)
    places = [(number, i) for number in range(2) for i in range(whole.stretches)]
    for place in places[:9]:
        whole.train_stretch(*place)
    resumed.load({name: tensor.copy() for name, tensor in whole.tensors().items()})
    resumed.prepare(text(1500), plan(seed=1))
    for place in places[9:]:
        assert whole.train_stretch(*place) == resumed.train_stretch(*place)
    np.testing.assert_array_equal(whole.vectors(), resumed.vectors())


@pytest.mark.usefixtures("small_bands")
def test_epochs_and_seeds_go_through_pairs_in_orders_of_their_own():
    first, later, other = model(), model(), model()
    other.prepare(text(1500), plan(seed=2))
    epoch(first, 0)
    epoch(later, 1)
    epoch(other, 0)
    assert (first.vectors() != later.vectors()).any()
    assert (first.vectors() != other.vectors()).any()


def test_tensors_that_do_not_fit_are_a_data_error():
    with pytest.raises(DataError, match="does not fit the model"):
        model().load(model(dim=7).tensors())


def test_first_values_lie_where_the_original_program_has_them():
    tensors = model(dim=100).tensors()
    for name in ("input_vectors", "output_vectors", "input_bias", "output_bias"):
        bound = 0.5 / 101
        assert np.abs(tensors[name]).max() <= bound
        assert np.abs(tensors[name]).max() > 0.9 * bound
        assert (tensors[f"squares.{name}"] == 1).all()
    assert tensors["input_vectors"].std() == pytest.approx(bound / np.sqrt(3), rel=0.05)


@pytest.mark.parametrize("which", ["input", "output", "sum"])
def test_which_vectors_are_given_out(which):
    made = model()
    epoch(made, 0)
    wanted = {"input": made.input_vectors, "output": made.output_vectors, "sum": made.input_vectors + made.output_vectors}
    np.testing.assert_array_equal(made.vectors(which), wanted[which])
    np.testing.assert_array_equal(made.vectors(), wanted["sum"])


def test_what_is_given_out_is_a_copy():
    made = model()
    for which in ("input", "output", "sum"):
        made.vectors(which)[0] = 7
    assert not (made.vectors()[0] >= 7).any()


def test_words_in_the_same_company_become_alike():
    """0 and 1 stand among 4 to 6, 2 and 3 among 7 to 9."""
    random = np.random.default_rng(1)
    sentences = [
        [2 * side + random.integers(2), *(4 + 3 * side + random.permutation(3)), -1] for side in random.integers(0, 2, 3000)
    ]
    made = model(ids=np.concatenate(sentences).astype(np.int32), x_max=10.0)
    for number in range(30):
        epoch(made, number)
    rows = made.vectors()[:4]
    cosine = (rows / np.linalg.norm(rows, axis=1, keepdims=True)) @ (rows / np.linalg.norm(rows, axis=1, keepdims=True)).T
    assert min(cosine[0, 1], cosine[2, 3]) > max(cosine[0, 2], cosine[0, 3], cosine[1, 2], cosine[1, 3])
