"""How many parameters a model has, from the formula to what `info` prints."""

import json

import pytest

from tests.models.networks import CELLS, network

GATES = {"elman": 1, "lstm": 4, "gru": 3}
C, H = 8000, 100


@pytest.mark.parametrize("cell", CELLS)
def test_count_of_each_cell_from_its_formula(cell):
    v, d, h = 5, 4, 3
    model = network(cell, hidden=h, embedding=d, layers=2, vocabulary_size=v)
    gates = GATES[cell.split("-")[0]]
    second_bias = "gru-after" in cell  # the reset is applied to h_prev W_h + b_h
    layers = sum(gates * h * (n + h + 1 + second_bias) for n in (d, h))
    assert model.flat.size == v * d + layers + (h + 1) * v


def test_a_tied_table_counts_once():
    assert network("lstm", hidden=3, embedding=3, tied=True).flat.size == network("lstm", hidden=3, embedding=3).flat.size - 5 * 3


def test_an_elman_network_of_100_units_over_8000_words_has_2hc_plus_h2():
    model = network("elman-tanh", vocabulary_size=C, hidden=H, layers=1, input="onehot", bias=False)
    assert model.flat.size == 2 * H * C + H * H == 1_610_000
    assert {name: tensor.shape for name, tensor in model.tensors().items()} == {
        "0.W_x": (C, H),
        "0.W_h": (H, H),
        "output.W": (C, H),
    }


def test_info_prints_that_number_for_a_trained_run(do, seqterm, tmp_path):
    text, run = tmp_path / "words.txt", tmp_path / "words"
    text.write_text(" ".join(f"w{i}" for i in range(C)))
    form = {"input": "onehot", "bias": False, "hidden": H, "tokens": "space"}
    do("train", "elman", corpus=(str(text),), out=str(run), batch=60, steps=100, epochs=1, sample_length=0, **form)
    assert "1,610,000 parameters" in seqterm("info", run).stdout.decode()
    shown = json.loads(seqterm("info", run, "--jsonl").stdout)
    assert (shown["parameters"], shown["corpus"]["vocabulary_size"]) == (1_610_000, C)
