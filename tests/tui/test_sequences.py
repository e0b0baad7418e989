"""The screen of hidden Markov models and forecasts."""

import shutil

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.tui import memory
from seqterm.tui.line import Line
from seqterm.tui.sequences import LEVELS
from seqterm.tui.widgets import Picture
from tests.conftest import wave
from tests.tui.driving import SIZES, drive


@pytest.fixture(scope="session")
def regimes(tmp_path_factory):
    """A hidden Markov model of numbers, beside its series.csv; not to be changed."""
    folder = tmp_path_factory.mktemp("regimes")
    values = {"corpus": (wave(folder / "series.csv"),), "emission": "gaussian", "column": ("sold",), "states": 2, "epochs": 5}
    list(run(build(COMMANDS["train", "hmm"], {**values, "out": str(folder / "regimes")}), Session()))
    return folder


@pytest.fixture
def at(runs, regimes):
    """at(run) makes the workbench begin with a run on this screen."""
    shutil.copytree(regimes / "regimes", runs / "regimes")

    def begin(name):
        memory.remember({"screen": "sequences", "sequences": name})

    return begin


def subtitle(driver):
    return str(driver.screen.query_one("#shown").border_subtitle)


async def enter(driver, text):
    await driver.press("slash")
    await driver.until(lambda: isinstance(driver.screen.focused, Line))
    driver.screen.focused.value = ""
    await driver.type(text + "\n")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_newcomer_is_told_how_such_runs_are_made(home, size):
    memory.remember({"screen": "sequences"})

    async def steps(driver):
        await driver.shows("There is no hidden Markov model", "train hmm")

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_text_is_drawn_with_its_states(at, size):
    at("hidden")

    async def steps(driver):
        await driver.shows("t h e   k i n g")  # an example, until somebody types
        await enter(driver, "red hens")
        await driver.shows(" r e d   h e n s", "most probable path" if size[0] > 40 else "path", "0 ", "1 ", "2 ")
        await driver.press("p")
        await driver.until(lambda: subtitle(driver) == "each by itself")
        await driver.press("slash", "up")
        assert driver.screen.query_one("#text").value == "red hens"
        await driver.press("escape", "p")
        await driver.until(lambda: subtitle(driver) == "most probable path")

    drive(steps, size)


def test_a_file_or_several_lines_are_decoded(at, tmp_path, monkeypatch):
    at("hidden")
    path = tmp_path / "hens.txt"
    path.write_text("red hens\nbrown hen\n" + "the hen\n" * 9)
    monkeypatch.setattr("seqterm.tui.sequences.MOST", 5)

    async def steps(driver):
        await driver.shows("t h e")
        await driver.press("f")
        await driver.shows("A text to read")
        await driver.type(f"{path}\n")
        await driver.shows("r e d   h e n s", "b r o w n   h e n", "hens.txt, most probable path")
        await driver.until(lambda: any("The first 5 lines are drawn" in toast for toast in driver.toasts()))
        await driver.press("i")
        await driver.shows("Type or paste a text")
        await driver.type("a hen\nan egg")
        await driver.press("ctrl+s")
        await driver.shows("a   h e n", "a n   e g g", "typed text")
        await enter(driver, "red")
        await driver.shows(" r e d")
        await driver.until(lambda: subtitle(driver) == "most probable path")

    drive(steps, (80, 40))


