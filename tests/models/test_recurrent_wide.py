"""Models of so many tokens that threads share out the vocabulary between the recurrent layers' passes."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.layers import softmax
from seqterm.layers.dropout import DropoutKey
from seqterm.models.network import BatchSlice, Window
from tests.models.networks import BACKEND, CELLS, INPUTS, network, ragged_window

V, SCALE = softmax.WIDE + 4, 0.37
HIDDEN = 32  # so that the output weights are more than one stretch, and every thread has a part
STEPS, LENGTHS = 5, [5, 0, 3, 4, 2]
OPTIONS = {"whole": {}, "truncated": {"truncate": 1}, "dropout": {"dropout": 0.5}, "both": {"truncate": 2, "dropout": 0.5}}


def wide_network(cell="lstm", form="embedding", backend=BACKEND, **values):
    options = {"hidden": HIDDEN, "precision": "float64", **INPUTS[form], **values}
    if form == "tied":
        options["embedding"] = options["hidden"]
    return network(cell, scale=0.3, vocabulary_size=V, backend=backend, **options)


def in_slices(model, window, n_slices, truncate=None):
    """-> the sum of log p, the final state, the gradient of the first state and of all parameters, one vector (P,)"""
    flat, own = np.zeros_like(model.flat), model.slice_range()
    others = np.zeros((n_slices - 1, own.stop - own.start), model.dtype)
    views = [model.views(flat), *map(model.slice_views, others)]
    slices = []
    for rows, gradients in zip(np.array_split(np.arange(len(window.lengths)), n_slices), views, strict=True):
        n_steps = window.lengths[rows].max()
        ids, targets = (np.ascontiguousarray(x[:n_steps, rows]) for x in (window.ids, window.targets))
        part = Window(ids, targets, window.lengths[rows], window.state[rows])
        dropout = DropoutKey(7, int(rows[0])) if model.settings.dropout else None
        slices.append(BatchSlice(part, gradients, model.workspace(), dropout))
    done = model.gradients(slices, SCALE, truncate)
    flat[own] += others.sum(0)
    return {
        "log_p": sum(log_p for log_p, _, _ in done),
        "final": np.concatenate([final for _, final, _ in done]),
        "state": np.concatenate([dstate for _, _, dstate in done]),
        "parameters": flat,
    }


def agree(found, wanted):
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-10, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("n_slices", [1, 2, 3, 5])
@pytest.mark.parametrize("form", INPUTS)
def test_any_number_of_slices_gives_what_a_narrow_vocabulary_would(form, n_slices, options, monkeypatch):
    """One slice of a model that is told that its vocabulary is narrow; one row has no tokens at all."""
    options = dict(options)
    truncate, model = options.pop("truncate", None), wide_network(form=form, **options)
    window = ragged_window(model, STEPS, LENGTHS)
    found = in_slices(model, window, n_slices, truncate)
    monkeypatch.setattr(softmax, "WIDE", V + 1)
    narrow = wide_network(form=form, **options)
    assert model.slice_range() != narrow.slice_range()
    agree(found, in_slices(narrow, window, 1, truncate))


@pytest.mark.parametrize("threads", [1, 3, 7])
def test_the_number_of_threads_changes_no_more_than_rounding(threads):
    model, other = wide_network(), wide_network(backend=CPU(threads))
    window = ragged_window(model, STEPS, LENGTHS)
    agree(in_slices(other, window, 2), in_slices(model, window, 2))


@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_some_gradients_of_each_tensor_agree_with_central_differences(cell, form):
    """Of the elements that have the largest gradients, and of some that have none."""
    model = wide_network(cell, form, hidden=4)
    window, random = ragged_window(model, STEPS, LENGTHS), np.random.default_rng(9)
    found = model.views(in_slices(model, window, 3)["parameters"])

    def loss():
        model.changed()
        return -SCALE * model.score(window.state, window.ids, window.targets)[1].sum()

    for name, tensor in model.tensors().items():
        layer, tensor_name = name.split(".")
        gradient = found[layer][tensor_name].ravel()
        places = np.concatenate([np.argsort(-np.abs(gradient))[:3], random.integers(0, gradient.size, 3)])
        for place in places:
            numeric = difference(loss, tensor.reshape(-1), place)
            np.testing.assert_allclose(gradient[place], numeric, rtol=1e-6, atol=1e-9, err_msg=f"{name} {place}")


def difference(loss, x, place, step=1e-4):
    """d loss() / d x[place], by a formula of five points."""
    kept, values = x[place], []
    for k in (-2, -1, 1, 2):
        x[place] = kept + k * step
        values.append(loss())
    x[place] = kept
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


def test_only_rows_that_a_window_names_have_gradients_in_an_embedding():
    model = wide_network()
    window = ragged_window(model, STEPS, LENGTHS)
    table = model.views(in_slices(model, window, 3)["parameters"])["embedding"]["table"]
    read = [window.ids[: window.lengths[row], row] for row in range(len(LENGTHS))]
    np.testing.assert_array_equal(np.flatnonzero(table.any(1)), np.unique(np.concatenate(read)))
    assert model.sparse_rows() == (V, table.shape[1])


@pytest.mark.parametrize("form", ["tied", "onehot"])
def test_no_rows_are_sparse_where_the_output_layer_shares_them_or_there_is_no_table(form):
    assert wide_network(form=form).sparse_rows() == (0, 0)
    assert network("lstm", **INPUTS[form]).sparse_rows() == (0, 0)
