"""Whole screens, as they looked when a person found them right.

Figures are of models that are counted or solved, not trained, so that they are the same on every machine; those of the network of
the neurons are left out.
"""

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from seqterm.tui import memory
from tests.tui.driving import SIZES, drive

GOLDEN = Path(__file__).with_name("golden")
PATIENCE = 15.0  # seconds
FIGURE = re.compile(r"[+-]\d\.\d\d")


def log(path):
    """A training that was: its events.jsonl and samples.jsonl."""
    started = json.loads((path / "events.jsonl").read_text().split("\n")[0])
    rows = [started | {"run": "gram", "steps": 100, "epochs": 2}]
    for n in range(1, 101):
        step = {"event": "step", "step": n, "epoch": 1 + n // 51, "loss": 1 + 20 / (n + 9), "gradient_norm": 0.5, "time": n / 10}
        rows.append(step | {"learning_rate": 0.001 * (1 - n / 200), "tokens_per_second": 12345.0, "layer_norms": {"0": 3 / n}})
        if n % 20 == 0:
            losses = {"training_loss": 1.5, "validation_loss": 1.2 + 10 / (n + 9), "best": True, "time": n / 10}
            rows.append({"event": "validation", "step": n, "epoch": 1 + n // 51, **losses})
    ends = {"training_loss": 1.2, "validation_loss": 1.3, "best_validation_loss": 1.3, "seconds": 10.0, "time": 10.0}
    rows.append({"event": "finished", "run": "gram", "step": 100, **ends})
    (path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    samples = [{"event": "training_sample", "step": n, "text": f"the red hen has {n} eggs."} for n in (20, 40, 60, 80, 100)]
    (path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in samples))


@pytest.fixture
def still(runs, tmp_path, monkeypatch):
    """The folder of two runs whose figures are the same everywhere, made at this moment; a text in the current one."""
    for name in ("words", "hidden", "vectors"):
        shutil.rmtree(runs / name)
    (runs / "hen").rename(tmp_path / "hen")
    log(runs / "gram")
    for second, name in enumerate(("sold", "gram")):
        now = time.time() + second
        os.utime(runs / name / "state.json", (now, now))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hens.txt").write_text("the red hen has 7 eggs.\nthe white hen zas 3 eggs.\n")
    memory.remember({"screen": "runs"})
    return runs


async def open_text(driver):
    await driver.press("f")
    await driver.shows("A text to read")
    await driver.type("hens.txt\n")


async def runs_screen(driver, folder):
    await driver.shows("gram", "sold")


async def train(driver, folder):
    await driver.press("alt+2")
    await driver.shows("$ seqterm train lstm tales")


async def live(driver, folder):
    driver.app.open_run("train", "gram")
    await driver.shows("complete in 0:10")


async def playground(driver, folder):
    driver.app.open_run("playground", "gram")
    await driver.shows("How does the text begin")
    await driver.type("the red")
    await driver.press("escape", "n")
    await driver.until(lambda: len(driver.screen.current.story) == 1)
    await driver.press("n")
    await driver.shows("paused · 2 tokens")


async def surprise(driver, folder):
    driver.app.open_run("surprise", "gram")
    await driver.until(lambda: driver.screen.run_name == "gram")
    await open_text(driver)
    await driver.until(lambda: driver.screen._job and driver.screen._job.ended and driver.screen.query_one("#top").row_count)
    await driver.press("n")
    await driver.until(lambda: driver.screen.view.cursor != (0, 0))


async def sequences(driver, folder):
    driver.app.open_run("sequences", "sold")
    await driver.shows("12 rows, 95% interval")


async def neurons(driver, folder):
    shutil.copytree("hen", folder / "hen")
    driver.app.open_run("neurons", "hen")
    await driver.until(lambda: driver.screen.run_name == "hen")
    await open_text(driver)
    await driver.shows("of unit 0", "the red hen")


async def empty(driver, folder):
    for run in ("gram", "sold", "hen"):
        shutil.rmtree(folder / run)
    await driver.press("alt+1")
    await driver.shows("There is no run yet")


SCREENS = {
    "runs": runs_screen, "train": train, "live": live, "playground": playground, "surprise": surprise,
    "sequences": sequences, "neurons": neurons, "empty": empty,
}  # fmt: skip


def looks(driver):
    """All lines, without the figures of a network."""
    return FIGURE.sub("+n.nn", driver.text) + "\n"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_golden_screens(still, size):
    async def steps(driver):
        for name, go in SCREENS.items():
            await go(driver, still)
            golden = (GOLDEN / f"{name}_{size[0]}x{size[1]}.txt").read_text(encoding="utf-8")
            try:
                await driver.until(lambda golden=golden: looks(driver) == golden, PATIENCE)
            except AssertionError:
                assert looks(driver) == golden, name  # shows where

    drive(steps, size)
