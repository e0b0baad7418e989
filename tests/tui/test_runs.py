"""The screen of all runs."""

import shutil

import pytest

from seqterm.tui.widgets import Picture, Table
from tests.tui.driving import SIZES, drive


def names(driver):
    return [key.value for key in driver.screen.query_one(Table).rows]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_all_runs_are_there_at_every_size(runs, size):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        assert sorted(names(driver)) == ["gram", "hen", "hidden", "sold", "vectors", "words"]
        await driver.until(lambda: sum(f" {name} " in driver.text for name in names(driver)) >= 5)
        await driver.until(lambda: "complete" in driver.text or size[0] < 80)

    drive(steps, size)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_newcomer_is_told_what_to_press(home, size):
    async def steps(driver):
        await driver.shows("There is no run yet", "Press t")

    drive(steps, size)


def test_the_curve_of_the_run_under_the_cursor_is_drawn_and_of_chosen_ones_over_each_other(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        driver.screen.query_one(Table).move_cursor(row=names(driver).index("hen"))
        await driver.shows("28 of 28", "nats a token: training")
        await driver.press("space")
        driver.screen.query_one(Table).move_cursor(row=names(driver).index("words"))
        await driver.press("space")
        await driver.shows("held-out loss, nats a token, by step", "●")
        await driver.press("k", "space")
        await driver.shows("28 of 28")

    drive(steps, (120, 50))


def test_runs_are_filtered_by_name_and_model(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        await driver.press("slash")
        await driver.type("elman")
        await driver.until(lambda: sorted(names(driver)) == ["hen", "words"])
        await driver.press("enter", "escape")
        await driver.until(lambda: len(names(driver)) == 6)

    drive(steps)


def test_a_run_is_deleted_after_a_question(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        driver.screen.query_one(Table).move_cursor(row=names(driver).index("gram"))
        await driver.press("d")
        await driver.shows("Delete gram with all files?")
        await driver.press("n")
        await driver.until(lambda: "Delete gram" not in driver.text)
        assert (runs / "gram").exists()
        await driver.press("d")
        await driver.shows("Delete gram with all files?")
        await driver.press("y")
        await driver.until(lambda: "gram" not in names(driver) and not (runs / "gram").exists())

    drive(steps)


def test_a_run_that_is_removed_or_broken_elsewhere_is_no_matter(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        shutil.rmtree(runs / "hen")
        (runs / "words" / "config.json").write_text("{")
        await driver.until(lambda: sorted(names(driver)) == ["gram", "hidden", "sold", "vectors"], seconds=60)

    drive(steps)


def test_stopping_a_complete_run_says_that_there_is_nothing_to_stop(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        driver.screen.query_one(Table).move_cursor(row=names(driver).index("hen"))
        await driver.act("Stop")
        await driver.until(lambda: any("nothing to stop" in toast for toast in driver.toasts()))

    drive(steps)


def test_a_complete_run_is_not_resumed(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        driver.screen.query_one(Table).move_cursor(row=names(driver).index("hen"))
        await driver.press("r")
        await driver.until(lambda: any("hen is complete" in toast for toast in driver.toasts()))
        assert driver.screen.NAME == "runs"

    drive(steps)


def test_small_windows_do_no_harm(runs):
    async def steps(driver):
        await driver.until(lambda: len(names(driver)) == 6)
        for size in ((20, 5), (200, 60), (1, 1), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.pilot.pause()
        await driver.shows("complete")
        assert driver.screen.query_one(Picture)

    drive(steps)
