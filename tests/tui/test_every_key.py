"""Every key of every screen, and every action of the palette, has an effect that a person sees."""

import importlib
import inspect
import pkgutil
import shutil
from typing import NamedTuple

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Input

import seqterm.tui
from seqterm.tui import memory
from seqterm.tui.distribution import Distribution
from seqterm.tui.field import Choice, Line
from seqterm.tui.field_group import Menu
from seqterm.tui.form import Form
from seqterm.tui.knobs import Knobs
from seqterm.tui.live import Samples
from seqterm.tui.places import PLACES
from seqterm.tui.time_machine import Slider
from seqterm.tui.widgets import Table
from tests.conftest import TEXT
from tests.tui.driving import drive

PATIENCE = 15.0  # seconds


class Key(NamedTuple):
    """A key of a class, and words that it brings to the screen; "" for another picture of what there was."""

    owner: str
    key: str
    shows: str = ""


def all_bindings():
    """{(class, key): what it does} of all classes of the workbench."""
    found = {}
    for module in pkgutil.iter_modules(seqterm.tui.__path__, "seqterm.tui."):
        for name, one in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(one) and issubclass(one, DOMNode) and one.__module__ == module.name:
                for binding in Binding.make_bindings(vars(one).get("BINDINGS", [])):
                    found[name, binding.key] = binding.description
    return found


def focus(what):
    """A step that puts the focus on a widget."""

    async def step(driver):
        widget = driver.screen.query(what).first()
        widget.focus()
        await driver.until(lambda: widget.has_focus)

    return step


def shows(*texts):
    async def step(driver):
        await driver.shows(*texts)

    return step


def types(text):
    async def step(driver):
        await driver.type(text)

    return step


def opens(place, run=None):
    async def step(driver):
        if run:
            driver.app.open_run(place, run)
        else:
            driver.app.action_go(place)
        await driver.until(lambda: getattr(driver.screen, "NAME", None) == place)

    return step


def is_back(place):
    """A dialog is gone."""

    async def step(driver):
        await driver.until(lambda: getattr(driver.screen, "NAME", None) == place)

    return step


def field(name):
    async def step(driver):
        one = next(one for one in driver.screen.query("Line, Choice").results(Line | Choice) if one.parameter.name == name)
        one.focus()
        await driver.until(lambda: one.has_focus)

    return step


def on(row):
    """The cursor of a table on a row."""

    async def step(driver):
        table = driver.screen.query(Table).first()
        await driver.until(lambda: row in [key.value for key in table.rows])
        table.focus()
        table.move_cursor(row=[key.value for key in table.rows].index(row))
        await driver.until(lambda: table.current == row)

    return step


async def nothing_has_focus(driver):
    driver.screen.set_focus(None)
    await driver.until(lambda: driver.screen.focused is None)


async def a_wrong_value(driver):
    """So that no training begins."""
    form = driver.screen.query_one(Form)
    form._field("hidden").text = "many"
    await driver.shows("must be a whole number")


async def samples_are_there(driver):
    samples = driver.screen.query_one(Samples)
    await driver.until(lambda: samples.max_scroll_y > 0 and samples.is_vertical_scroll_end and not samples._waiting)
    samples.focus()
    await driver.until(lambda: samples.has_focus)


async def a_long_text(driver):
    knobs = driver.screen.query_one(Knobs)
    knobs.set("speed", None)
    knobs.set("length", 1500)
    await driver.press("r")
    await driver.until(lambda: len(driver.screen.current.story) == 1500 and driver.screen.current.job is None)
    knobs.set("speed", 20)


async def checkpoints_are_there(driver):
    await driver.until(lambda: driver.screen.query(Slider) and len(driver.screen.query_one(Slider).steps) > 2)


async def story_has_focus(driver):
    driver.screen.current.view.focus()
    await driver.until(lambda: driver.screen.current.view.has_focus)


async def two_voices(driver):
    await driver.until(lambda: len(driver.screen.voices) == 2)


async def answers_have_focus(driver):
    await driver.until(lambda: driver.screen.query_one("#first").has_focus_within)


