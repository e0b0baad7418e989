"""What is shown of events, and when."""

from pathlib import Path

import pytest

from seqterm.events import DueledPiece, HiddenState, Note, Transitions, UnitTracks
from seqterm.faces.show import duel, listing
from seqterm.faces.views import Screen

GOLDEN = Path(__file__).with_name("golden")


def test_rows_of_a_duel_come_as_soon_as_both_sides_have_them(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "23")  # ten letters a side
    shown = []

    def events():
        for side, text, last in [(0, "", False), (0, "0123456789abc", False), (1, "0\n1", False), (1, "", True), (0, "\n", True)]:
            yield DueledPiece(0, "", text, side, last)
            shown.append(capsys.readouterr().out)
        yield Note("done")

    duel(events(), ["a", "b"], Screen())
    heading = "a          | b\n---------- | ----------\n"
    assert shown == [heading, "", "0123456789 | 0\n", "", "abc        | 1\n           |\n"]
    assert capsys.readouterr().err == "done\n"


def test_samples_of_a_duel_come_one_under_the_other(capsys):
    pieces = [(sample, side, last) for last in (False, True) for side in (1, 0) for sample in (0, 1)]
    duel((DueledPiece(sample, "", "" if last else f"s{sample}", side, last) for sample, side, last in pieces), "ab", Screen())
    assert [line.split() for line in capsys.readouterr().out.splitlines()][2::3] == [["s0", "|", "s0"], ["s1", "|", "s1"]]


HMM = [
    Transitions(
        [0.7, 0.2, 0.1] + [0.0] * 21, [[(1 + (i * j) % 7) / 7 if abs(i - j) < 9 else 0.0 for j in range(24)] for i in range(24)]
    ),
    *(HiddenState(i, [("e", 0.5 / (i + 1)), (" ", 0.25 / (i + 1))], []) for i in range(3)),
]
UNITS = [UnitTracks(i, i % 2, 7 * i, "hcifog"[i], "quotes", (-0.9) ** i) for i in range(6)]


@pytest.mark.parametrize(("name", "events"), [("hmm", HMM), ("units", UNITS)])
def test_golden(name, events, capsys, monkeypatch):
    shown = []
    for width in (40, 80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        listing(events, quiet=False, screen=Screen())
        shown.append(f"== {width} columns\n{capsys.readouterr().out}")
        assert max(map(len, shown[-1].split("\n"))) <= width
    assert "".join(shown) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
