"""The editor of a session: keys come through a pipe; and the program on a pseudo-terminal."""

import fcntl
import re
import shutil
import termios
import threading
import time

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.cells import cell_len

from seqterm.repl.complete import LineCompleter
from seqterm.repl.ghost import ModelSuggest
from seqterm.repl.screen import Screen
from tests.cli.program import PROGRAM, rest_of_screen, spawn

TERMINAL = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
PASTE = "\x1b[200~{}\x1b[201~"


@pytest.fixture
def typed(talk):
    """typed(keys) -> the line that the editor gives."""

    def call(keys, mode="emacs"):
        with create_pipe_input() as pipe:
            data = keys.encode("utf-8", "surrogateescape")
            threading.Thread(target=pipe.send_bytes, args=(data,)).start()  # a pipe holds some 64 kB until they are read
            return Screen(talk, mode, pipe, DummyOutput()).read()

    return call


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("the hen\r", "the hen"),
        ("the\x1b\rhen\r", "the\nhen"),
        ("hen\x01the \r", "the hen"),
        (PASTE.format("a\nb\rc\r\nd") + "\r", "a\nb\nc\nd"),
        ("x" + PASTE.format("y" * 1_000_000) + "z\r", "x" + "y" * 1_000_000 + "z"),
        ("x" + "yz" * 32_000 + "\x01a\x1b\rb\r", "a\nbx" + "yz" * 32_000),
        ("\udce9" * 40 + "é" * 3 + "\r", "\udce9" * 40 + "é" * 3),
        (PASTE.format("caf\udce9") + "\r", "caf\udce9"),
        ("\r", ""),
    ],
    ids=["line", "two lines", "emacs", "paste", "long paste", "burst", "burst of no UTF-8", "no UTF-8", "blank"],
)
def test_keys_make_a_line(typed, keys, line):
    assert typed(keys) == line


def test_vi_keys(typed):
    assert typed("hen\x1b0ithe \r", "vi") == "the hen"


def test_ctrl_d_and_ctrl_c_are_told_apart(typed):
    with pytest.raises(EOFError):
        typed("\x04")
    with pytest.raises(KeyboardInterrupt):
        typed("the\x03")


def test_lines_are_found_again(typed):
    assert typed("the hen\r") == "the hen"
    assert typed("\x12the\r\r") == "the hen"


def test_a_history_that_cannot_be_written_is_said_once(typed, home, capsys):
    (home / "state" / "history").mkdir()
    assert typed("the hen\r") == "the hen"
    assert capsys.readouterr().err.count("Lines are not kept in") == 1


def test_a_history_that_another_session_has_locked_is_shared(typed, home):
    with (home / "state" / "history").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert typed("the hen\r") == "the hen"
        assert typed("\x1b[A\r") == "the hen"


def test_a_damaged_history_is_read_as_far_as_it_goes(typed, home):
    (home / "state" / "history").write_bytes(b"\xff\x00\n+old hen\n")
    assert typed("\x1b[A\r") == "old hen"


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("/tem", "temperature"),
        ("/tra", "train"),
        ("/train ls", "lstm"),
        ("/train lstm --hid", "--hidden"),
        ("/train lstm tal", "tales"),
        ("/train lstm --optimizer ad", "adam"),
        ("/load h", "hen"),
        ("/with h", "hen"),
        ("/strategy top", "top-k"),
        ("/set temp", "temperature"),
        ("/set strategy arg", "argmax"),
        ("/runs sh", "show"),
        ("/score he", "hen"),
        ("/help un", "undo"),
        ("/save /et", "c"),
    ],
)
def test_tab_completes(talk, before, found):
    assert found in [one.text for one in LineCompleter(talk).get_completions(Document(before), CompleteEvent())]


def test_words_of_the_loaded_vocabulary_are_completed(talk):
    talk.load("words")
    for before in ("the whi", "/next the whi", "/add whi"):
        assert [one.text for one in LineCompleter(talk).get_completions(Document(before), CompleteEvent())] == ["white"]


