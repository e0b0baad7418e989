"""Units of recurrent networks over a text."""

import numpy as np
import pytest

from seqterm.errors import DataError, UsageError
from seqterm.events import Painted, Painting, UnitTracks
from tests.conftest import TEXT, TINY


@pytest.mark.parametrize("gate", ["h", "c", "i"])
def test_values_are_those_of_the_trace(do, session, tiny_run, corpus, gate):
    painting, *painted = do("neurons", run=str(tiny_run), source=str(corpus), unit=3, gate=gate)
    assert painting.rows == [gate]
    assert "".join(piece for line in painted for piece in line.pieces) == TEXT
    assert [line.line for line in painted] == list(range(1, TEXT.count("\n") + 1))
    loaded = session.load(str(tiny_run))
    expected = loaded.model.trace(loaded.vocabulary.encode(TEXT))[f"0.{gate}"][:, 3]
    found = [value for line in painted for value in line.values[0]]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_blocks_make_no_difference(do, tiny_run, corpus, monkeypatch):
    whole = do("neurons", run=str(tiny_run), source=str(corpus), unit=3)
    monkeypatch.setattr("seqterm.app.neurons.STEPS", 17)
    parts = do("neurons", run=str(tiny_run), source=str(corpus), unit=3)
    for one, other in zip(whole[1:], parts[1:], strict=True):
        np.testing.assert_allclose(one.values, other.values, rtol=0, atol=1e-5)


def texts(painted):
    return "".join(piece for line in painted for piece in line.pieces)


def test_so_many_tokens_are_read_and_no_more(do, tiny_run, corpus):
    _, *painted = do("neurons", run=str(tiny_run), source=str(corpus), unit=3, length=50)
    assert texts(painted) == TEXT[:50]


def test_so_many_tokens_are_read_and_not_shown(do, tiny_run, corpus, session, monkeypatch):
    _, *whole = do("neurons", run=str(tiny_run), source=str(corpus), unit=3)
    model = session.load(str(tiny_run)).model
    read, trace_on = [], model.trace_on
    monkeypatch.setattr(model, "trace_on", lambda state, ids: read.append(len(ids)) or trace_on(state, ids))
    for skip, more in ((0, [100]), (100, [100]), (200, [100]), (100, [100, 100]), (300, [100, 100])):
        read.clear()
        _, *part = do("neurons", run=str(tiny_run), source=str(corpus), unit=3, skip=skip, length=100)
        assert [count for count in read if count > 1] == more
        assert texts(part) == TEXT[skip : skip + 100]
        assert part[0].line == 1 + TEXT[:skip].count("\n")
        values = [value for line in whole for value in line.values[0]][skip : skip + 100]
        np.testing.assert_allclose([value for line in part for value in line.values[0]], values, rtol=0, atol=1e-5)
    with pytest.raises(UsageError, match="--skip 99999 leaves nothing of the text"):
        do("neurons", run=str(tiny_run), source=str(corpus), unit=3, skip=99999)


def test_the_text_is_read_once_for_all_units_and_goes_on_where_it_has_grown(do, tiny_run, session, tmp_path, monkeypatch):
    path = tmp_path / "growing.txt"
    path.write_text(TEXT[:100])
    first = do("neurons", run=str(tiny_run), source=str(path), unit=3)
    model = session.load(str(tiny_run)).model
    read, trace_on = [], model.trace_on
    monkeypatch.setattr(model, "trace_on", lambda state, ids: read.append(len(ids)) or trace_on(state, ids))
    assert do("neurons", run=str(tiny_run), source=str(path), unit=3) == first
    other = do("neurons", run=str(tiny_run), source=str(path), unit=4)
    assert [count for count in read if count > 1] == []  # names are asked for with one token
    path.write_text(TEXT[:150])
    _, *grown = do("neurons", run=str(tiny_run), source=str(path), unit=4)
    assert [count for count in read if count > 1] == [50]
    assert texts(grown) == TEXT[:150]
    session.kept.clear()
    _, *whole = do("neurons", run=str(tiny_run), source=str(path), unit=4)
    for one, another in zip(grown, whole, strict=True):
        np.testing.assert_allclose(one.values, another.values, rtol=0, atol=1e-5)
    assert other[1].values == whole[0].values


