"""The screen of surprise."""

import shutil

import pytest
from textual.widgets import TextArea

from seqterm.app.commands import Score
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.events import Painted
from seqterm.tui.heat_view import HeatView
from seqterm.tui.widgets import Table
from tests.tui.driving import SIZES, drive

ODD = "the red hen has 7 eggs.\nthe white hen zas 3 eggs.\n"


@pytest.fixture
def odd(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_text(ODD)
    return path


async def opened(driver, run_name="hen", path=None):
    driver.app.open_run("surprise", run_name)
    if path is not None:
        await driver.until(lambda: driver.screen.query("#view"))
        await driver.press("f")
        await driver.shows("A text to read")
        await driver.type(str(path))
        await driver.press("enter")
        await driver.shows("surprisal in bits")
        await driver.until(lambda: driver.screen._job.ended and driver.screen.query_one("#top", Table).row_count)


def view(driver):
    return driver.screen.query_one("#view", HeatView)


def surprisals(runs, run_name, path):
    """[(bits, letter)] of a text, as the command gives them."""
    events = run(Score(run=str(runs / run_name), source=str(path), heat=True), Session())
    return [pair for event in events if isinstance(event, Painted) for pair in zip(event.values[0], event.pieces, strict=True)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_file_is_coloured_at_every_size(runs, odd, size):
    async def steps(driver):
        await opened(driver, "hen", odd)
        await driver.shows("the red hen has 7 eggs.↵" if size[0] > 40 else "the red hen has 7 eg", "surprisal in bits")
        await driver.shows("odd.txt")
        await driver.shows("'t'", "line 1")

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_most_surprising_places_are_listed_and_gone_to(runs, odd, size):
    most = sorted(surprisals(runs, "hen", odd), key=lambda pair: -pair[0])

    async def steps(driver):
        await opened(driver, "hen", odd)
        await driver.press("t")
        await driver.shows(f"{most[0][0]:.2f}", repr(most[0][1]))
        table = driver.screen.query_one("#top", Table)
        assert table.get_row_at(1)[0] == f"{most[1][0]:.2f}"
        await driver.press("j", "enter")
        assert view(driver).current[2] == [pytest.approx(most[1][0], rel=1e-4)]
        assert view(driver).has_focus
        await driver.press("escape")

    drive(steps, size)


def test_next_and_previous_go_around(runs, odd):
    async def steps(driver):
        await opened(driver, "hen", odd)
        begin = view(driver).cursor
        await driver.press("n")
        first = view(driver).cursor
        assert first != begin
        await driver.press("N")
        await driver.act("Next place")
        assert view(driver).cursor == first

    drive(steps)


def test_what_is_typed_is_read(runs):
    async def steps(driver):
        await opened(driver)
        await driver.shows("Press f for a file")
        await driver.press("i")
        await driver.shows("Type or paste a text")
        await driver.type("the hen\n7")
        await driver.press("ctrl+s")
        await driver.shows("the hen↵", "7↵", "typed text", "10 tokens")
        await driver.press("i")
        assert driver.screen.query_one(TextArea).text == "the hen\n7"
        await driver.press("escape")
        await driver.shows("10 tokens")

    drive(steps)


def test_what_is_pasted_is_read(runs):
    async def steps(driver):
        from textual.events import Paste

        await opened(driver)
        driver.screen.post_message(Paste("the red\r\nhen\r\n"))
        await driver.shows("the red↵", "hen↵")

    drive(steps)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=str)
def test_two_runs_beside_each_other_and_their_difference(runs, odd, size):
    async def steps(driver):
        await opened(driver, "words", odd)
        await driver.press("a")
        await driver.shows("A run to put beside it")
        await driver.type("hen")
        await driver.press("enter")
        await driver.until(lambda: any("read line 1 as different tokens" in toast for toast in driver.toasts()))
        await driver.press("a")
        await driver.until(lambda: driver.screen._job.ended)
        await driver.press("a")
        await driver.shows("A run to put beside it")
        await driver.type("other")
        await driver.press("enter")
        await driver.shows("a = words, b = other", "b - a")
        other = driver.screen.query_one("#other", HeatView)
        if not other.display:
            await driver.press("d")
        await driver.shows("a left, b right")
        await driver.until(lambda: driver.text.count("the red hen has 7 e") == 2)  # folded where it is narrow
        await driver.press("j", "l", "l")
        assert other.cursor == view(driver).cursor != (0, 0)
        await driver.press("d")
        await driver.shows("bits more for b = other than for a =")
        await driver.press("b")
        await driver.shows("\n│ a ", "\n│ b ")
        assert not other.display
        await driver.press("a")
        await driver.shows("surprisal in bits, words")

    shutil.copytree(runs / "words", runs / "other")
    drive(steps, size)


def test_both_scroll_together(runs, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text(ODD * 100)

    async def steps(driver):
        await opened(driver, "words", path)
        await driver.press("a")
        await driver.shows("A run to put beside it")
        await driver.type("other")
        await driver.press("enter")
        await driver.shows("a left, b right")
        await driver.until(lambda: driver.screen._job.ended)
        await driver.press("G")
        other = driver.screen.query_one("#other", HeatView)
        await driver.until(lambda: other.scroll_y == view(driver).scroll_y > 0)
        await driver.press("tab", "g")
        await driver.until(lambda: other.scroll_y == view(driver).scroll_y == 0)

    shutil.copytree(runs / "words", runs / "other")
    drive(steps, (120, 24))


def test_a_run_is_not_put_beside_itself(runs, odd):
    async def steps(driver):
        await opened(driver, "hen", odd)
        await driver.press("a")
        await driver.shows("A run to put beside it")
        await driver.type("hen")
        await driver.press("enter")
        await driver.until(lambda: any("stands there already" in toast for toast in driver.toasts()))

    drive(steps)


@pytest.mark.parametrize("run_name", ["gram", "hidden", "words"])
def test_every_language_model_is_surprised(runs, odd, run_name):
    async def steps(driver):
        await opened(driver, run_name, odd)
        await driver.shows("the red hen", "bits each", run_name)

    drive(steps)


@pytest.mark.parametrize(
    ("run_name", "reason"),
    [("vectors", "not a language model"), ("sold", "not a language model"), ("nobody", "There is no run"), ("broken", "damaged")],
)
def test_what_cannot_be_surprised_says_why(runs, odd, run_name, reason):
    shutil.copytree(runs / "hen", runs / "broken")
    (runs / "broken" / "config.json").write_text("{}")

    async def steps(driver):
        await opened(driver, "hen", odd)
        driver.app.open_run("surprise", run_name)
        await driver.shows("Press f for a file")
        await driver.until(lambda: reason in " ".join(driver.text.replace("│", " ").split()))
        await driver.until(lambda: sum(reason in toast for toast in driver.toasts()) == 1)

    drive(steps, (120, 24))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_newcomer_is_told_what_to_do(home, size):
    async def steps(driver):
        driver.app.action_go("surprise")
        await driver.shows("There is no run yet")
        await driver.press("n", "N", "t", "escape", "b", "d", "j")
        await driver.shows("There is no run yet")

    drive(steps, size)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00 bytes\n\n", "今日は é\n".encode()])
def test_any_file_can_be_opened(runs, tmp_path, data):
    (tmp_path / "any.bin").write_bytes(data)

    async def steps(driver):
        await opened(driver, "gram")
        await driver.press("f")
        await driver.shows("A text to read")
        await driver.type(str(tmp_path / "any.bin"))
        await driver.press("enter")
        await driver.until(lambda: driver.screen._job and driver.screen._job.ended)
        await driver.shows("The text is empty" if not data else "tokens")

    drive(steps)


def test_a_corpus_is_chosen_by_name_or_by_mouse_and_a_file_that_is_not_there_is_not(runs):
    async def steps(driver):
        await opened(driver)
        await driver.press("f")
        await driver.shows("A text to read", "bundled")
        await driver.type("nowhere.txt")
        await driver.shows("There is no such file")
        await driver.press("enter", "escape")
        await driver.press("f")
        await driver.shows("A text to read", "recipes")
        await driver.press("down", "down", "up")
        assert driver.screen.query_one(Table).current.endswith("dialogues.txt")
        await driver.type("vers")
        await driver.pilot.click(Table, offset=(3, 1))
        await driver.pilot.click(Table, offset=(3, 1))
        await driver.shows("hen - verse.txt", "surprisal in bits")
        await driver.press("f")
        await driver.shows("A text to read")
        await driver.type("recip\n")
        await driver.shows("hen - recipes.txt", "surprisal in bits")

    drive(steps)


def test_run_and_file_are_remembered(runs, odd):
    async def first(driver):
        await opened(driver, "words", odd)

    async def second(driver):
        await driver.shows("words - odd.txt", "surprisal in bits")

    drive(first)
    drive(second)


def test_reading_ends_where_memory_would(runs, odd, monkeypatch):
    monkeypatch.setattr("seqterm.tui.surprise.MOST", 10)

    async def steps(driver):
        driver.app.open_run("surprise", "hen")
        await driver.until(lambda: driver.screen.query("#view"))
        from seqterm.tui.text_chooser import Text

        driver.screen.show_text(Text.of_file(str(odd)))
        await driver.until(lambda: any("Reading ended after" in toast for toast in driver.toasts()))

    drive(steps)


def test_a_run_that_is_gone_is_one_message(runs, odd):
    async def steps(driver):
        await opened(driver, "hen", odd)
        shutil.rmtree(runs / "hen")
        await driver.press("i")
        await driver.shows("Type or paste a text")
        await driver.type("hen")
        await driver.press("ctrl+s")
        await driver.shows("There is no run", "Press f for a file")

    drive(steps)


def test_sizes_come_and_go(runs, odd):
    async def steps(driver):
        await opened(driver, "hen", odd)
        for size in ((20, 5), (200, 60), (1, 1), (40, 12), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("n", "less_than_sign", "greater_than_sign")
        await driver.shows("the red hen")

    drive(steps)
