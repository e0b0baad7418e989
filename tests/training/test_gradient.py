"""The gradient of all parameters: slices added up, its norm, and what a wide vocabulary leaves out."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.layers.base import split
from seqterm.training.gradient import FEWEST_SUMMED, Gradient
from tests.models.networks import INPUTS, network

WIDE, ROW = 4100, 2
IDS = np.array([[7, 0, 4099], [7, 30, 0]])
NAMED = [0, 7, 30, 4099]


def wide_network(form="embedding", **values):
    return network("lstm", vocabulary_size=WIDE, **{**INPUTS[form], **values})


def filled(model, n_slices, seed=1):
    """A gradient whose slices hold random numbers, as a batch of IDS leaves them; what they add up to."""
    gradient, total, random = Gradient(model, n_slices), np.zeros_like(model.flat), np.random.default_rng(seed)
    wanted, (n_sparse, _) = model.views(total), model.sparse_rows()
    for views in gradient.views:
        for layer, tensors in views.items():
            for name, tensor in tensors.items():
                numbers = random.normal(size=tensor.shape).astype(model.dtype)
                if (layer, name) == ("embedding", "table") and n_sparse:
                    numbers[np.setdiff1d(np.arange(n_sparse), NAMED)] = 0
                if model.settings.tied and (layer, name) == ("output", "W"):
                    continue  # the table under its second name
                tensor[...] = numbers
                wanted[layer][name] += numbers
    return gradient, total


def visited(gradient, with_table):
    """How often `each` comes to every element, and, without the table, `rows` to those of the table."""
    counts = np.zeros(len(gradient.flat), int)
    for stretch in gradient.each(lambda stretch: stretch, with_table):
        counts[stretch] += 1
    if not with_table:
        np.add.at(gradient.table_of(counts), gradient.rows, 1)
    return counts


@pytest.mark.parametrize("n_slices", [1, 2, 3, 5])
@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("make", [network, lambda cell, **values: wide_network(**values)], ids=["narrow", "wide"])
def test_slices_are_added_up(make, form, n_slices):
    model = make("lstm", precision="float64", **INPUTS[form])
    gradient, total = filled(model, n_slices)
    norm = gradient.gather(IDS)
    np.testing.assert_allclose(gradient.flat, total, rtol=1e-14, atol=1e-15)
    assert norm == pytest.approx(np.linalg.norm(total), rel=1e-12)


@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("make", [network, lambda cell, **values: wide_network(**values)], ids=["narrow", "wide"])
def test_layers_have_norms_of_their_own(make, form):
    model = make("lstm", precision="float64", **INPUTS[form])
    gradient, total = filled(model, 2)
    gradient.gather(IDS)
    views = split(total, model.layers)
    expected = {name: np.linalg.norm([np.linalg.norm(tensor) for tensor in views[name].values()]) for name in views}
    assert gradient.layer_norms() == pytest.approx(expected, rel=1e-12)


def test_slices_are_zero_once_they_are_added_up():
    gradient, _ = filled(network("lstm"), 3)
    once = gradient.gather(IDS), gradient.flat.copy()
    again = gradient.gather(IDS)
    assert again == once[0]
    np.testing.assert_array_equal(gradient.flat, once[1])


def test_all_but_the_first_slice_of_a_wide_vocabulary_have_the_recurrent_layers_alone():
    gradient = Gradient(wide_network(), 3)
    assert set(gradient.views[0]) == {"embedding", "0", "1", "output"}
    assert [set(views) for views in gradient.views[1:]] == [{"0", "1"}] * 2


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("form", ["embedding", "onehot"])
def test_threads_that_share_out_a_long_vector_change_no_bit_of_it(threads, form):
    models = [wide_network(form, hidden=128, embedding=8, backend=CPU(n)) for n in (1, threads)]
    assert models[0].flat.size > threads * FEWEST_SUMMED
    (one, _), (many, _) = (filled(model, 3) for model in models)
    norms = [gradient.gather(IDS) for gradient in (one, many)]
    np.testing.assert_array_equal(many.flat, one.flat)
    assert norms[1] == pytest.approx(norms[0], rel=1e-12)


@pytest.mark.parametrize("with_table", [True, False])
@pytest.mark.parametrize(
    "model",
    [network("lstm"), network("lstm", hidden=150, backend=CPU(3)), *map(wide_network, ("tied", "onehot"))],
    ids=["short", "long", "wide and tied", "wide and one-hot"],
)
def test_each_goes_over_every_element_once(model, with_table):
    gradient = Gradient(model, 2)
    gradient.gather(np.array([[1, 2], [2, 1]]))
    np.testing.assert_array_equal(visited(gradient, with_table), 1)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_each_leaves_out_the_rows_of_a_wide_vocabulary_that_no_token_names(threads):
    model = wide_network(hidden=32, backend=CPU(threads))
    gradient, dense = Gradient(model, 2), WIDE * ROW
    gradient.gather(IDS)
    counts = visited(gradient, with_table=False)
    rows = np.zeros((WIDE, ROW), int)
    rows[NAMED] = 1
    np.testing.assert_array_equal(counts[:dense].reshape(WIDE, ROW), rows)
    np.testing.assert_array_equal(counts[dense:], 1)
    np.testing.assert_array_equal(visited(gradient, with_table=True), 1)


def test_the_rows_are_those_of_the_last_batch():
    gradient = Gradient(wide_network(), 1)
    for ids in (IDS, np.array([[5, 5]])):
        gradient.gather(ids)
    assert np.flatnonzero(visited(gradient, with_table=False)[: WIDE * ROW]).tolist() == [5 * ROW, 5 * ROW + 1]


@pytest.mark.parametrize("place", ["first", "other", "row"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_norm_shows_what_is_not_finite(bad, place):
    gradient, _ = filled(wide_network(), 3)
    tensors = {"first": gradient.views[0]["output"]["b"], "other": gradient.views[2]["1"]["W_h"]}
    tensors["row"] = gradient.views[0]["embedding"]["table"][30]
    tensors[place][...] = bad
    assert not np.isfinite(gradient.gather(IDS))


@pytest.mark.parametrize("gathered", [True, False])
@pytest.mark.parametrize("model", [network("lstm"), wide_network()], ids=["narrow", "wide"])
def test_cleared_it_is_zero_and_so_are_its_slices(model, gathered):
    gradient, _ = filled(model, 3)
    if gathered:
        gradient.gather(IDS)
    gradient.clear()
    assert gradient.gather(np.arange(model.vocabulary_size)[None]) == 0
    assert not gradient.flat.any()
