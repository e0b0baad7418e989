"""Patterns in a text, and how well units track them."""

import numpy as np
import pytest

from seqterm.app.loaded import LoadedModel
from seqterm.backends.select import select
from seqterm.errors import UsageError
from seqterm.evaluation import tracking
from seqterm.evaluation.tracking import correlations, pattern_values
from tests.conftest import TEXT


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("quotes", 'a "bc" d', [0, 0, 1, 1, 1, 0, 0, 0]),
        ("quotes", "“a “b” c”d", [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]),
        ("brackets", "a(b[c])d", [0, 1, 1, 2, 2, 1, 0, 0]),
        ("brackets", ")(a", [0, 1, 1]),
        ("line-position", "ab\n\ncd", [0, 1, 2, 0, 0, 1]),
        ("[0-9]+", "a12b3", [0, 1, 1, 0, 1]),
        ("^b", "ab\nb", [0, 0, 0, 1]),
    ],
)
def test_patterns(name, text, values):
    assert pattern_values(name, list(text)).tolist() == values


def test_a_piece_has_the_value_of_its_last_letter():
    assert pattern_values("line-position", ["", "ab", "", " cd", "\n", "x"]).tolist() == [0, 1, 1, 4, 5, 0]


def test_no_text_has_no_values():
    assert pattern_values("quotes", []).tolist() == []


def test_what_is_no_expression_is_named():
    with pytest.raises(UsageError, match=r"--find \( is no regular expression"):
        pattern_values("(", ["a"])


@pytest.fixture
def model(tiny_run):
    return LoadedModel.open(str(tiny_run), select())


@pytest.mark.parametrize("steps", [7, 64])
def test_correlations_are_numpys(model, monkeypatch, steps):
    monkeypatch.setattr(tracking, "STEPS", steps)
    text = TEXT[:401]  # one part, and a block that is not whole
    ids = model.vocabulary.encode(text)
    pattern = pattern_values("line-position", list(text))
    trace = model.model.trace(ids)
    found = correlations(model.model, ids, pattern, ["0.h", "0.i"])
    for row, name in enumerate(("0.h", "0.i")):
        expected = [np.corrcoef(trace[name][:, unit].astype(float), pattern)[0, 1] for unit in range(12)]
        np.testing.assert_allclose(found[row], expected, rtol=0, atol=1e-5)


def test_parts_side_by_side_hardly_change_what_is_found(model):
    text = (TEXT * 4)[: 4 * tracking.PART + 3]
    ids, pattern = model.vocabulary.encode(text), pattern_values("line-position", list(text))
    trace = model.model.trace(ids)["0.h"].astype(float)
    expected = [np.corrcoef(trace[:, unit], pattern)[0, 1] for unit in range(12)]
    np.testing.assert_allclose(correlations(model.model, ids, pattern, ["0.h"])[0], expected, rtol=0, atol=0.02)


def test_a_unit_that_never_changes_tracks_nothing(model):
    for tensor in model.model.tensors().values():
        tensor[...] = 0
    model.model.changed()
    ids = model.vocabulary.encode(TEXT)
    assert correlations(model.model, ids, pattern_values("hen", list(TEXT)), ["0.h"]).tolist() == [[0.0] * 12]
