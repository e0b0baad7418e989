"""The screen that trains: a form, and trainings live."""

import json
import shutil
import time

import pytest
from textual.events import Paste
from textual.widgets import Select

from seqterm.app.arguments import words
from seqterm.app.commands import COMMANDS
from seqterm.app.parsing import parse
from seqterm.options import parameters
from seqterm.store.run_folder import RunFolder
from seqterm.tui.field import ABSENT, Choice, Line, read, shown
from seqterm.tui.form import Form, read_command
from seqterm.tui.live import Live, Samples
from tests.tui.driving import SIZES, drive

MODELS = [path[1] for path in COMMANDS if path[0] == "train" and path[1] != "--resume"]
SMALL = {"hidden": "12", "embedding": "8", "batch": "4", "steps": "16", "threads": "1", "sample_length": "20"}


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine takes long to start a process."""
    monkeypatch.setattr("seqterm.app.detached.LONGEST_START", 100.0)


@pytest.fixture
def trainings(home):
    """Trainings that a test starts end with it."""
    yield home / "runs"
    for path in (home / "runs").glob("*/config.json"):
        folder = RunFolder(path.parent)
        folder.request_stop()
        end = time.monotonic() + 60
        while folder.is_locked():
            assert time.monotonic() < end
            time.sleep(0.05)


async def to_form(driver):
    await driver.press("2")
    await driver.until(lambda: driver.screen.query(Form) and driver.screen.query(Line))
    await driver.shows("Options")


def form(driver):
    return driver.screen.query_one(Form)


def field(driver, name):
    return next(one for one in form(driver).query("Line, Choice") if one.parameter.name == name)


def say(driver, **texts):
    for name, text in texts.items():
        field(driver, name).text = text


def shell_line(driver):
    return str(form(driver).query_one("#line").content)


def live(driver):
    return driver.screen.query_one(Live)


# The form


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_form_comes_with_an_lstm_and_tales(home, size):
    async def steps(driver):
        await to_form(driver)
        await driver.shows("corpus", "tales", "$ seqterm train lstm tales")
        assert driver.app.focused is field(driver, "corpus")

    drive(steps, size)


def test_two_keys_from_a_bare_start_a_model_learns(trainings):
    async def steps(driver):
        await driver.shows("Press t")
        await driver.press("t")
        await driver.until(lambda: driver.screen.query(Line) and driver.app.focused is field(driver, "corpus"))
        await driver.press("enter")
        await driver.until(lambda: live(driver).display and live(driver).run)
        await driver.shows("lstm,", "parameters")
        await driver.press("s")
        await driver.until(lambda: any("will save and stop" in toast for toast in driver.toasts()))
        await driver.shows("stopped: stop requested", seconds=120)

    drive(steps)


@pytest.mark.parametrize("model", MODELS)
def test_every_training_is_a_form_of_all_its_fields(home, model):
    async def steps(driver):
        await to_form(driver)
        form(driver).query_one("#model", Select).value = model
        expected = {one.name for one in parameters(COMMANDS["train", model])} - {"detach"}
        await driver.until(lambda: {one.parameter.name for one in form(driver).query("Line, Choice")} == expected)
        await driver.until(lambda: shell_line(driver).startswith(f"$ seqterm train {model}"))
        assert "tales" in shell_line(driver) or "corpus" not in expected

    drive(steps)


def test_arrows_go_through_fields_and_choices(home):
    async def steps(driver):
        await to_form(driver)
        while driver.app.focused is not field(driver, "precision"):
            await driver.press("down")
        await driver.shows("float32  ◂ ▸", "Arithmetic; float64 is for checks. [float32|float64]")
        await driver.press("right")
        await driver.until(lambda: "--precision float64" in shell_line(driver))
        await driver.press("h")
        assert field(driver, "precision").text == "float32"
        await driver.press("backspace")
        assert field(driver, "precision").text == ""
        await driver.press("up", "space")
        await driver.until(lambda: shell_line(driver).endswith("--no-bias"))
        await driver.press("pagedown", "pageup", "enter")
        await driver.until(lambda: live(driver).run)  # Enter starts from any field
        await driver.press("s")

    drive(steps)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=str)
def test_a_wrong_value_is_marked_with_its_sentence(home, size):
    async def steps(driver):
        await to_form(driver)
        say(driver, hidden="x", dropout="2")
        await driver.shows("--hidden must be a whole number, not 'x'.")
        await driver.until(lambda: driver.text.count("--hidden must be a whole number") == 2)  # at the field and in the line
        await driver.press("ctrl+s", "ctrl+y")
        await driver.until(lambda: sum("--hidden must be" in toast for toast in driver.toasts()) == 2)
        assert not list(home.glob("runs/*"))
        say(driver, hidden="16", dropout="")
        await driver.until(lambda: shell_line(driver) == "$ seqterm train lstm tales --hidden 16")
        assert "must be" not in form(driver).query_one("Group").query_one(".names").content

    drive(steps, size)


@pytest.mark.parametrize(
    ("texts", "name", "sentence"),
    [
        ({"tied": "yes"}, "tied", "--tied needs --embedding 128, as --hidden is 128."),
        ({"corpus": "nosuch"}, "corpus", "There is no file nosuch"),
        ({"out": "-x"}, "out", "-o '-x' cannot be the name of a run."),
        ({"from_run": "nosuch"}, "corpus", "There is no run at"),
    ],
)
def test_what_keeps_a_training_from_beginning_is_said_at_its_field(home, texts, name, sentence):
    async def steps(driver):
        await to_form(driver)
        say(driver, **texts)
        await driver.press("ctrl+s")
        await driver.until(lambda: sentence in shell_line(driver), seconds=100)
        assert driver.app.focused is field(driver, name)
        assert not driver.screen.query_one("#start").disabled
        say(driver, **{name: ""})
        await driver.until(lambda: shell_line(driver).startswith("$ "))

    drive(steps)


def test_a_size_changes_what_is_expected_and_no_more(home):
    async def steps(driver):
        await to_form(driver)
        say(driver, epochs="7")
        form(driver).query_one("#size", Select).value = "tiny"
        await driver.until(lambda: "--hidden 32" in shell_line(driver))
        assert "--epochs 7" in shell_line(driver)
        assert field(driver, "hidden").placeholder == "32"
        assert field(driver, "hidden").text == ""

    drive(steps)


def test_settings_files_are_what_is_expected(home, monkeypatch, tmp_path):
    (tmp_path / "seqterm.toml").write_text('[train]\ncorpus = "verse"\nhidden = 20\n[profile.mine.train.lstm]\nbias = false\n')
    monkeypatch.chdir(tmp_path)

    async def steps(driver):
        await to_form(driver)
        await driver.until(lambda: shell_line(driver) == "$ seqterm train lstm verse --hidden 20")
        form(driver).query_one("#size", Select).value = "mine"
        await driver.until(lambda: shell_line(driver) == "$ seqterm train lstm verse --hidden 20 --no-bias")
        field(driver, "hidden").focus()
        await driver.shows("(project:")

    drive(steps)


def test_a_broken_settings_file_is_a_message(home, monkeypatch, tmp_path):
    (tmp_path / "seqterm.toml").write_text("[train]\nhiden = 20\n")
    monkeypatch.chdir(tmp_path)

    async def steps(driver):
        await to_form(driver)
        await driver.until(lambda: any("hiden" in toast for toast in driver.toasts()))
        await driver.shows("$ seqterm train lstm tales")

    drive(steps)


LINE = "seqterm train gru letters verse --hidden 48 --no-bias --save-every 90s --sample-prompt 'The king' --profile tiny"


def test_a_line_of_a_shell_fills_the_form_and_comes_out_again(home):
    async def steps(driver):
        await to_form(driver)
        driver.app.post_message(Paste(f"$ {LINE} --quiet\n"))
        await driver.until(lambda: "--hidden 48" in shell_line(driver))
        assert field(driver, "corpus").text == "letters verse"
        assert field(driver, "bias").text == "no"
        assert field(driver, "save_every").text == "90s"
        assert field(driver, "embedding").placeholder == "16"
        await driver.press("ctrl+y")
        copied = driver.app.clipboard
        assert copied.startswith("seqterm train gru letters verse --epochs 5 --sample-prompt 'The king'")
        command, profile = read_command(copied)
        assert (command.hidden, command.bias, command.sample_prompt, profile) == (48, False, "The king", None)

    drive(steps)


def test_a_line_can_be_typed_too(home):
    async def steps(driver):
        await to_form(driver)
        await driver.press("ctrl+o")
        await driver.type("seqterm train hmm tales --states 4\n")
        await driver.until(lambda: shell_line(driver) == "$ seqterm train hmm tales --states 4")
        await driver.act("From a command")
        await driver.type("seqterm train nosuch\n")
        await driver.until(lambda: any("There is no train nosuch" in toast for toast in driver.toasts()))
        assert shell_line(driver) == "$ seqterm train hmm tales --states 4"

    drive(steps)


@pytest.mark.parametrize("text", ["seqterm sample hen", "train lstm tales", "seqterm", "seqterm train lstm 'a", "seqterm train"])
def test_other_lines_are_refused(text):
    with pytest.raises(Exception, match=r"^(This is no|Name what)"):
        read_command(text)


@pytest.mark.parametrize("model", MODELS)
def test_what_a_field_shows_reads_back_as_the_same(model):
    for parameter in parameters(COMMANDS["train", model]):
        text = shown(parameter, parameter.default)
        value = read(parameter, text)
        assert value == parameter.default or (value is ABSENT and parameter.default in (None, (), ""))


def test_sources_are_completed(home, tmp_path, monkeypatch):
    (tmp_path / "texts").mkdir()
    monkeypatch.chdir(tmp_path)

    async def steps(driver):
        await to_form(driver)
        corpus = field(driver, "corpus")
        for typed, completed in (("tal", "tales"), ("tales dial", "tales dialogues"), ("te", "texts/")):
            assert await corpus.suggester.get_suggestion(typed) == completed
        for typed in ("", "tales ", "nosuch", "nosuch/x"):
            assert await corpus.suggester.get_suggestion(typed) is None

    drive(steps)


# Live


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_run_is_watched_at_every_size(runs, size):
    async def steps(driver):
        driver.app.open_run("train", "hen")
        await driver.shows(" hen  elman", "2.24")
        if size[0] >= 80:
            await driver.shows("epoch", "2 of 2", "complete in")
            await driver.until(lambda: len(driver.screen.query_one(Samples).lines) >= 3)
        for _ in range(3):
            await driver.press("v")
        await driver.act("Next chart")

    drive(steps, size)


def test_charts_take_turns_where_one_has_room(runs):
    async def steps(driver):
        driver.app.open_run("train", "hen")
        for title in (
            "nats a token: training",
            "gradients: embedding  layer 0  output",
            "learning rate",
            "nats a token: training",
        ):
            await driver.shows(title)
            await driver.press("v")

    drive(steps)


def test_charts_stand_beside_each_other_where_they_have_room(runs):
    async def steps(driver):
        driver.app.open_run("train", "hen")
        await driver.shows("nats a token: training", "gradients: embedding  layer 0  output", "learning rate")

    drive(steps, (200, 60))


@pytest.mark.parametrize("run", ["gram", "hidden", "vectors", "sold", "words"])
def test_every_family_is_shown(runs, run):
    async def steps(driver):
        driver.app.open_run("train", run)
        await driver.shows(f"{run}  ", "complete in")

    drive(steps)


def test_all_samples_so_far_can_be_scrolled(runs):
    rows = [{"event": "training_sample", "step": i, "text": f"sample {i}\x1b[2J"} for i in range(99)]
    with (runs / "hen" / "samples.jsonl").open("a") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))

    async def steps(driver):
        driver.app.open_run("train", "hen")
        await driver.shows("sample 98\N{REPLACEMENT CHARACTER}[2J")
        await driver.press("g")
        await driver.shows("step 10")
        await driver.press("j", "k", "G")
        await driver.shows("sample 98")

    drive(steps)


def test_from_live_to_the_form_and_back_and_to_the_playground(runs):
    async def steps(driver):
        driver.app.open_run("train", "hen")
        await driver.shows("hen  elman")
        await driver.press("f")
        await driver.shows("$ seqterm train lstm tales")
        await driver.press("escape")
        await driver.shows("hen  elman")
        await driver.press("p")
        await driver.until(lambda: driver.app.current_mode == "playground")

    drive(steps)


def small_training(trainings, name, **more):
    """Start the small training NAME as a shell does."""

    async def steps(driver):
        await to_form(driver)
        (trainings.parent / "corpus.txt").write_text("the red hen has 3 eggs.\n" * 40)
        say(driver, corpus=str(trainings.parent / "corpus.txt"), out=name, **SMALL, **more)
        await driver.press("ctrl+s")
        await driver.until(lambda: live(driver).run == name)

    return steps


def test_a_training_goes_on_when_the_workbench_is_left_and_is_found_again(trainings):
    drive(small_training(trainings, "own", epochs="100000"))
    assert RunFolder(trainings / "own").is_locked()

    async def steps(driver):
        driver.app.open_run("train", "own")
        await driver.until(lambda: live(driver).run == "own")
        await driver.shows("100000", "tokens/s", seconds=120)
        await driver.press("s")
        await driver.shows("stopped: stop requested", seconds=120)
        await driver.press("r")
        await driver.until(lambda: RunFolder(trainings / "own").is_locked())
        await driver.until(lambda: "stopped" not in driver.text)

    drive(steps)


def test_a_complete_training_goes_on_with_more_epochs(trainings):
    async def steps(driver):
        await small_training(trainings, "own", epochs="1")(driver)
        await driver.shows("complete in", seconds=120)
        await driver.press("r")
        await driver.shows("Epochs in all; it has had 1")
        await driver.press("enter")
        await driver.shows("2 of 2", "complete in", seconds=120)
        await driver.act("Resume")
        await driver.shows("it has had 2")
        await driver.press("x", "enter")
        await driver.until(lambda: any("--epochs must be a whole number" in toast for toast in driver.toasts()))

    drive(steps)


def test_a_training_that_fails_shows_why_and_how_to_go_on(trainings):
    async def steps(driver):
        await small_training(trainings, "own", optimizer="sgd", lr="1e30", clip_norm="0")(driver)
        await driver.shows("Training diverged at step", "go on with: seqterm train --resume own", seconds=120)

    drive(steps)


def test_a_training_that_nothing_trains_any_more_can_be_resumed(runs, trainings):
    log = runs / "words" / "events.jsonl"
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"finished"' not in line))
    state = json.loads((runs / "words" / "state.json").read_text())
    (runs / "words" / "state.json").write_text(json.dumps({**state, "complete": False}))

    async def steps(driver):
        driver.app.open_run("train", "words")
        await driver.shows("no process on this machine trains it", "go on with: seqterm train --resume words")
        await driver.press("r")
        await driver.shows("complete in", seconds=120)

    drive(steps)


def test_a_run_that_is_removed_beneath_is_a_message(runs):
    log = runs / "hen" / "events.jsonl"
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"finished"' not in line))

    async def steps(driver):
        driver.app.open_run("train", "hen")
        await driver.shows("hen  elman")
        shutil.rmtree(runs / "hen")
        await driver.shows("was removed while it was watched")
        driver.app.open_run("train", "nosuch")
        await driver.shows("There is no run at")
        assert "reading the text" not in driver.text

    drive(steps)


def test_a_long_log_is_shown_as_it_grows_and_does_not_grow_in_memory(runs):
    log = runs / "hen" / "events.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    started, step = rows[0] | {"steps": 60_000}, next(row for row in rows if row["event"] == "step")

    def write(first, last):
        with log.open("a") as file:
            file.write("".join(json.dumps(step | {"step": i, "loss": i % 7, "time": i / 200}) + "\n" for i in range(first, last)))

    log.write_text(json.dumps(started) + "\n")
    write(1, 20_000)

    async def steps(driver):
        driver.app.open_run("train", "hen")
        await driver.shows("19,999 of 60,000")
        for first in range(20_000, 60_000, 8_000):
            write(first, first + 8_000)
            await driver.shows(f"{first + 7_999:,} of 60,000")
        assert len(live(driver)._view.steps) < 5000

    drive(steps)


def test_small_windows_do_no_harm(runs):
    async def steps(driver):
        await to_form(driver)
        for _ in range(2):
            for size in ((20, 5), (200, 60), (1, 1), (80, 24)):
                await driver.pilot.resize_terminal(*size)
                await driver.pilot.pause()
            driver.app.open_run("train", "hen")
            await driver.shows("hen  elman")

    drive(steps)


def test_the_same_line_is_the_same_command_everywhere(home):
    """What the form says is what a shell's line and a session's are."""

    async def steps(driver):
        await to_form(driver)
        await form(driver).fill(LINE.removesuffix(" --profile tiny"))
        command = form(driver).command()
        assert command == parse(words(command)) == read_command(LINE)[0]
        assert isinstance(field(driver, "bias"), Choice)

    drive(steps)
