"""The screen on which models write, driven by keys."""

import base64
import shutil

import pytest
from textual.widgets import Input

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.events import Sampled
from seqterm.store import sample_log
from seqterm.tui.distribution import Distribution
from seqterm.tui.knobs import KNOBS, Knobs
from seqterm.tui.story import BY_HAND
from seqterm.tui.time_machine import Slider
from tests.tui.driving import SIZES, drive

LENGTH = 200  # tokens that are written in one go
ROW = {knob.name: row for row, knob in enumerate(KNOBS)}


def drawn(**values):
    """The text that the command line draws."""
    events = run(build(COMMANDS["sample",], values), Session())
    return next(event.text for event in events if isinstance(event, Sampled))


def playing(steps, run="hen", size=(80, 24)):
    """Drive `steps(driver)` in the playground with a run that is ready."""

    async def go(driver):
        driver.app.open_run("playground", run)
        await driver.until(lambda: voices(driver) and voices(driver)[0].run == run)
        await steps(driver)

    return drive(go, size)


def voices(driver):
    return getattr(driver.screen, "voices", [])


def voice(driver):
    return driver.screen.current


def story(driver):
    return voice(driver).story


async def begin(driver, prompt="the ", speed=None, length=LENGTH):
    """Type a prompt, let it write so many tokens, as fast as it can or at a speed."""
    driver.screen.query_one(Knobs).set("speed", speed)
    driver.screen.query_one(Knobs).set("length", length)
    driver.screen.query_one("#prompt", Input).value = ""
    await driver.press("escape", "e")
    await driver.type(prompt)
    await driver.press("enter")


async def begin_paused(driver, prompt="the ", tokens=3):
    """The same, but only so many tokens, one by one."""
    driver.screen.query_one("#prompt", Input).value = prompt
    await driver.press("escape")
    for count in range(1, tokens + 1):
        await driver.press("n")
        await driver.until(lambda count=count: len(story(driver)) == count)


async def turn(driver, name, *keys):
    """Put the focus on a knob, and press keys."""
    knobs = driver.screen.query_one(Knobs)
    knobs.focus()
    knobs.row = ROW[name]
    await driver.press(*keys)


# Writing


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_typed_is_continued_as_on_the_command_line(runs, size):
    async def steps(driver):
        await begin(driver)
        await driver.until(lambda: len(story(driver)) == LENGTH and voice(driver).job is None)
        assert story(driver).text == "the " + drawn(run="hen", prompt="the ", seed=1, length=LENGTH)
        await driver.shows("hen", f"{LENGTH} tokens")

    playing(steps, size=size)


@pytest.mark.parametrize("name", ["words", "gram", "hidden"])
def test_models_of_every_family_write(runs, name):
    async def steps(driver):
        await begin(driver, "the red")
        await driver.until(lambda: voice(driver).job is None and len(story(driver)) > 0)
        assert story(driver).text == "the red" + drawn(run=name, prompt="the red", seed=1, length=LENGTH)
        await driver.shows("bits", "kept")

    playing(steps, name)


def test_space_pauses_and_goes_on_with_the_same_text(runs):
    async def steps(driver):
        await begin(driver, speed=50)
        await driver.until(lambda: len(story(driver)) >= 5)
        await driver.press("space")
        await driver.shows("paused")
        count = len(story(driver))
        assert not voice(driver).is_writing
        await driver.press("space")
        await driver.until(lambda: len(story(driver)) >= count + 5)
        text = story(driver).text
        assert ("the " + drawn(run="hen", prompt="the ", seed=1, length=200)).startswith(text)

    playing(steps)


def test_a_text_that_came_to_its_length_is_gone_on_with(runs):
    async def steps(driver):
        await begin(driver)
        await driver.until(lambda: len(story(driver)) == LENGTH and voice(driver).job is None)
        before = story(driver).text
        await driver.press("space")
        await driver.until(lambda: len(story(driver)) == 2 * LENGTH and voice(driver).job is None)
        assert story(driver).text == before + drawn(run="hen", prompt=before, seed=2, length=LENGTH)

    playing(steps)


