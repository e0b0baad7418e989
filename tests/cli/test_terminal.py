"""The program on a pseudo-terminal: the live view, colour, the cursor, Ctrl-C at the keyboard."""

import re
import shutil
import time

import pytest

from seqterm.store.run_folder import RunFolder
from tests.cli.program import ENDLESS, PROGRAM, SMALL, rest_of_screen, spawn
from tests.cli.test_stopping import SLOW
from tests.conftest import TEXT

HIDE_CURSOR, SHOW_CURSOR, CURSOR_UP = b"\x1b[?25l", b"\x1b[?25h", b"\x1b[1A"
# Select Graphic Rendition with a foreground or background colour (ECMA-48 8.3.117; 38, 48 and 90-107: ISO 8613-6, aixterm).
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")
BRAILLE = re.compile("[\u2801-\u28ff]")


def cursor_is_shown(screen):
    return HIDE_CURSOR in screen and screen.rindex(SHOW_CURSOR) > screen.rindex(HIDE_CURSOR)


@pytest.fixture
def train(terminal, corpus):
    """Start a training on a terminal."""
    return lambda *words, **details: terminal("train", "lstm", corpus, *words, **details)


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    """All that a training of four epochs writes to a terminal."""
    folder = tmp_path_factory.mktemp("screen")
    (folder / "corpus.txt").write_text(TEXT)
    words = [*PROGRAM, "train", "lstm", "corpus.txt", *SMALL, "--epochs", "4", "-o", "runs/seen"]
    output, code = rest_of_screen(spawn(words, cwd=folder))
    assert code == 0
    return output


@pytest.mark.parametrize(
    "shown", ["runs/seen", "loss", "held out", "gradient", "tokens/s", "left", "epoch", "4 of 4", "sample at step 56"]
)
def test_the_live_view_shows(screen, shown):
    assert shown in screen.decode()


def test_the_live_view_has_a_curve_in_braille(screen):
    assert len(BRAILLE.findall(screen.decode())) > 20


def test_the_live_view_is_drawn_over_itself(screen):
    assert CURSOR_UP in screen


def test_the_cursor_is_there_again_at_the_end(screen):
    assert cursor_is_shown(screen)


def test_the_live_view_has_colour(screen):
    assert COLOUR.search(screen)


def test_the_last_line_is_the_name_of_the_run(screen):
    assert screen.endswith(b"runs/seen\n")


def test_no_color_takes_the_colour_away(train):
    screen, code = rest_of_screen(train(*SMALL, "--epochs", "2", env={"NO_COLOR": "1"}))
    assert code == 0
    assert BRAILLE.search(screen.decode())
    assert not COLOUR.search(screen)


def test_quiet_shows_the_name_alone_on_a_terminal(train):
    screen, code = rest_of_screen(train(*SMALL, "--epochs", "1", "--quiet", "-o", "hushed"))
    assert (screen, code) == (b"hushed\n", 0)


def test_jsonl_is_the_same_on_a_terminal(train):
    screen, code = rest_of_screen(train(*SMALL, "--epochs", "1", "--jsonl", "-o", "events"))
    assert code == 0
    assert all(line.startswith(b'{"event":') for line in screen.splitlines())


def test_ctrl_c_saves_and_gives_the_cursor_back(train, home):
    child = train(*ENDLESS, "-o", "cut")
    child.expect("sample at step")
    child.sendintr()
    screen, code = rest_of_screen(child)
    assert code == 130
    assert cursor_is_shown(HIDE_CURSOR + screen)
    assert b"(interrupted). Go on with: seqterm train --resume cut\n" in screen
    assert RunFolder(home / "runs" / "cut").read_state()["counters"]["step"] > 0


def test_a_second_ctrl_c_gives_the_cursor_back(train, corpus):
    corpus.write_text(corpus.read_text() * 20)
    child = train(*SLOW, "-o", "slow")
    child.expect("compiling kernels")  # what the view shows until the first step is done
    for _ in range(2):
        time.sleep(1.0)
        child.sendintr()
    child.timeout = 15  # the step takes far longer
    screen, code = rest_of_screen(child)
    assert code == 130
    assert cursor_is_shown(HIDE_CURSOR + screen)


def test_notes_are_not_lost_behind_the_live_view(train, corpus, trained, home):
    shutil.copytree(trained, home / "runs" / "base")
    corpus.write_text(corpus.read_text() + "ÄÖÜ" * 5)
    screen, code = rest_of_screen(train("--from", "base", *SMALL[4:], "--epochs", "1", "-o", "more"))
    assert code == 0
    assert b"15 tokens that base has never seen are left out." in screen


def test_progress_stays_off_a_standard_output_that_is_a_file(terminal, corpus, tmp_path):
    line = '"$@" > names'
    program = ["/bin/sh", "-c", f"cd {tmp_path} && {line}", "sh", *PROGRAM]
    screen, code = rest_of_screen(terminal("train", "lstm", corpus, *SMALL, "--epochs", "1", "-o", "named", program=program))
    assert code == 0
    assert BRAILLE.search(screen.decode())
    assert (tmp_path / "names").read_bytes() == b"named\n"


# The same bytes on a terminal and in a pipe


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "RUN", "--seed", "1", "--length", "400", "--prompt", "the "],
        ["sample", "RUN", "--seed", "1", "--length", "40", "-n", "3", "--jsonl"],
        ["info", "RUN"],
        ["paths"],
    ],
    ids=lambda words: words[0],
)
def test_a_terminal_gets_the_bytes_of_a_pipe(terminal, seqterm, trained, words):
    words = [str(trained) if word == "RUN" else word for word in words]
    assert rest_of_screen(terminal(*words)) == (seqterm(*words).stdout, 0)


@pytest.mark.parametrize("words", [["train", "lstm", "-"], ["sample", "RUN", "-"]], ids=lambda words: words[0])
def test_text_is_not_awaited_from_the_keyboard(terminal, trained, words):
    screen, code = rest_of_screen(terminal(*[trained if word == "RUN" else word for word in words]))
    assert code == 3
    assert b"seqterm: Standard input is a terminal: pipe " in screen