def test_the_model_suggests_how_the_line_goes_on(talk):
    suggest = ModelSuggest(talk)
    drawn = talk.session.load("hen").sample("the h", strategy="argmax", length=16).split("\n")[0]
    assert suggest.get_suggestion(None, Document("the h")).text == drawn
    assert suggest.get_suggestion(None, Document("/the h")) is None
    with talk.using:
        assert suggest.get_suggestion(None, Document("the h")) is None


@pytest.mark.parametrize("columns", [20, 40, 120])
def test_the_bar_has_model_strategy_and_seed_as_they_have_room(talk, columns):
    with create_pipe_input() as pipe:
        output = DummyOutput()
        output.get_size = lambda: type("Size", (), {"columns": columns, "rows": 5})
        bar = Screen(talk, "emacs", pipe, output).bar()
    assert bar.startswith("hen")
    assert len(bar) <= columns
    assert "multinomial" in bar
    assert ("seed 1" in bar) == (columns > 20)


# The program


@pytest.fixture
def child(home, runs):
    """child(...) starts a session on a pseudo-terminal."""
    for name in ("hen", "words", "vectors"):
        shutil.copytree(runs / name, home / "runs" / name)
    children = []

    def start(*words, env=None, columns=120):
        quick = {"PROMPT_TOOLKIT_NO_CPR": "1"}  # nobody here says where the cursor is
        children.append(spawn([*PROGRAM, "repl", *words], {**quick, **(env or {})}, columns=columns))
        children[-1].expect_exact("\x1b[?2004h" if (env or {}).get("TERM") != "dumb" else "> ")
        return children[-1]

    yield start
    for one in children:
        one.close(force=True)


def test_ctrl_c_stops_what_runs_and_keeps_the_session(child):
    session = child("hen")
    session.send("/length 100000000\r")
    session.expect_exact("\x1b[?2004h")
    session.send("the \r")
    session.expect("the ")
    session.expect(r"eggs|hen|\w\w\w")
    time.sleep(0.5)
    session.sendintr()
    session.expect_exact("\x1b[?2004h")
    session.send("/tree\r")
    session.expect(r"\*  1 the ")
    session.send("/quit\r")
    assert rest_of_screen(session)[1] == 0


def answer_to(session, line):
    """What a session on a terminal shows after Enter."""
    threading.Thread(target=session.send, args=(line + b"\r",)).start()  # a terminal holds 4 kB until they are read
    session.expect_exact("\x1b[?2004l")
    session.expect_exact("\x1b[?2004h")
    return session.before.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def test_views_fit_twenty_columns(child):
    session = child("hen", "words", columns=20)
    answer_to(session, b"/length 30")
    for line in (b"/score --heat the hen", b"/duel the hen", b"/watch hen --once", b"/runs compare hen words", b"/next --top 3"):
        shown = TERMINAL.sub("", answer_to(session, line)).split("\n")
        assert len(shown) > 2
        assert max(map(cell_len, shown[:3])) <= 20, (line, shown)


def test_bytes_that_are_no_utf_8_are_pasted(child):
    session = child("hen")
    answer_to(session, b"/length 5")
    assert "The model has never seen" in answer_to(session, b"the \xff\xe9 hen")
    assert "the \udcff\udce9 hen" in answer_to(session, b"/show")
    assert "the \udcff\udce9 hen" in answer_to(session, b"/log show 1")


def test_a_megabyte_is_pasted_at_once(child):
    session = child("hen")
    answer_to(session, b"/length 5")
    assert "tokens           1000000" in answer_to(session, b"/score --summary \x1b[200~" + b"the hen\n" * 125_000 + b"\x1b[201~")
    assert "length             5" in answer_to(session, b"/length")


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=str)
def test_terminals_of_all_kinds(child, env):
    session = child("hen", env=env)
    session.send("/length 5\r")
    session.send("/length\r")
    session.expect(r"length {3,}5")
    while termios.tcgetattr(session.child_fd)[3] & termios.ICANON:  # a terminal drops what of a line is beyond 4 kB until then
        time.sleep(0.01)
    threading.Thread(target=session.send, args=("/score --summary " + "the hen " * 4000 + "\r",)).start()  # without brackets
    session.expect(r"tokens +32000")
    session.send("/quit\r")
    screen, code = rest_of_screen(session)
    assert code == 0
    if "NO_COLOR" in env:
        assert b"\x1b[38;5" not in screen