def test_without_a_length_it_goes_on_from_its_last_tokens_and_forgets_the_first(runs, monkeypatch):
    monkeypatch.setattr("seqterm.tui.voice.STRETCH", 100)
    monkeypatch.setattr("seqterm.tui.story.LEFT", 30)

    async def steps(driver):
        await begin(driver, length=None)
        await driver.until(lambda: story(driver).forgotten > 200)
        await driver.press("space")
        await driver.shows("paused")
        assert sum("its beginning is let go of" in toast for toast in driver.toasts()) == 1
        assert 30 <= len(story(driver)) <= 130
        await driver.shows(f"{story(driver).forgotten + len(story(driver)):,} tokens")
        first, second, *_ = sample_log.rows()
        assert first.text == drawn(run="hen", prompt="the ", seed=1, length=100)
        assert second.text == drawn(run="hen", prompt=first.text[-30:], seed=2, length=100)
        driver.screen.query_one(Knobs).set("length", 50)
        await driver.press("r")
        await driver.until(lambda: len(story(driver)) == 50 and voice(driver).job is None)
        assert story(driver).text.startswith("the ")

    playing(steps)


def test_the_seed_is_set(runs):
    async def steps(driver):
        driver.screen.query_one(Knobs).set("seed", 77)
        await begin(driver)
        await driver.until(lambda: len(story(driver)) == LENGTH and voice(driver).job is None)
        assert story(driver).text == "the " + drawn(run="hen", prompt="the ", seed=77, length=LENGTH)
        assert driver.screen.query_one(Knobs).pace.seed == 78

    playing(steps)


def test_again_writes_another_text_after_the_same_prompt(runs):
    async def steps(driver):
        await begin(driver)
        await driver.until(lambda: voice(driver).job is None and len(story(driver)) == LENGTH)
        await driver.press("r")
        await driver.until(lambda: voice(driver).job is None and len(story(driver)) == LENGTH)
        assert story(driver).text == "the " + drawn(run="hen", prompt="the ", seed=2, length=LENGTH)
        assert len(list(story(driver).tree.branches())) == 3

    playing(steps)


def test_samples_are_logged(runs):
    async def steps(driver):
        await begin(driver)
        await driver.until(lambda: len(story(driver)) == LENGTH and voice(driver).job is None)
        assert [row.text for row in sample_log.rows()] == [story(driver).text.removeprefix("the ")]

    playing(steps)


# Steps, branches, tokens by hand


def test_step_draws_one_token_and_shows_what_it_was_drawn_from(runs):
    async def steps(driver):
        await driver.shows("Space writes on")
        await begin_paused(driver, tokens=3)
        assert story(driver).text == "the " + drawn(run="hen", prompt="the ", seed=1, length=3)
        assert driver.screen.query_one(Distribution).choice is story(driver).shown.choice
        await driver.shows("bits", "kept", "3 tokens")

    playing(steps)


def test_steps_back_and_on_go_over_what_is_there_and_then_branch(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=4)
        text = story(driver).text
        await driver.press("b", "left")
        assert story(driver).text == text[:-2]
        await driver.press("right")
        assert story(driver).text == text[:-1]
        await driver.press("b", "space")
        await driver.until(lambda: len(story(driver)) > 4)
        await driver.press("space")
        assert story(driver).text.startswith(text[:-2])
        shared, *branches = [text for _, _, text in story(driver).tree.branches()]
        assert shared == text[:-2]
        assert branches[0] == text[-2:]

    playing(steps)


def test_back_stops_at_the_prompt(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=1)
        await driver.press("b", "b", "b")
        assert story(driver).text == "the "
        await driver.shows("Space writes on", "0 tokens")

    playing(steps)


def test_another_token_is_taken_from_the_bars(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=2)
        before, bars = story(driver).text[:-1], driver.screen.query_one(Distribution)
        await driver.press("tab")
        assert driver.screen.focused is bars
        was = bars.choice.token
        wanted = next(token for token, _, _ in bars.choice.candidates if token != was)
        bars.row = 0
        while bars.choice.candidates[bars.row][0] != wanted:
            await driver.press("down")
        await driver.press("enter")
        await driver.until(lambda: len(story(driver)) == 3)
        assert story(driver).text.startswith(before + wanted)
        assert story(driver).tokens[1].kind == BY_HAND
        assert {text for _, _, text in story(driver).tree.branches()} >= {before, was}

    playing(steps)


def test_the_token_that_was_drawn_is_taken_as_a_step(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=2)
        await driver.press("tab", "enter")
        await driver.until(lambda: len(story(driver)) == 3)
        assert [token.kind for token in story(driver).tokens] == ["drawn"] * 3
        assert len(list(story(driver).tree.branches())) == 1

    playing(steps)


def test_words_by_hand_stand_apart(runs):
    async def steps(driver):
        await begin_paused(driver, "the", tokens=1)
        bars = driver.screen.query_one(Distribution)
        bars.focus()
        bars.row = next(i for i, (token, _, _) in enumerate(bars.choice.candidates) if token == "red")
        await driver.press("enter")
        await driver.until(lambda: len(story(driver)) == 2)
        assert story(driver).text.startswith("the red")
        assert story(driver).tokens[0].text == " red"

    playing(steps, "words")


