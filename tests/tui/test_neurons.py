"""The screen of neurons."""

import shutil

import pytest

from seqterm.app.commands import Neurons
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.events import Painted, UnitTracks
from seqterm.tui.heat_view import HeatView
from seqterm.tui.widgets import Table
from tests.conftest import TEXT
from tests.tui.driving import SIZES, drive


@pytest.fixture
def hens(tmp_path):
    path = tmp_path / "hens.txt"
    path.write_text(TEXT[:200])
    return path


def view(driver):
    return driver.screen.query_one("#view", HeatView)


async def opened(driver, run_name, path=None):
    driver.app.open_run("neurons", run_name)
    await driver.until(lambda: driver.screen.query("#view"))
    if path is not None:
        await driver.press("f")
        await driver.shows("A text to read")
        await driver.type(str(path))
        await driver.press("enter")
        await driver.shows("of unit 0")


def painted(run_name, path, **wanted):
    """The values of the first row over a text, as the command gives them."""
    events = run(Neurons(run=run_name, source=str(path), **wanted), Session())
    return [value for event in events if isinstance(event, Painted) for value in event.values[0]]


def shown(driver):
    return [value for part in view(driver).parts for value in part.values[0]]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_text_is_coloured_by_a_unit(lstm, hens, size):
    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.shows("the red hen has 0 eggs.↵" if size[0] > 40 else "the red hen has 0", "h of unit 0")
        assert shown(driver) == pytest.approx(painted(lstm, hens, unit=0), rel=0, abs=1e-5)

    drive(steps, size)


def test_keys_change_unit_layer_and_gate(lstm, hens):
    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.shows("h of unit 0 in layer 1")
        for key, title in (
            ("u", "h of unit 1 in layer 1"),
            ("U", "h of unit 0 in layer 1"),
            ("U", "h of unit 11 in layer 1"),
            ("y", "h of unit 11 in layer 0"),
            ("Y", "h of unit 11 in layer 1"),
            ("t", "c of unit 11 in layer 1"),
            ("t", "i of unit 11 in layer 1"),
            ("T", "c of unit 11 in layer 1"),
        ):
            await driver.press(key)
            await driver.shows(title)
        assert shown(driver) == pytest.approx(painted(lstm, hens, unit=11, layer=1, gate="c"), rel=0, abs=1e-5)

    drive(steps, (120, 24))


def test_the_cursor_has_all_figures_and_stays_when_the_unit_changes(lstm, hens):
    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.press("j", "l", "l")
        await driver.shows("'e'", "line 2", *(f"{name} " for name in "hcifog"))
        await driver.press("u")
        await driver.shows("of unit 1 ", "line 2")
        assert view(driver).cursor == (1, 2)

    drive(steps, (120, 24))


def test_a_long_text_is_paged_through(lstm, tmp_path, monkeypatch):
    monkeypatch.setattr("seqterm.tui.neurons.SEEN", 50)
    path = tmp_path / "long.txt"
    path.write_text(TEXT[:120])

    async def steps(driver):
        await opened(driver, lstm, path)
        await driver.shows("tokens 1 to 50")
        await driver.press("n", "N", "N")
        await driver.until(lambda: any("The text begins here" in toast for toast in driver.toasts()))
        await driver.press("n")
        await driver.shows("tokens 51 to 100", "line 3")
        assert shown(driver) == pytest.approx(painted(lstm, path, unit=0)[50:100], rel=0, abs=1e-5)
        await driver.press("u", "n")
        await driver.shows("tokens 101 to 120", "of unit 1 ")
        await driver.press("n")
        await driver.until(lambda: any("The text ends here" in toast for toast in driver.toasts()))

    drive(steps, (120, 24))


def test_the_text_is_read_once_for_all_units(lstm, hens):
    async def steps(driver):
        await opened(driver, lstm, hens)
        model = driver.app.session.loaded(lstm).model
        lengths, trace_on = [], model.trace_on
        model.trace_on = lambda state, ids: lengths.append(len(ids)) or trace_on(state, ids)
        await driver.press("u", "y", "t")
        await driver.shows("c of unit 1 in layer 0")
        assert max(lengths) == 1  # names are asked for with one token

    drive(steps, (120, 24))


def test_gates_are_a_heat_map_under_the_letters(lstm, hens):
    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.press("m")
        await driver.shows(*(f"│ {name} " for name in "hcifog"))
        await driver.act("Map")
        await driver.until(lambda: "│ f " not in driver.text)

    drive(steps)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_units_that_track_a_pattern_are_found_and_shown(lstm, hens, size):
    events = run(Neurons(run=lstm, source=str(hens), find="line-position", top=100), Session())
    best = next(event for event in events if isinstance(event, UnitTracks))

    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.press("slash")
        await driver.type("line-position")
        await driver.press("enter")
        table = driver.screen.query_one("#found", Table)
        await driver.until(lambda: table.row_count == 24)
        assert list(table.get_row_at(0)) == [f"{best.correlation:+.3f}", str(best.layer), str(best.unit), "h"]
        await driver.press("enter")
        await driver.shows(f"h of unit {best.unit} in layer {best.layer}")
        assert view(driver).has_focus

    drive(steps, size)