RUNS = [
    on("words"),
    *(Key("Table", key) for key in "Ggjklh"),
    on("hen"),
    Key("Runs", "space", "●"),
    Key("Runs", "space"),
    on("hen"),
    Key("Runs", "s", "nothing to stop"),
    Key("Runs", "r", "hen is complete"),
    Key("Runs", "slash", "name, model or"),
    Key("Runs", "escape"),
    Key("Runs", "d", "Delete hen"),
    Key("Question", "n"),
    Key("Runs", "d", "Delete hen"),
    Key("Question", "escape"),
    on("gram"),
    Key("Runs", "d", "Delete gram"),
    Key("Question", "y"),
    Key("Runs", "t", "$ seqterm train"),
    opens("runs"),
    on("hen"),
    Key("Runs", "p", "How does the"),
    opens("runs"),
    on("hen"),
    Key("Table", "enter", "held out"),
    opens("runs"),
    nothing_has_focus,
    Key("Runs", "enter", "held out"),
]
TRAIN = [
    opens("train"),
    shows("$ seqterm train lstm tales"),
    field("corpus"),
    *(Key("Fields", key) for key in ("down", "up", "pagedown", "pageup")),
    field("precision"),
    Key("Choice", "right", "--precision float64"),
    *(Key("Choice", key) for key in ("left", "l", "h", "space", "backspace", "right", "delete")),
    Key("Train", "ctrl+y", "Copied"),
    Key("Train", "ctrl+o", "A line of a shell"),
    Key("Ask", "escape"),
    focus(Menu),
    Key("Menu", "enter"),
    field("corpus"),
    focus(Menu),
    Key("Menu", "space"),
    field("precision"),
    a_wrong_value,
    Key("Train", "ctrl+s", "--hidden must be a whole number"),
    Key("Choice", "enter", "--hidden must be a whole number"),
    opens("train", "hen"),
    samples_are_there,
    *(Key("Samples", key) for key in "gGkj"),
    Key("Train", "v", "gradients"),
    Key("Train", "s", "nothing to stop"),
    Key("Train", "r", "Epochs in all"),
    Key("Ask", "escape"),
    Key("Train", "f", "--hidden must be a whole number"),
    Key("Train", "escape", "gradients"),
    Key("Train", "p", "How does the"),
]
PLAYGROUND = [
    opens("playground", "hen"),
    shows("How does the text begin"),
    Key("Playground", "escape"),
    Key("Playground", "e"),
    types("the "),
    Key("Playground", "escape"),
    Key("Playground", "n", "1 token "),
    Key("Playground", "n", "2 tokens"),
    Key("Playground", "b", "1 token "),
    Key("StoryView", "right", "2 tokens"),
    Key("StoryView", "left", "1 token "),
    Key("StoryView", "l", "2 tokens"),
    Key("StoryView", "h", "1 token "),
    Key("Playground", "plus", "30/s"),
    Key("Playground", "minus", "20/s"),
    Key("Playground", "t", "Branches"),
    Key("Branches", "escape"),
    Key("Playground", "y", "letters are copied"),
    Key("Playground", "w", "Write the text to"),
    Key("Ask", "escape"),
    Key("Playground", "space", "writing"),
    Key("Playground", "space", "paused"),
    Key("Playground", "r", "writing"),
    Key("Playground", "space", "paused"),
    focus(Distribution),
    *(Key("Distribution", key) for key in ("down", "up", "j", "k", "enter")),
    Key("Playground", "s"),
    *(Key("Knobs", key) for key in ("down", "up", "j", "k", "right", "left", "l", "h", "right", "delete", "right", "backspace")),
    Key("Knobs", "enter", "Nothing switches it off"),
    Key("Ask", "escape"),
    story_has_focus,
    Key("WorkScreen", "greater_than_sign"),
    Key("WorkScreen", "less_than_sign"),
    a_long_text,
    *(Key("StoryView", key) for key in "gGkj"),
    Key("Playground", "c", "checkpoints, seed"),
    checkpoints_are_there,
    *(Key("TimeMachine", key) for key in ("right", "left", "l", "h", "end", "home", "G", "g", "escape")),
    is_back("playground"),
    Key("Playground", "c", "checkpoints, seed"),
    Key("TimeMachine", "c"),
    is_back("playground"),
    Key("Playground", "o", "Which model writes"),
    Key("Chooser", "escape"),
    Key("Playground", "a", "Which model writes beside"),
    *(Key("Chooser", key) for key in ("down", "up")),
    types("gram\n"),
    two_voices,
    story_has_focus,
    Key("Playground", "x"),
]
HEAT = [
    Key("HeatScreen", "f", "A text to read"),
    types("long.txt\n"),
    shows("the red hen has 0"),
    *(Key("HeatView", key) for key in ("down", "up", "j", "k", "right", "left", "l", "h")),
    *(Key("HeatView", key) for key in ("pagedown", "pageup", "ctrl+f", "ctrl+b", "end", "home", "G", "g")),
    Key("HeatScreen", "o", "A run to read with"),
    Key("Chooser", "escape"),
    Key("HeatScreen", "i", "Type or paste a text"),
    Key("TextEditor", "escape"),
]
TYPED = [
    Key("HeatScreen", "i", "Type or paste a text"),
    types("the hen"),
    Key("TextEditor", "ctrl+s", "typed text"),
]
NEURONS = [
    opens("neurons", "cells"),
    shows("Press w"),
    *HEAT,
    Key("Neurons", "u", "h of unit 1 in layer 1"),
    Key("Neurons", "U", "h of unit 0 in layer 1"),
    Key("Neurons", "y", "h of unit 0 in layer 0"),
    Key("Neurons", "Y", "h of unit 0 in layer 1"),
    Key("Neurons", "t", "c of unit 0 in layer 1"),
    Key("Neurons", "T", "h of unit 0 in layer 1"),
    Key("Neurons", "m", "│ f "),
    Key("Neurons", "m"),
    Key("Neurons", "n", "tokens 4,097 to"),
    Key("Neurons", "N", "tokens 1 to 4,096"),
    Key("Neurons", "slash"),
    Key("HeatScreen", "escape"),
    *TYPED,
    Key("Neurons", "plus", "80 letters a second"),
    Key("Neurons", "minus", "40 letters a second"),
    Key("Neurons", "w", "what it writes"),
]
SURPRISE = [
    opens("surprise", "hen"),
    shows("Press f"),
    *HEAT,
    Key("Surprise", "n"),
    Key("Surprise", "N"),
    Key("Surprise", "t"),
    Key("HeatScreen", "escape"),
    Key("Surprise", "b", "│"),
    Key("Surprise", "b"),
    *TYPED,
    Key("Surprise", "a", "A run to put beside it"),
    types("other\n"),
    shows("a = hen, b = other"),
    Key("Surprise", "d", "bits more for b"),
    Key("Surprise", "d", "a left, b right"),
    Key("Surprise", "a"),
]
WORDS = [
    opens("words", "vectors"),
    shows("Type a word"),
    Key("Words", "escape"),
    Key("Words", "slash"),
    types("hen\n"),
    answers_have_focus,
    Key("Words", "space", "●"),
    Key("Words", "c"),
    Key("Words", "d"),
    Key("Words", "m"),
    Key("Words", "m"),
    Key("Words", "v", "near by euclid"),
    Key("Words", "V", "solved by mul"),
    Key("Words", "slash"),
    types("red\n"),
    answers_have_focus,
    Key("Words", "slash"),
    Key("Line", "up", " hen"),
    Key("Line", "down", " red"),
    Key("Words", "escape"),
    Key("Words", "o", "Vectors of words"),
    Key("Chooser", "escape"),
    Key("Words", "f", "A file of vectors"),
    Key("Ask", "escape"),
    Key("Words", "a", "Vectors beside these"),
    types("words\n"),
    shows("─ words"),
    Key("Words", "x"),
]
SEQUENCES = [
    opens("sequences", "hidden"),
    shows("t h e   k i n g"),
    Key("Sequences", "p", "each by itself"),
    Key("Sequences", "s", "from row to column"),
    Key("Sequences", "s"),
    Key("Sequences", "slash"),
    Key("Sequences", "escape"),
    Key("Sequences", "f", "A text to read"),
    Key("Chooser", "escape"),
    Key("Sequences", "i", "Type or paste a text"),
    Key("TextEditor", "escape"),
    Key("Sequences", "o", "A hidden Markov model, or"),
    Key("Chooser", "escape"),
    opens("sequences", "sold"),
    shows("12 rows, 95% interval"),
    Key("Sequences", "plus", "15 rows"),
    Key("Sequences", "minus", "12 rows"),
    Key("Sequences", "right_square_bracket", "99% interval"),
    Key("Sequences", "left_square_bracket", "95% interval"),
    Key("Sequences", "c", "one step"),
]
NUMBERED = [(number, f"{number} {place.title}") for number, place in enumerate(PLACES, 1)]
APP = [
    *(step for number, title in NUMBERED[1:] for step in (opens("runs"), Key("Workbench", str(number), title))),
    opens("surprise"),
    Key("Workbench", "1", NUMBERED[0][1]),
    *(Key("Workbench", f"alt+{number}", title) for number, title in (*NUMBERED[1:], NUMBERED[0])),
    *(Key("Workbench", f"f{number + 1}", title) for number, title in (*NUMBERED[1:], NUMBERED[0])),
    Key("Workbench", "f9"),
    Key("Workbench", "ctrl+p", "Search"),
]
WALKS = {
    "runs": (RUNS, (40, 12)), "train": (TRAIN, (80, 24)), "playground": (PLAYGROUND, (80, 24)), "neurons": (NEURONS, (120, 24)),
    "surprise": (SURPRISE, (120, 24)), "words": (WORDS, (80, 24)), "sequences": (SEQUENCES, (80, 24)), "app": (APP, (40, 12)),
}  # fmt: skip
ELSEWHERE = {("Workbench", "f10"), ("Workbench", "ctrl+q"), ("Workbench", "f1")}  # keys that have tests of their own


