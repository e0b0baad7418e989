"""Runs beside each other."""

from rich.console import Group

from seqterm.events import RunCurves, SettingDiffers
from seqterm.render.run_comparison import curves, settings
from tests.render.screens import check_golden, drawn


def curve(start, end, n=40):
    return [(10 * (i + 1), end + (start - end) / (1 + i)) for i in range(n)]


A = RunCurves("quiet-fox", "lstm", 12_345, "nats a token", curve(4, 1.5), curve(4, 2, 5), 3723.4, 2.0)
B = RunCurves("bold-hen", "gru", 2345, "nats a token", curve(3.5, 1.8), curve(3.5, 1.9, 5), 61.0, 1.9)
NONE = RunCurves("counts", "ngram", 99, "nats a token", [], [], 1.0, None)
DIFFERING = [SettingDiffers("update_gate", [None, "keep"]), SettingDiffers("hidden", [128, 1024])]


def test_golden():
    check_golden("run_comparison", lambda width: Group(curves([A, B], width, 30), settings([A, B], DIFFERING)))


def test_without_held_out_losses_the_curves_are_of_training():
    shown = drawn(curves([A, NONE], 80, 30), 80)
    assert shown.startswith("training loss, nats a token, by step")
    assert "b counts    0     -        -        0:01" in shown


def test_runs_without_losses_have_no_chart():
    assert "no losses were logged" in drawn(curves([NONE, NONE], 80, 30), 80)


def test_equal_settings_are_said():
    assert drawn(settings([A, B], []), 80) == "\nall settings are the same\n"


def test_names_cannot_play_tricks_on_the_terminal():
    shown = drawn(settings([A, B], [SettingDiffers("files", [["a\x1b[2J"], "b"])]), 80)
    assert "\x1b" not in shown