def test_any_branch_is_gone_back_to(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=3)
        first = story(driver).text
        await driver.press("b", "b")
        await driver.press("space")
        await driver.until(lambda: len(story(driver)) > 3)
        await driver.press("t")
        await driver.shows("Branches", first[:5])
        await driver.press("g", "down", "enter")
        assert story(driver).text == first
        await driver.press("t")
        await driver.shows("Branches")
        await driver.press("escape")
        assert story(driver).text == first

    playing(steps)


def test_a_click_puts_the_cursor_behind_a_token(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=4)
        await driver.pilot.click(voice(driver).view, offset=(5, 0))
        await driver.until(lambda: story(driver).place == 2)

    playing(steps)


# Knobs


def test_a_knob_is_turned_while_it_writes_and_marks_the_text(runs):
    async def steps(driver):
        def marks():
            return {mark for token in story(driver).tokens for mark in token.marks.items()}

        await begin(driver, speed=50, length=None)
        await driver.until(lambda: len(story(driver)) >= 3)
        await turn(driver, "temperature", "left", "left")
        await driver.shows("⟨temperature ")
        await driver.until(lambda: ("temperature", "0.9") in marks())
        await turn(driver, "strategy", "right")
        await driver.until(lambda: ("strategy", "argmax") in marks())
        assert voice(driver).is_writing
        count = len(story(driver))
        await driver.until(lambda: len(story(driver)) > count + 1)
        assert story(driver).shown.choice.kept == 1

    playing(steps)


def test_every_knob_is_turned_with_letters_too(runs):
    async def steps(driver):
        knobs = driver.screen.query_one(Knobs)
        knobs.focus()
        for _ in KNOBS:
            before = knobs.value(KNOBS[knobs.row].name)
            await driver.press("h" if before == KNOBS[knobs.row].stops[-1] else "l")
            assert knobs.value(KNOBS[knobs.row].name) != before
            await driver.press("backspace")
            assert knobs.value(KNOBS[knobs.row].name) == before
            await driver.press("j")
        await driver.press(*["k"] * 4, "h")
        assert knobs.pace.speed == 12
        await begin_paused(driver, tokens=1)

    playing(steps)


@pytest.mark.parametrize("size", [(40, 12), (80, 15), (80, 24)], ids=str)
def test_knobs_are_reached_at_any_size(runs, size):
    async def steps(driver):
        await driver.press("escape", "s")
        await driver.shows("temperature")
        await driver.press("k", "k")
        await driver.shows("seed")
        await driver.press("right")
        assert driver.screen.query_one(Knobs).pace.seed == 2
        await driver.press("escape")
        await driver.until(lambda: ("temperature" in driver.text) == (size[1] == 24))

    playing(steps, size=size)


def test_what_the_filters_remove_is_counted(runs):
    async def steps(driver):
        await turn(driver, "top_k", "right", "right")
        await begin_paused(driver, tokens=1)
        await driver.shows("2 kept")

    playing(steps)


def test_a_setting_changed_between_two_stretches_marks_the_text(runs):
    async def steps(driver):
        await begin(driver)
        await driver.until(lambda: len(story(driver)) == LENGTH and voice(driver).job is None)
        await turn(driver, "min_p", "right")
        voice(driver).view.focus()
        await driver.press("n")
        await driver.until(lambda: len(story(driver)) == LENGTH + 1)
        assert story(driver).shown.marks == {"min_p": "0.01"}

    playing(steps)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("temperature", "0", "--temperature must be at least 0.0001"),
        ("temperature", "hot", "--temperature must be a number"),
        ("temperature", "", "--temperature must be float"),
        ("top_k", "1.5", "--top-k must be a whole number"),
        ("strategy", "best", "--strategy must be one of"),
        ("speed", "0", "--speed must be at least 0.01"),
        ("length", "0", "--length must be at least 1"),
        ("seed", "", "--seed must be int"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(runs, name, typed, said):
    async def steps(driver):
        knobs = driver.screen.query_one(Knobs)
        before = knobs.value(name)
        await turn(driver, name, "enter")
        driver.screen.query_one(Input).value = typed
        await driver.press("enter")
        await driver.until(lambda: any(said in toast for toast in driver.toasts()))
        assert knobs.value(name) == before

    playing(steps)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [("temperature", "0.33", 0.33), ("top_k", "7", 7), ("top_k", "", None), ("speed", "33", 33.0), ("seed", "77", 77)],
)
def test_a_value_is_typed(runs, name, typed, value):
    async def steps(driver):
        await turn(driver, name, "enter")
        driver.screen.query_one(Input).value = typed
        await driver.press("enter")
        assert driver.screen.query_one(Knobs).value(name) == value

    playing(steps)


