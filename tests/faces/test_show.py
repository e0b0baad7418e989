"""What is shown of events, and when."""

from seqterm.events import DueledPiece, Note
from seqterm.faces.show import duel
from seqterm.faces.views import Screen


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
