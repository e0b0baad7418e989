"""The training view."""

import dataclasses
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from seqterm.events import CaughtUp, Finished, Note, Saved, Started, Step, Stopped, TrainingSample, Validation
from seqterm.render.plain import duration
from seqterm.render.training import MOST, TrainingView, at_step
from tests.render.screens import check_golden

WIDTHS = [40, 80, 200]
STARTED = Started(
    run="quiet-fox",
    model="lstm",
    parameters=12_345,
    vocabulary_size=65,
    training_tokens=100_000,
    validation_tokens=1000,
    epochs=4,
    step=0,
    steps=4000,
)
STEPS = [Step(i, 1 + i // 1000, 3 - i / 2000, 0.523, 0.00125, 123_456.7) for i in range(1, 3002, 10)]
EVENTS = [
    STARTED,
    Saved(0, "checkpoints/0.safetensors"),
    *STEPS,
    Validation(1000, 1, 2.51, 2.41, True),
    Validation(2000, 2, 2.11, 2.2169, True),
    TrainingSample(2000, "The hen is\nin the yard. " + "And so is the goose. " * 10),
    Saved(3001, "checkpoints/3001.safetensors"),
]


def shown(width, *events, rows=34):
    """The lines that a terminal of that width shows after some events."""
    view = TrainingView()
    for event in events:
        view.take(event)
    console = Console(file=StringIO(), width=width)
    console.print(view.render(width, rows))
    return console.file.getvalue().rstrip("\n").split("\n")


NAMES = ["epoch", "step", "loss", "held out", "gradient", "rate", "tokens/s", "left"]


def figures(lines):
    """{name: value} of the panel of figures, which stands at the right or below."""
    cells = [line.rstrip("│ ").split("│")[-1].strip() for line in lines]
    return {name: cell.removeprefix(name).strip() for cell in cells for name in NAMES if f"{cell} ".startswith(f"{name} ")}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_figures_are_those_of_the_last_events(width):
    found = figures(shown(width, *EVENTS))
    assert found.pop("left")
    assert found == {
        "epoch": "4 of 4",
        "step": "3,001 of 4,000",
        "loss": "1.4995",
        "held out": "2.2169",
        "gradient": "0.523",
        "rate": "0.00125",
        "tokens/s": "123,457",
    }


@pytest.mark.parametrize(("width", "rows", "shown_norms"), [(120, 40, True), (80, 24, False), (40, 40, False)])
def test_where_there_is_room_each_layer_has_its_gradient(width, rows, shown_norms):
    norms = {"embedding": 0.01, "0": 0.25, "output": 12.0}
    lines = shown(width, *EVENTS, dataclasses.replace(STEPS[-1], layer_norms=norms), rows=rows)
    text = "\n".join(lines)
    assert len(lines) <= rows
    assert [name in text for name in ("embedding", "layer 0", "output")] == [shown_norms] * 3
    assert ("0.25 │" in text) == shown_norms


@pytest.mark.parametrize("width", WIDTHS)
def test_a_training_that_failed_says_why_and_how_to_go_on(width):
    why = "Training diverged at step 4: loss nan, gradient norm nan."
    resume = "seqterm train --resume quiet-fox"
    lines = shown(width, *EVENTS, CaughtUp(False, None, resume, why))
    text = " ".join(" ".join(line.strip("│ ") for line in lines).split())
    assert why in text
    assert f"go on with: {resume}" in text
    assert len(lines) <= 34


@pytest.mark.parametrize("width", WIDTHS)
def test_the_sample_is_shown_with_its_step(width):
    text = "\n".join(shown(width, *EVENTS))
    assert "sample at step 2,000" in text
    assert "The hen is" in text
    assert "in the yard." in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_heading_names_the_run_and_its_size(width):
    text = " ".join(" ".join(shown(width, *EVENTS)[:2]).split())
    assert text.startswith("quiet-fox lstm, 12,345 parameters, 10")


@pytest.mark.parametrize("rows", [20, 24, 34, 60])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_view_fits_the_screen(width, rows):
    assert len(shown(width, *EVENTS, rows=rows)) <= rows


@pytest.mark.parametrize("rows", [24, 40])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_curve_is_drawn_unbroken_from_its_highest_to_its_lowest(width, rows):
    lines = shown(width, *EVENTS, rows=rows)
    curve = [line for line in lines if any("\u2800" < character <= "\u28ff" for character in line)]
    assert len(curve) >= 4
    assert curve[0].startswith("│ 3.00 ")
    assert curve[-1].startswith("│ 1.50 ")


@pytest.mark.parametrize("events", [EVENTS[:1], EVENTS[:2], EVENTS[:3], EVENTS], ids=["started", "saved", "one step", "many"])
@pytest.mark.parametrize("width", [*WIDTHS, 41, 59, 60, 61, 79, 119])
def test_frames_fit_and_are_closed(width, events):
    lines = shown(width, *events)
    assert max(map(cell_len, lines)) <= width
    corners = {"╭": "╮", "│": "│", "╰": "╯"}
    assert [line for line in lines if line[0] in corners and line[-1] != corners[line[0]]] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_before_anything_has_begun_the_view_says_what_it_waits_for(width):
    assert "reading the text" in " ".join(shown(width))


@pytest.mark.parametrize("width", WIDTHS)
def test_before_the_first_step_the_view_says_what_it_waits_for(width):
    text = " ".join(" ".join(line.strip("│ ") for line in shown(width, STARTED)).split())
    assert "compiling kernels" in text
    assert figures(shown(width, STARTED))["step"] == "0 of 4,000"


def test_a_training_that_goes_on_begins_at_its_step():
    resumed = Started(**{**STARTED.__dict__, "step": 1500})
    assert figures(shown(80, resumed))["step"] == "1,500 of 4,000"


def test_without_held_out_text_there_is_one_curve():
    text = "\n".join(shown(80, STARTED, *STEPS, Validation(1000, 1, 2.5, None, False)))
    assert figures(text.split("\n"))["held out"] == ""
    assert "training  held out" not in text


def test_the_time_left_is_told_in_spite_of_earlier_notes():
    left = figures(shown(80, Note("5 tokens that hen has never seen are left out."), *EVENTS))["left"]
    assert all(character in "0123456789:" for character in left)


@pytest.mark.parametrize("reason", ["interrupted", "time limit", "stop requested"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_stop_is_told_with_its_reason(width, reason):
    text = "\n".join(shown(width, *EVENTS, Stopped("quiet-fox", 3001, reason, "seqterm train --resume quiet-fox")))
    assert f"stopped: {reason}" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_end_is_told_with_its_time(width):
    assert "complete in 1:02:03" in "\n".join(shown(width, *EVENTS, Finished("quiet-fox", 4000, 1.5, 2.0, 2.0, 3723.4)))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_note_is_shown_whole(width):
    note = "No better validation loss for 3 validations: stopping early."
    lines = [line.strip("│ ") for line in shown(width, *EVENTS, Note(note))]
    assert note in " ".join(" ".join(lines).split())


def test_the_time_left_counts_what_is_left():
    view = TrainingView()
    assert view.eta() is None
    view.take(STARTED)
    assert view.eta() is None
    view.take(STEPS[0])
    assert view.eta() is None  # the first step waits for compilers and tells nothing
    view.take(STEPS[1])
    assert view.eta() > 0
    view.take(Step(4000, 4, 1.0, 0.5, 0.001, 1000.0))
    assert view.eta() == 0


def test_a_sample_cannot_play_tricks_on_the_terminal():
    text = "\n".join(shown(80, *EVENTS, TrainingSample(3000, "hen\x1b[2Jegg\x07\x08\x9b2J")))
    assert [character for character in "\x1b\x07\x08\x9b" if character in text] == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (90_061, "25:01:01")]
)
def test_durations_read_like_a_clock(seconds, text):
    assert duration(seconds) == text


def test_golden():
    def view_at(width):
        view = TrainingView()
        for event in (*EVENTS, CaughtUp(training=False, left=None)):
            view.take(event)
        return view.render(width)

    check_golden("training", view_at)


def test_golden_of_a_sample_at_its_step():
    text = "The hen is in the yard, and so is the goose.\n\x1b漢 tail"
    check_golden("at_step", lambda width: at_step(TrainingSample(12_000, text)))


NORMS = [dataclasses.replace(step, layer_norms={"embedding": 1e-3, "0": 0.1, "output": step.loss}) for step in STEPS]


def view_of(*events):
    view = TrainingView()
    for event in events:
        view.take(event)
    return view


@pytest.mark.parametrize("name", ["gradients", "rates", "losses"])
def test_each_chart_fits_its_room_and_says_where_there_is_nothing_to_draw(name):
    def chart(view):
        return getattr(view, name)(60, 10).plain.split("\n")

    drawn = chart(view_of(STARTED, *NORMS))
    assert len(drawn) == 10
    assert max(map(cell_len, drawn)) <= 60
    assert chart(view_of(STARTED)) == ["compiling kernels ..."]
    assert chart(view_of(STARTED, CaughtUp(False, None)))[0].endswith("were logged on the way")


def test_gradients_are_drawn_on_a_logarithmic_scale_with_a_letter_for_each_layer():
    view = view_of(STARTED, *NORMS)
    drawn = view.gradients(60, 10).plain
    assert drawn.startswith("3.0e+0 ")
    assert "1.0e-3 " in drawn
    assert all(letter in drawn for letter in "e0o")
    assert view.gradient_legend().plain == "gradients: embedding  layer 0  output"


def test_a_training_without_layers_has_no_gradients_to_draw():
    assert view_of(STARTED, *STEPS).gradients(60, 10).plain == "no gradients of layers were logged on the way"


def test_the_summary_is_one_line():
    assert view_of(STARTED).summary() == ""
    assert view_of(*EVENTS, CaughtUp(True, 75.0)).summary() == "75%  loss 1.500  held out 2.217  1:15"


def test_very_many_steps_are_thinned_and_keep_their_extremes():
    view = view_of(STARTED)
    for i in range(1, 50_000):
        view.take(Step(i, 1, 99.0 if i == 12_345 else 1.0 + i % 7, None, None, 1.0))
    assert len(view.steps) <= MOST
    assert [step.step for step in view.steps] == sorted(step.step for step in view.steps)
    assert max(view.steps, key=lambda step: step.loss).step == 12_345
    assert view.steps[-1].step == 49_999
