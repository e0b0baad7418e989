"""Views on a terminal, in a pipe and in files."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest

from seqterm.errors import INTERRUPTED
from tests.cli.program import ENDLESS, SMALL, json_events, rest_of_screen, stderr_lines, under_way
from tests.conftest import wave

TAG = re.compile(r"<[^>]*>")
SGR = re.compile(rb"\x1b\[[\d;]*m")
OVER = re.compile(rb"\x1b\[(\d+)F\x1b\[J")  # up so many lines, and away with what is there
SAID = "the red hen has 3 eggs.\nthe hen was at 7 lakes\n"
USAGE = 2


@pytest.fixture
def said(tmp_path):
    (tmp_path / "said.txt").write_text(SAID)
    return str(tmp_path / "said.txt")


def on_page(seqterm, *words):
    """What a pipe gets, 120 columns wide as the terminal is."""
    done = seqterm(*words, env={"COLUMNS": "120", "LINES": "40"})
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def check_same_but_for_colour(terminal, seqterm, *words):
    page = on_page(seqterm, *words)
    screen, code = rest_of_screen(terminal(*words))
    assert (SGR.sub(b"", screen), code) == (page, 0)
    assert SGR.search(screen)
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert rest_of_screen(terminal(*words, env=env)) == (page, 0)


def without_what_was_drawn_over(screen):
    """The lines that are there at the end."""
    begin, *frames = OVER.split(screen)
    lines = begin.splitlines(keepends=True)
    for up, frame in zip(frames[::2], frames[1::2], strict=True):
        lines = lines[: -int(up)] + frame.splitlines(keepends=True)
    return b"".join(lines)


def check_exports(seqterm, folder, shown, *words):
    """Both files hold what is shown, and fetch nothing."""
    done = seqterm(*words, "--svg", folder / "view.svg", "--html", folder / "view.html")
    assert done.returncode == 0, done.stderr
    svg, html = (folder / "view.svg").read_text(), (folder / "view.html").read_text()
    for text in ("".join(ElementTree.fromstring(svg).itertext()), unescape(TAG.sub("", html))):
        for part in shown:
            assert "".join(part.split()) in "".join(text.split())  # blank stretches are places in a picture
    assert "url(http" not in svg + html


# watch


def test_watch_is_the_same_on_a_terminal_but_for_colour(terminal, seqterm, tiny_run):
    check_same_but_for_colour(terminal, seqterm, "watch", tiny_run, "--once")


def test_watch_is_exported(seqterm, tiny_run, tmp_path):
    check_exports(seqterm, tmp_path, [str(tiny_run)[:30], "nats a token", "complete in"], "watch", tiny_run)


def test_a_training_in_another_process_is_watched_to_its_end(terminal, start, seqterm, corpus, tmp_path):
    training = under_way(start("train", "lstm", corpus, *ENDLESS, "-o", tmp_path / "live"))
    child = terminal("watch", tmp_path / "live")
    child.expect("tokens/s")
    seqterm("stop", tmp_path / "live")
    screen, code = rest_of_screen(child)
    assert code == 0
    assert b"stopped: stop requested" in screen
    assert training.wait(60) == 0


def test_ctrl_c_ends_watching_alone(terminal, start, corpus, tmp_path):
    training = under_way(start("train", "lstm", corpus, *ENDLESS, "-o", tmp_path / "live"))
    child = terminal("watch", tmp_path / "live")
    child.expect("tokens/s")
    child.sendintr()
    screen, code = rest_of_screen(child)
    assert code == INTERRUPTED
    assert b"Traceback" not in screen
    assert training.poll() is None


# score --heat


def test_heat_is_the_same_on_a_terminal_but_for_colour(terminal, seqterm, trained, said):
    check_same_but_for_colour(terminal, seqterm, "score", trained, said, "--heat")


def test_heat_shows_what_surprises(seqterm, trained):
    done = seqterm("score", trained, "--heat", input=b"the red hen has 7 wggs.\n", env={"COLUMNS": "300"})  # paths may be long
    title, first, blocks, *_ = done.stdout.decode().split("\n")
    assert title.startswith("surprisal in bits")
    assert first == "the red hen has 7 wggs.↵"
    assert blocks[18] == "█"  # eggs were expected
    assert blocks[5:8].strip(" ▁▂▃") == ""


def test_heat_of_two_runs(seqterm, trained, tiny_run, said):
    page = on_page(seqterm, "score", trained, said, "--heat", "--against", tiny_run).decode()
    assert f"b = {tiny_run}" in page.replace("\n", "")
    assert [row[:2] for row in page.split("\n")[-7:-1]] == ["  ", "a ", "b "] * 2


def test_heat_as_events(seqterm, trained, said):
    painting, *painted = json_events(seqterm("score", trained, said, "--heat", "--jsonl").stdout)
    assert (painting["event"], painting["rows"]) == ("painting", ["a"])
    per_token = json_events(seqterm("score", trained, said, "--per-token", "--jsonl").stdout)
    for line, scored in zip(painted, per_token, strict=False):
        assert sum(line["values"][0]) == pytest.approx(-scored["log_probability"] / 0.6931471805599453, rel=1e-5, abs=0)


def test_heat_is_exported(seqterm, trained, said, tmp_path):
    check_exports(seqterm, tmp_path, ["surprisal in bits", "the red hen has 3 eggs."], "score", trained, said, "--heat")


def test_letters_that_the_model_lacks_are_noted(seqterm, trained):
    done = seqterm("score", trained, "--heat", input=b"hen \xe2\x82\xac Q\n")
    assert stderr_lines(done) == ["2 tokens that the model has never seen are left out."]


BAD = {
    "against without heat": (["--against", "RUN"], "--against goes with --heat"),
    "heat of a stream": (["--heat", "--stream"], "--heat shows lines"),
    "heat as json": (["--heat", "--json"], "leave --json out"),
    "tokens that differ": (["--heat", "--against", "WORDS"], "they read line 1 as different tokens"),
    "a picture of events": (["--heat", "--jsonl", "--svg", "x.svg"], "leave --json and --jsonl out"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_heated_is_refused(seqterm, trained, word_run, said, tmp_path, case):
    words, sentence = BAD[case]
    runs = {"RUN": str(trained), "WORDS": str(word_run)}
    done = seqterm("score", trained, said, *[runs.get(word, word) for word in words], cwd=tmp_path)
    assert done.returncode == USAGE
    assert sentence in stderr_lines(done)[-1]
    assert not (tmp_path / "x.svg").exists()


def test_a_file_that_cannot_be_written_is_named(seqterm, trained, said, tmp_path):
    done = seqterm("score", trained, said, "--heat", "--svg", tmp_path / "no" / "x.svg")
    assert done.returncode == 1
    assert stderr_lines(done) == [f"seqterm: Cannot write {tmp_path / 'no' / 'x.svg'}: No such file or directory."]


# runs compare


def test_runs_compared_are_the_same_on_a_terminal_but_for_colour(terminal, seqterm, tiny_run, trained):
    check_same_but_for_colour(terminal, seqterm, "runs", "compare", tiny_run, trained)


def test_runs_compared_are_exported(seqterm, tiny_run, trained, tmp_path):
    shown = ["held-out loss, nats a token, by step", "hidden"]
    check_exports(seqterm, tmp_path, shown, "runs", "compare", tiny_run, trained)


# neurons


def test_a_unit_is_the_same_on_a_terminal_but_for_colour(terminal, seqterm, trained, said):
    check_same_but_for_colour(terminal, seqterm, "neurons", trained, said, "--unit", "3", "--gates")


def test_a_unit_is_exported(seqterm, trained, said, tmp_path):
    check_exports(
        seqterm, tmp_path, ["h of unit 3 in layer 0", "the red hen has 3 eggs."], "neurons", trained, said, "--unit", "3"
    )


def test_units_that_track_are_a_table(seqterm, trained, said):
    heading, *rows = seqterm("neurons", trained, said, "--find", "hen", "--top", "2").stdout.decode().splitlines()
    assert heading.split() == ["correlation", "layer", "unit", "of"]
    assert [row.split()[1::2] for row in rows] == [["0", "h"]] * 2


# sample --time-machine


def test_the_time_machine_is_the_same_on_a_terminal_but_for_colour(terminal, seqterm, corpus, tmp_path):
    path = tmp_path / "kept"
    assert seqterm("train", "gru", corpus, *SMALL, "--epochs", "3", "--keep-checkpoints", "2", "-o", path, "-q").returncode == 0
    words = ["sample", path, "--time-machine", "--length", "20", "--seed", "1"]
    check_same_but_for_colour(terminal, seqterm, *words)
    assert on_page(seqterm, *words).count(b"step ") >= 3
    check_exports(seqterm, tmp_path, ["step "], *words)


def test_a_plain_sample_is_no_picture(seqterm, trained, tmp_path):
    done = seqterm("sample", trained, "--svg", tmp_path / "x.svg")
    assert done.returncode == USAGE
    assert "--svg and --html go with --time-machine" in stderr_lines(done)[-1]


# duel


def test_a_duel_is_drawn_row_by_row(terminal, seqterm, tiny_run, trained):
    words = ["duel", tiny_run, trained, "--length", "4000", "--seed", "1"]
    page = on_page(seqterm, *words)
    screen, code = rest_of_screen(terminal(*words))
    assert (without_what_was_drawn_over(screen), code) == (page, 0)
    assert OVER.search(screen)
    assert without_what_was_drawn_over(rest_of_screen(terminal(*words, env={"TERM": "dumb"}))[0]) == page


# vectors map, hmm show, forecast


def test_other_views_are_exported_too(seqterm, corpus, tmp_path):
    assert seqterm("train", "hmm", corpus, "--states", "2", "--epochs", "2", "-o", tmp_path / "hens", "-q").returncode == 0
    check_exports(seqterm, tmp_path, ["from row to column"], "hmm", "show", tmp_path / "hens")
    (tmp_path / "v.txt").write_text("3 2\nhen 1 0\negg 0 1\ncat 1 1\n")
    check_exports(seqterm, tmp_path, ["hen", "egg"], "vectors", "map", tmp_path / "v.txt", "hen", "egg", "cat")
    data = wave(tmp_path / "wave.csv")
    assert seqterm("train", "ar", data, "--lags", "3", "-o", tmp_path / "wave", "-q").returncode == 0
    check_exports(seqterm, tmp_path, ["sold", "forecast"], "forecast", tmp_path / "wave")
