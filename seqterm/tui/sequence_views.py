"""What the screen of sequences says, and draws of the events of its commands."""

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.reactive import reactive

from seqterm.events import ComparedPoint, Event, Fitted, ForecastPoint, HiddenState, History, RunInfo, Transitions, Trellis
from seqterm.faces import forecast
from seqterm.models.catalogue import CATALOGUE
from seqterm.tui.widgets import Draw, Picture

KINDS = ("text", "numbers", "forecast")
EMPTY = """[b]There is no hidden Markov model and no forecaster yet.[/b]

In a shell, the states behind a text, or what comes after a series of numbers:
  [b]seqterm train hmm wend --states 12 -o hidden[/b]
  [b]seqterm train ar SERIES.csv -o forecaster[/b]

[b]o[/b] chooses a run."""
HELP = """## Sequences

**o** chooses a run: a hidden Markov model of a text or of numbers, or a forecaster (ar, mlp-ar, rnn-ar).

Of a **hidden Markov model of text**: type a text and press **Enter**, or **f** opens a file or a corpus, **i** takes some lines.
Tokens have the colours of their states; beneath them is a line for each state. Lines follow the path, blocks say how probable
each state is.

- **p**: each token's most probable state by itself, or again the most probable path (Viterbi)
- **s**: how states follow one another and what they emit; where there is room that stands beside, and `<` `>` change its width

Of one **of numbers**: the columns of a CSV file, coloured by state. Type the name of another file.

Of a **forecaster**: what comes after its rows, or after those of the CSV file whose name you type.

- **+** and **-**: more and fewer rows; **]** and **[**: a wider or narrower interval
- **c**: forecasts of rows that training did not see, beside their real values
- **s**: the table of the regression

**/** goes to the line, Up and Down in it through what was entered before, Escape leaves it.
"""


def kind_of(info: RunInfo) -> str:
    """Of KINDS; "" where this screen has nothing to show."""
    family = CATALOGUE[info.model].family
    if family == "hmm":
        return "numbers" if info.model_settings.get("emission") == "gaussian" else "text"
    return family if family in KINDS else ""


def trellises(found: list[Event], width: int, height: int) -> Text:
    """The trellis of every line."""
    from seqterm.render.trellis import trellis

    lines = [trellis(event, width, height) for event in found if isinstance(event, Trellis)]
    return Text("\n\n", no_wrap=True).join(lines)


def chart(found: list[Event], width: int, height: int) -> Text:
    """A forecast as `seqterm forecast` draws it."""
    from seqterm.render.forecast import forecast_chart

    [history] = [event for event in found if isinstance(event, History)]
    points = [event for event in found if isinstance(event, ForecastPoint | ComparedPoint)]
    return forecast_chart(history, points, width, height)


def model(found: list[Event], width: int, height: int) -> Text:
    """What there is to say of a model: transitions and states as `hmm show` has them, a regression's table, or all of it."""
    from seqterm.faces import text
    from seqterm.render.trellis import colour

    shown = Text(no_wrap=True)
    for event in found:
        match event:
            case Transitions():
                shown.append(text.transitions(event, width) + "\n")
            case HiddenState():
                shown.append(f"\n{event.state:>3} ", colour(event.state)).append(_emitted(event, width - 4))
            case Fitted():
                shown.append(forecast.fitted(event))
            case RunInfo():
                shown.append(text.run_info(event))
    return shown


def _emitted(event: HiddenState, width: int) -> str:
    """As many tokens as have room, or a line for every column of numbers."""
    if event.numbers:
        return "\n    ".join(f"{name} {mean:.6g} sd {sd:.6g}" for name, mean, sd in event.numbers)
    line = ""
    for token, p in event.tokens:
        more = f" {token!r} {p:.2f}"
        if len(line) + len(more) > width:
            break
        line += more
    return line


class Tall(Picture):
    """As large as what is drawn."""

    DEFAULT_CSS = "Tall { height: auto; }"
    draw: reactive[Draw | None] = reactive(None, layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        lines = str(self.draw(container.width, viewport.height)).split("\n") if self.draw else [""]
        return max(container.width, *map(cell_len, lines))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return str(self.draw(width, viewport.height)).count("\n") + 1 if self.draw else 0