def test_no_key_is_missing():
    pressed = {(step.owner, step.key) for steps, _ in WALKS.values() for step in steps if isinstance(step, Key)}
    assert pressed | ELSEWHERE == set(all_bindings())


async def by_key(driver, step):
    await driver.press(step.key)


async def by_palette(driver, step):
    """What the palette does when the action of the key is taken from it."""
    title = all_bindings()[step.owner, step.key]
    callback = next(one.callback for one in driver.app.get_system_commands(driver.screen) if one.title == title)
    if (done := callback()) is not None:
        await done
    await driver.pilot.pause()


async def walk(driver, steps, act):
    for number, step in enumerate(steps):
        if not isinstance(step, Key):
            await step(driver)
            continue
        await driver.pilot.pause()
        await driver.pilot.wait_for_animation()  # of what was scrolled before
        await driver.pilot.pause()
        before, told = driver.picture, {one.identity for one in driver.app._notifications}

        def is_seen(step=step, before=before, told=told):
            said = [f"{one.title} {one.message}" for one in driver.app._notifications if one.identity not in told]
            return (driver.picture != before or said) and any(step.shows in text for text in (driver.text, *said))

        await act(driver, step)
        try:
            await driver.until(is_seen, PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"step {number}, {step}, has no such effect: {error}") from error


@pytest.fixture
def steady(monkeypatch, lstm, runs, tmp_path):
    """Runs, a long text in the current folder, and a cursor that does not blink."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "long.txt").write_text(TEXT * 6)
    shutil.copytree(runs / "hen", runs / "other")
    memory.remember({"screen": "runs"})
    made = Input.__init__
    monkeypatch.setattr(Input, "__init__", lambda self, *values, **named: [made(self, *values, **named), no_blinking(self)][0])


def no_blinking(line):
    line.cursor_blink = False


@pytest.mark.parametrize("act", [by_key, by_palette])
@pytest.mark.parametrize("name", WALKS)
def test_every_key_and_action_has_an_effect(steady, name, act):
    steps, size = WALKS[name]
    drive(lambda driver: walk(driver, steps, act), size)


@pytest.mark.parametrize("key", ["f10", "ctrl+q"])
def test_keys_that_leave(home, key):
    async def steps(driver):
        await driver.press(key)
        await driver.until(lambda: driver.app._exit)

    drive(steps)