@pytest.mark.parametrize(("pattern", "reason"), [("(", "no regular expression"), ("zebra", "the same all over the text")])
def test_a_pattern_that_finds_nothing_says_why(lstm, hens, pattern, reason):
    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.press("slash")
        await driver.type(pattern)
        await driver.press("enter")
        await driver.shows("Try another pattern")
        await driver.until(lambda: any(reason in toast for toast in driver.toasts()))
        await driver.press("escape", "u")
        await driver.shows("of unit 1 ")

    drive(steps, (120, 24))


def test_a_search_without_a_text_says_what_is_missing(lstm):
    async def steps(driver):
        await opened(driver, lstm)
        await driver.press("slash", "q", "enter")
        await driver.shows("There is no text yet")

    drive(steps)


@pytest.mark.parametrize("run_name", ["hen", "words"])
def test_the_model_writes_while_its_units_are_shown(runs, run_name):
    async def steps(driver):
        await opened(driver, run_name)
        await driver.shows("Press w: the model writes")
        await driver.press("w", "plus", "plus", "plus", "minus")
        await driver.shows("of unit 0", "what it writes")
        await driver.until(lambda: len(view(driver).parts) > 2)
        await driver.press("w")
        await driver.until(lambda: not driver.screen._painting)
        before = len(driver.screen.text.typed)
        await driver.press("u")
        await driver.shows("of unit 1 ")
        assert len(driver.screen.text.typed) == before
        await driver.press("w")
        await driver.until(lambda: len(driver.screen.text.typed) > before)
        assert view(driver).cursor.part == len(view(driver).parts) - 1  # the end is in sight

    drive(steps)


def test_the_model_goes_on_from_what_was_typed(runs):
    async def steps(driver):
        await opened(driver, "hen")
        await driver.press("i")
        await driver.shows("Type or paste a text")
        await driver.type("the red")
        await driver.press("ctrl+s")
        await driver.shows("the red", "of unit 0")
        await driver.press("w")
        await driver.until(lambda: len(driver.screen.text.typed) > 20)
        assert driver.screen.text.typed.startswith("the red")
        await driver.press("o")
        await driver.shows("A run to read with")
        await driver.type("words")
        await driver.press("enter")
        await driver.shows("words - what it writes")
        assert not driver.screen._writing.begun

    drive(steps)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_newcomer_is_told_what_to_do(home, size):
    async def steps(driver):
        driver.app.action_go("neurons")
        await driver.shows("There is no run of a")
        await driver.press("w", "u", "U", "y", "t", "m", "plus", "escape", "j")
        await driver.shows("There is no run of a")

    drive(steps, size)


@pytest.mark.parametrize(
    ("run_name", "reason"),
    [
        ("gram", "no recurrent units"),
        ("vectors", "not a language model"),
        ("sold", "not a language model"),
        ("hidden", "no recurrent"),
    ],
)
def test_a_run_without_units_says_why(runs, hens, run_name, reason):
    async def steps(driver):
        await opened(driver, "hen", hens)
        driver.app.open_run("neurons", run_name)
        await driver.shows("Press w: the model writes")
        await driver.until(lambda: reason in " ".join(driver.text.replace("│", " ").split()))
        await driver.until(lambda: sum(reason in toast for toast in driver.toasts()) == 1)
        driver.app.open_run("neurons", "hen")
        await driver.shows("of unit 0", "the red hen")

    drive(steps, (120, 24))


def test_a_run_that_is_trained_anew_with_fewer_units(lstm, hens, runs):
    async def steps(driver):
        await opened(driver, lstm, hens)
        await driver.press("U", "y")
        await driver.shows("of unit 11 in layer 0")
        shutil.rmtree(runs / lstm)
        await driver.press("u", "U")
        await driver.shows("There is no run", "Press w")
        shutil.copytree(runs / "hen", runs / lstm)
        await driver.press("t")
        await driver.shows("of unit 0 in layer 0")

    drive(steps, (120, 24))


def test_sizes_come_and_go(lstm, hens):
    async def steps(driver):
        await opened(driver, lstm, hens)
        for size in ((20, 5), (200, 60), (1, 1), (40, 12), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("u", "m", "greater_than_sign")
        await driver.shows("of unit 5 ")

    drive(steps)
