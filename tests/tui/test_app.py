"""What the workbench offers on every screen."""

import pytest

from seqterm.app.commands import Watch
from seqterm.tui import memory
from seqterm.tui.places import PLACES
from seqterm.tui.work_screen import WorkScreen
from tests.tui.driving import SIZES, drive


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_place_has_a_number(home, size):
    async def steps(driver):
        for number, place in enumerate(PLACES, 1):
            await driver.press(f"alt+{number}")
            await driver.until(lambda place=place: getattr(driver.screen, "NAME", None) == place.name)
            assert f"{number} {place.title}" in driver.text

    drive(steps, size)


def test_the_palette_finds_places_and_the_actions_of_the_screen(home):
    async def steps(driver):
        await driver.act("Filter")
        await driver.shows("name, model or corpus")

    drive(steps)


def test_a_click_on_the_bar_goes_to_a_place(home):
    async def steps(driver):
        column = 1
        for place in PLACES:
            await driver.pilot.click("#bar", offset=(column, 0))
            await driver.until(lambda place=place: place.name == driver.screen.NAME)
            column += len(place.title) + 4

    drive(steps, (200, 60))


def test_help_comes_and_goes(home):
    async def steps(driver):
        await driver.press("f1")
        await driver.shows("Every trained model is a")
        await driver.press("f1")
        await driver.until(lambda: "Every trained model is a" not in driver.text)

    drive(steps, (120, 40))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_key_of_the_help_is_there_at_every_size_and_can_be_clicked(home, size):
    async def steps(driver):
        for place in PLACES:
            driver.app.action_go(place.name)
            await driver.until(lambda place=place: place.name == driver.screen.NAME)
            await driver.until(lambda: driver.text.rstrip().endswith("f1 Help"))
        await driver.pilot.click("Keys > Static", offset=(5, 0))
        await driver.until(lambda: driver.screen.query("HelpPanel"))

    drive(steps, size)


def test_screen_theme_and_sides_are_remembered(home):
    async def steps(driver):
        await driver.press("f9")
        assert driver.app.theme == "textual-light"

    drive(steps)
    assert memory.recall()["theme"] == "textual-light"

    async def again(driver):
        assert driver.app.theme == "textual-light"
        for theme in ("ansi-dark", "ansi-light", "textual-dark"):
            await driver.press("f9")
            assert driver.app.theme == theme

    drive(again)


def test_a_memory_of_what_is_no_more_does_no_harm(home):
    memory.remember({"screen": "gone", "theme": "gone", "sides": {"gone": 3}})

    async def steps(driver):
        await driver.shows("There is no run yet")

    drive(steps)


def test_errors_are_a_message_and_a_line_in_the_log(home):
    async def steps(driver):
        driver.screen.do(Watch(run="nowhere[b]"), lambda events: None)
        await driver.until(lambda: driver.toasts())
        assert "There is no run at" in driver.toasts()[0]

    drive(steps)
    assert "DataError: There is no run at" in memory.log_path().read_text()


def test_an_error_of_no_known_kind_names_the_log(home):
    async def steps(driver):
        driver.app.report(RuntimeError("odd"))
        await driver.until(lambda: driver.toasts())
        assert driver.toasts() == [f"RuntimeError: odd. {memory.log_path()} says where."]

    drive(steps)


def test_what_cannot_be_remembered_does_not_keep_anybody(home):
    memory.memory_path().mkdir(parents=True)

    async def steps(driver):
        driver.app.report(RuntimeError("odd"))
        await driver.press("f10")

    drive(steps)


def test_a_screen_that_is_left_stops_what_ran_for_it(tiny_run):
    jobs = []

    async def steps(driver):
        screen = driver.screen
        assert isinstance(screen, WorkScreen)
        jobs.append(screen.do(Watch(run=str(tiny_run), once=True), lambda events: None))

    drive(steps)
    assert jobs[0].join(30)