def test_the_speed_is_that_of_the_knob(runs):
    async def steps(driver):
        await begin(driver, speed=1)
        await driver.until(lambda: voice(driver).job is not None)
        assert voice(driver).job.delay == 1.0
        driver.screen.query_one(Knobs).set("speed", None)
        await driver.until(lambda: len(story(driver)) == LENGTH)

    playing(steps)


def test_plus_and_minus_turn_the_speed_from_anywhere(runs):
    async def steps(driver):
        await driver.press("escape", "plus", "plus", "minus")
        assert driver.screen.query_one(Knobs).pace.speed == 30

    playing(steps)


# Several models


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_models_write_side_by_side_with_one_seed(runs, size):
    async def steps(driver):
        await driver.press("escape", "a")
        await driver.shows("Which model writes beside")
        await driver.type("gram")
        await driver.press("enter")
        await driver.until(lambda: [one.run for one in voices(driver)] == ["hen", "gram"])
        await begin(driver, "the red")
        await driver.until(lambda: all(one.job is None and len(one.story) for one in voices(driver)))
        for one in voices(driver):
            assert one.story.text == "the red" + drawn(run=one.run, prompt="the red", seed=1, length=LENGTH)
        voices(driver)[0].view.focus()
        await driver.press("x")
        assert [one.run for one in voices(driver)] == ["gram"]
        await driver.press("escape", "x")
        assert [one.run for one in voices(driver)] == ["gram"]

    playing(steps, size=size)


def test_four_models_are_the_most(runs):
    async def steps(driver):
        driver.screen._take_runs(["hen", "words", "gram", "hidden"])
        await driver.press("escape", "a")
        await driver.until(lambda: any("4 models are the most" in toast for toast in driver.toasts()))

    playing(steps)


def test_another_model_takes_the_place_of_the_current_one(runs):
    async def steps(driver):
        await driver.press("escape", "o")
        await driver.shows("Which model writes")
        await driver.type("words")
        await driver.press("enter")
        await driver.until(lambda: [one.run for one in voices(driver)] == ["words"])

    playing(steps)


def test_the_last_models_are_there_again(runs):
    async def steps(driver):
        driver.app.action_go("playground")
        await driver.until(lambda: [one.run for one in voices(driver)] == ["words"])

    drive(lambda driver: playing_steps(driver, "words"))
    drive(steps)


async def playing_steps(driver, run):
    driver.app.open_run("playground", run)
    await driver.until(lambda: voices(driver) and voices(driver)[0].run == run)


# Checkpoints


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_checkpoints_are_gone_through_with_one_seed(runs, size):
    async def steps(driver):
        driver.screen.query_one("#prompt", Input).value = "the "
        await driver.press("escape", "c")
        await driver.until(lambda: driver.app.screen.query(Slider) and driver.app.screen.query_one(Slider).steps)
        slider, machine = driver.app.screen.query_one(Slider), driver.app.screen
        await driver.until(lambda: machine._job.ended)
        await driver.pilot.pause(0.2)
        assert len(slider.steps) > 2
        await driver.press("end")
        await driver.shows(f"step {slider.steps[-1]:,}")
        await driver.press("left", "h")
        assert slider.place == len(slider.steps) - 3
        await driver.press("right", "home", "l")
        assert slider.place == 1
        await driver.shows(f"step {slider.steps[1]:,}")
        assert len({sample.text for sample in machine._samples}) > 1
        await driver.press("escape")
        assert driver.screen.query_one(Knobs)

    playing(steps, size=size)


# What becomes of the text


def test_the_text_is_written_into_a_file(runs, tmp_path):
    async def steps(driver):
        await begin_paused(driver, tokens=3)
        await driver.press("w")
        await driver.shows("Write the text to")
        assert driver.screen.query_one(Input).value == "hen.txt"
        driver.screen.query_one(Input).value = str(tmp_path / "out.txt")
        await driver.press("enter")
        await driver.until(lambda: (tmp_path / "out.txt").exists())
        assert (tmp_path / "out.txt").read_text() == story(driver).text

    playing(steps)


def test_a_file_that_cannot_be_written_is_said(runs, tmp_path):
    async def steps(driver):
        await begin_paused(driver, tokens=1)
        await driver.press("w")
        driver.screen.query_one(Input).value = str(tmp_path / "no" / "folder" / "out.txt")
        await driver.press("enter")
        await driver.until(lambda: any("Cannot write" in toast for toast in driver.toasts()))

    playing(steps)