def test_what_the_model_has_never_seen_is_told(at):
    at("hidden")

    async def steps(driver):
        await driver.shows("t h e")
        await enter(driver, "hЖn[b]")
        await driver.shows("h Ж n [ b ]")
        await driver.until(lambda: any("never seen" in toast for toast in driver.toasts()))

    drive(steps)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_model_stands_beside_or_alone(at, size):
    at("hidden")

    async def steps(driver):
        await driver.shows("t h e")
        await driver.until(lambda: ("from row to column" in driver.text) == (size[0] == 200))
        await driver.press("s")
        await driver.until(lambda: ("from row to column" in driver.text) == (size[0] < 200))
        await driver.press("s")
        await driver.shows("t h e")

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_series_is_coloured_by_its_states(at, regimes, tmp_path, size):
    at("regimes")

    async def steps(driver):
        await driver.shows("sold", "0 ", "1 ")
        await driver.until(lambda: "█" in driver.text)
        await enter(driver, str(tmp_path / "absent.csv"))
        await driver.shows("Cannot read")
        await enter(driver, str(regimes / "series.csv"))
        await driver.shows("sold")
        await driver.press("p")
        await driver.until(lambda: subtitle(driver) == "each by itself")

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_forecast_changes_with_the_keys(at, size):
    at("sold")

    async def steps(driver):
        await driver.until(lambda: subtitle(driver) == "12 rows, 95% interval")
        await driver.shows("forecast")
        await driver.press("plus")
        await driver.until(lambda: subtitle(driver) == "15 rows, 95% interval")
        await driver.press("minus", "minus")
        await driver.until(lambda: subtitle(driver) == "9 rows, 95% interval")
        await driver.press("right_square_bracket", "right_square_bracket")
        await driver.until(lambda: subtitle(driver) == "9 rows, 99% interval")
        await driver.press(*["left_square_bracket"] * len(LEVELS))
        await driver.until(lambda: subtitle(driver) == "9 rows, 50% interval")
        await driver.press("c")
        await driver.until(lambda: "one step ahead" in driver.text)
        await driver.until(lambda: ("naive" in driver.text) == (size[0] > 40))
        assert subtitle(driver).startswith("9 rows") or subtitle(driver).startswith("10 rows")
        await driver.press("c")
        await driver.until(lambda: subtitle(driver) == "12 rows, 50% interval")

    drive(steps, size)


def test_the_regression_has_its_table_and_another_file_is_gone_on_from(at, tmp_path):
    at("sold")
    path = wave(tmp_path / "other.csv", rows=40)

    async def steps(driver):
        await driver.until(lambda: subtitle(driver).startswith("12 rows"))
        await driver.act("Model")
        await driver.shows("coefficient", "observations")
        await driver.act("Model")
        await enter(driver, path)
        await driver.shows("2004-04")  # twelve months after the file's last

    drive(steps)


def test_keys_that_say_nothing_to_a_run_are_not_there(at):
    at("hidden")

    async def steps(driver):
        await driver.shows("t h e")
        await driver.press("plus", "c", "right_square_bracket")
        await driver.until(lambda: "Compare" not in driver.text)
        driver.app.open_run("sequences", "sold")
        await driver.until(lambda: subtitle(driver).endswith("interval"))
        await driver.shows("More rows")
        await driver.press("p")
        await driver.until(lambda: "Path" not in driver.text)

    drive(steps, (120, 30))


def test_a_run_is_chosen_and_others_are_refused_in_a_sentence(at, runs):
    at("hidden")

    async def steps(driver):
        await driver.shows("t h e")
        await driver.press("o")
        await driver.shows("A hidden Markov model, or a forecaster")
        await driver.type("regimes\n")
        await driver.shows("sold")
        driver.app.open_run("sequences", "hen")
        await driver.shows("hen is a run of elman")
        driver.app.open_run("sequences", "absent")
        await driver.shows("absent")
        (runs / "sold" / "config.json").write_text("{")
        driver.app.open_run("sequences", "sold")
        await driver.shows("config.json")
        shutil.rmtree(runs / "hidden")
        driver.app.open_run("sequences", "regimes")
        await driver.until(lambda: subtitle(driver) == "most probable path")
        assert all("never seen" in toast for toast in driver.toasts())

    drive(steps, (120, 30))


def test_small_windows_do_no_harm(at):
    at("hidden")

    async def steps(driver):
        await driver.shows("t h e")
        for size in ((20, 5), (200, 60), (1, 1), (40, 12), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("s", "s", "less_than_sign", "greater_than_sign")
        await driver.shows("t h e   k i n g")
        assert driver.screen.query_one("#trellis", Picture).draw

    drive(steps)
