"""The list to choose a run from, over the screen of runs."""

import pytest

from seqterm.tui.run_chooser import LANGUAGE, choose_run, models_of
from seqterm.tui.widgets import Table
from tests.tui.driving import SIZES, drive


def names(driver):
    return [key.value for key in driver.screen.query_one(Table).rows]


async def opened(driver, models=LANGUAGE):
    """-> a list that the chosen run comes into"""
    chosen = []
    choose_run(driver.screen, "A run that speaks", models, chosen.append)
    await driver.shows("A run that speaks")
    return chosen


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_runs_that_fit_are_shown_and_enter_takes_one(runs, size):
    async def steps(driver):
        chosen = await opened(driver)
        assert sorted(names(driver)) == ["gram", "hen", "hidden", "words"]
        await driver.type("hen")
        assert names(driver) == ["hen"]
        await driver.press("enter")
        assert chosen == ["hen"]

    drive(steps, size)


def test_arrows_go_through_the_list(runs):
    async def steps(driver):
        chosen = await opened(driver)
        second = names(driver)[1]
        await driver.press("down", "down", "up", "enter")
        assert chosen == [second]

    drive(steps)


def test_a_run_is_taken_by_mouse(runs):
    async def steps(driver):
        chosen = await opened(driver)
        first = names(driver)[0]
        await driver.pilot.click(Table, offset=(3, 1))
        await driver.pilot.click(Table, offset=(3, 1))
        await driver.until(lambda: chosen == [first])

    drive(steps)


def test_escape_takes_none(runs):
    async def steps(driver):
        chosen = await opened(driver)
        await driver.press("escape")
        assert chosen == []
        assert not driver.screen.is_modal

    drive(steps)


@pytest.mark.parametrize("models", [frozenset(), models_of("vectors")])
def test_where_nothing_fits_it_says_what_to_do(home, models):
    async def steps(driver):
        chosen = await opened(driver, models)
        await driver.shows("No run fits here", "t trains one")
        await driver.press("enter", "escape")
        assert chosen == []
        assert not driver.screen.is_modal

    drive(steps)