def test_the_text_is_copied(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=3)
        await driver.press("y")
        assert driver.app.clipboard == story(driver).text
        assert base64.b64encode(driver.app.clipboard.encode())

    playing(steps)


# Trouble


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_without_a_language_model_a_newcomer_is_told_what_to_press(home, size):
    async def steps(driver):
        driver.app.action_go("playground")
        await driver.shows("There is no language model yet", "Press 1")
        await driver.press("space", "n", "b", "r", "t", "e", "c", "w", "y", "x", "escape")

    drive(steps, size)


def test_a_run_that_is_no_language_model_is_one_message(runs):
    async def steps(driver):
        await driver.until(lambda: any("not a language model" in toast for toast in driver.toasts()))
        await driver.press("escape", "n", "space")
        await driver.shows("failed")

    playing(steps, "vectors")


def test_a_run_that_is_removed_beneath_it_is_one_message(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=2)
        await driver.press("b")
        shutil.rmtree(runs / "hen")
        await driver.press("space")
        await driver.until(lambda: any("hen" in toast for toast in driver.toasts()))
        assert story(driver).text.startswith("the ")

    playing(steps)


def test_windows_of_any_size_do_no_harm(runs):
    async def steps(driver):
        await begin(driver, speed=50)
        for size in ((20, 5), (200, 60), (1, 1), (40, 12), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.pilot.pause()
        await driver.until(lambda: len(story(driver)) > 5)
        await driver.press("space")
        await driver.shows("paused")

    playing(steps)


def test_leaving_the_screen_and_coming_back_keeps_the_text(runs):
    async def steps(driver):
        await begin_paused(driver, tokens=3)
        text = story(driver).text
        await driver.press("1", "alt+3")
        await driver.until(lambda: voices(driver))
        assert story(driver).text == text

    playing(steps)


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        ("Faster", "30/s"),
        ("Slower", "12/s"),
        ("Write", "tokens"),
        ("Step", "1 token "),
        ("Again", "tokens"),
        ("Back", "0 tokens"),
        ("Prompt", "How does the text begin"),
        ("Model", "Which model writes"),
        ("Beside", "Which model writes beside"),
        ("Checkpoints", "step 0"),
        ("Write to a file", "Write the text to"),
        ("Copy the text", "letters are copied"),
        ("Take this model away", "hen"),
        ("Branches", "hen"),
    ],
)
def test_every_action_is_in_the_palette(runs, action, shown):
    async def steps(driver):
        await driver.press("escape")
        await driver.act(action)
        await driver.until(lambda: shown in driver.text or any(shown in toast for toast in driver.toasts()))

    playing(steps)


def below_the_bar(driver):
    """What the screen shows between the names of all screens and the keys."""
    return "\n".join(driver.text.split("\n")[1:-1]) + "\n"


GOLDEN = """\
╭─ gram ───────────────────────────────────────╮╭─ Drawn from ───────────────────╮
│ the red hen⟨top-k 3⟩ has                     ││ 0.51 bits · 3 kept, 96.8%      │
│                                              ││ ▸ 'has'          0.946 ██████  │
│                                              ││   'eggs.'        0.016 ▏       │
│                                              ││   'hen'          0.006         │
│                                              ││   'SENTENCE_END' 0.002         │
│                                              ││   'the'          0.002         │
│                                              ││   'black'        0.002         │
│                                              ││   'brown'        0.002         │
│                                              ││   'red'          0.002         │
│                                              │╰────────────────────────────────╯
│                                              │╭─ Knobs ────────────────────────╮
│                                              ││ strategy    ●───── multinomial │
│                                              ││ temperature ──●───           1 │
│                                              ││ top-k       ─●────           3 │
│                                              ││ top-k-draw  ●─────    weighted │
│                                              ││ top-p       ●─────         off │
│                                              ││ min-p       ●─────         off │
│                                              ││ repetition  ●─────           1 │
│                                              ││ speed       ──●───        20/s │
│                                              ││ length      ─────●      no end │
│                                              ││ seed        ●─────           2 │
╰────────────────────────── paused · 2 tokens ─╯╰────────────────────────────────╯
 the red
"""


def test_the_screen_after_a_few_steps(runs):
    async def steps(driver):
        await begin_paused(driver, "the red", tokens=1)
        await turn(driver, "top_k", "right", "right", "right")
        voice(driver).view.focus()
        await driver.press("n")
        await driver.until(lambda: len(story(driver)) == 2)
        await driver.until(lambda: below_the_bar(driver) == GOLDEN, 10)

    playing(steps, "gram", (84, 26))