def test_what_is_too_much_is_not_kept(do, tiny_run, corpus, session, monkeypatch):
    monkeypatch.setattr("seqterm.app.neurons.KEPT", 1000)
    session.kept.pop("traces", None)
    _, *painted = do("neurons", run=str(tiny_run), source=str(corpus), unit=3)
    assert texts(painted) == TEXT
    assert "traces" not in session.kept


def test_another_text_or_model_is_read_anew(do, tiny_run, corpus, tmp_path):
    path = tmp_path / "other.txt"
    path.write_text(TEXT[20:120])
    do("neurons", run=str(tiny_run), source=str(corpus), unit=3)
    _, *painted = do("neurons", run=str(tiny_run), source=str(path), unit=3)
    assert texts(painted) == TEXT[20:120]


def test_all_gates_stand_under_one_another(do, tiny_run, corpus):
    painting, first, *_ = do("neurons", run=str(tiny_run), source=str(corpus), unit=0, gate="i", gates=True)
    assert painting.rows == ["i", "h", "c", "f", "o", "g"]
    assert [low < 0 for low, _ in painting.ranges] == [False, True, True, False, False, True]
    assert np.shape(first.values) == (6, len(first.pieces))


def test_units_are_ranked_by_how_well_they_track(do, tiny_run, corpus):
    found = do("neurons", run=str(tiny_run), source=str(corpus), find="line-position", top=20)
    assert all(isinstance(event, UnitTracks) for event in found)
    assert [event.rank for event in found] == list(range(1, 13))
    strengths = [abs(event.correlation) for event in found]
    assert strengths == sorted(strengths, reverse=True)
    assert {event.unit for event in found} == set(range(12))
    assert strengths[0] > 0.3


def test_layers_are_ranked_together_or_alone(do, corpus, tmp_path):
    path = str(tmp_path / "two")
    do("train", "gru", corpus=(str(corpus),), out=path, **{**TINY, "layers": 2})
    together = do("neurons", run=path, source=str(corpus), find="hen", top=99)
    assert {(event.layer, event.unit) for event in together} == {(layer, unit) for layer in (0, 1) for unit in range(12)}
    alone = do("neurons", run=path, source=str(corpus), find="hen", top=99, layer=0)
    assert [event.unit for event in alone] == [event.unit for event in together if event.layer == 0]


def test_words_are_pieces(do, word_run, tmp_path):
    (tmp_path / "t.txt").write_text("dog bites man\nshe hits it\n")
    painting, first, second = do("neurons", run=str(word_run), source=str(tmp_path / "t.txt"), unit=0)
    assert isinstance(painting, Painting)
    assert isinstance(second, Painted)
    assert first.pieces == ["", "dog", " bites", " man", "\n"]


REFUSED = {
    "nothing to show": ({}, "either --unit N, or --find"),
    "both": ({"unit": 1, "find": "quotes"}, "either --unit N, or --find"),
    "no such unit": ({"unit": 12}, "units 0 to 11 in a layer: there is no --unit 12"),
    "no such layer": ({"unit": 1, "layer": 1}, "layers 0 to 0: there is no --layer 1"),
    "no such gate": ({"unit": 1, "gate": "z"}, "is of h, c, i, f, o, g: there is no --gate z"),
    "gates of a search": ({"find": "quotes", "gates": True}, "--gates goes with --unit"),
    "a pattern that is nowhere": ({"find": "zebra"}, "the same all over the text"),
    "a pattern that is none": ({"find": "("}, "no regular expression"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_shown_is_refused(do, tiny_run, corpus, case):
    values, sentence = REFUSED[case]
    with pytest.raises(UsageError, match=sentence):
        do("neurons", run=str(tiny_run), source=str(corpus), **values)


def test_other_families_have_no_units(do, corpus, tmp_path):
    do("train", "ngram", corpus=(str(corpus),), out=str(tmp_path / "n"))
    with pytest.raises(UsageError, match="a run of ngram, which has no recurrent units"):
        do("neurons", run=str(tmp_path / "n"), source=str(corpus), unit=0)


def test_a_text_without_known_tokens_is_refused(do, tiny_run, tmp_path):
    (tmp_path / "t.txt").write_text("€€€")
    with pytest.raises(DataError, match="no tokens that the model knows"):
        do("neurons", run=str(tiny_run), source=str(tmp_path / "t.txt"), unit=0)
