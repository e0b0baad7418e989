"""What screens share that colour a text by what a model makes of it: choosing the run and the text, legend, figure."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text as Shown
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Paste
from textual.widget import Widget
from textual.widgets import Static

from seqterm.events import Painting, RunSummary
from seqterm.faces.notes import sentence
from seqterm.render.plain import plain
from seqterm.tui.heat_view import HeatView
from seqterm.tui.run_chooser import choose_run, fitting_runs
from seqterm.tui.text_chooser import Text, choose_text, type_text
from seqterm.tui.work_screen import WorkScreen

READING = """Reading ...

[dim]The very first time it takes up to a minute: kernels are compiled.[/dim]"""


class HeatScreen(WorkScreen):
    """A text beside `side()`, the legend above it, the figure under the cursor beneath; `read()` begins when a run or text is
    chosen.  MODELS: the names of those that it can be about; NO_RUN, NO_TEXT: what to do where there is none."""

    MODELS: ClassVar[Collection[str]]
    NO_RUN: ClassVar[str]
    NO_TEXT: ClassVar[str]
    DEFAULT_CSS = """
    HeatScreen #both { height: 1fr; }
    HeatScreen #text { width: 1fr; }
    HeatScreen #legend { height: auto; max-height: 2; }
    HeatScreen #figure { height: 2; }
    HeatScreen.-wide #figure, HeatScreen.-short #figure { height: 1; }
    HeatScreen #views { height: 1fr; }
    HeatScreen #empty { height: 1fr; padding: 1 2; }
    HeatScreen.-narrow #side { display: none; }
    HeatScreen.-narrow.-aside #side { display: block; }
    HeatScreen.-narrow.-aside #text { display: none; }
    HeatScreen.-short #legend { max-height: 1; }
    HeatScreen.-short .panel { border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "choose_run", "Run"),
        Binding("f", "open_text", "Open text"),
        Binding("i", "type_text", "Type text"),
        Binding("escape", "to_text", "To the text", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.run_name: str | None = None
        self.text: Text | None = None

    def side(self) -> Iterator[Widget]:
        raise NotImplementedError

    def read(self) -> None:
        """Begin to read the text with the run: both are there."""
        raise NotImplementedError

    def figure(self) -> Shown:
        """What there is to say about the token under the cursor."""
        raise NotImplementedError

    def content(self) -> Iterator[Widget]:
        with Horizontal(id="both"):
            with Vertical(id="text", classes="panel"):
                yield Static("", id="legend", markup=False)
                with Horizontal(id="views"):
                    yield from self.views()
                yield Static("", id="empty")
                yield Static("", id="figure", markup=False)
            with Vertical(id="side"):
                yield from self.side()

    def views(self) -> Iterator[Widget]:
        yield HeatView(id="view")

    @property
    def view(self) -> HeatView:
        return self.query_one("#view", HeatView)

    def on_mount(self) -> None:
        file = self.remembered.get("file", "")
        self.text = Text.of_file(file) if Path(file).is_file() else None
        self.say("Looking for runs …")
        fitting_runs(self, self.MODELS, self._begin)

    @property
    def remembered(self) -> dict[str, Any]:
        return self.workbench.memory.setdefault(self.NAME, {})

    def _begin(self, runs: list[RunSummary]) -> None:
        """Where nobody has chosen a run, begin with that of another screen, of the last time, or the newest."""
        if self.run_name:
            return
        names = [run.run for run in runs]
        wanted = [run for run in (self.workbench.run_chosen, self.remembered.get("run"), *names[:1]) if run in names]
        if wanted:
            self.show_run(wanted[0])
        else:
            self.say(self.NO_RUN)

    # Run and text

    def show_run(self, run: str) -> None:
        self.run_name = run
        self._changed()

    def show_text(self, text: Text) -> None:
        self.text = text
        self._changed()

    def _changed(self) -> None:
        self.remembered["run"] = self.run_name
        if self.text and self.text.typed is None:
            self.remembered["file"] = str(Path(self.text.source).absolute())
        self.name_text()
        self.action_to_text()
        if not self.run_name:
            self.say(self.NO_RUN)
        elif not self.text:
            self.say(self.NO_TEXT)
        else:
            self.read()

    def name_text(self) -> None:
        """Run and text in the frame."""
        parts = [self.run_name or "no run", self.text.name if self.text else "no text"]
        self.query_one("#text").border_title = Content(" - ".join(map(plain, parts)))

    def action_choose_run(self) -> None:
        choose_run(self, "A run to read with", self.MODELS, self.show_run)

    def action_open_text(self) -> None:
        """Read a file or a corpus."""
        choose_text(self, self.show_text)

    def action_type_text(self) -> None:
        """Type or paste a text, or change what was typed."""
        typed = (self.text.typed if self.text else None) or ""
        type_text(self, typed, lambda text: self.show_text(Text.of(text)))

    def on_paste(self, event: Paste) -> None:
        """What is pasted while no box has the focus is a text to read."""
        if event.text:
            self.show_text(Text.of(event.text.replace("\r\n", "\n").replace("\r", "\n")))

    # What is seen

    def say(self, text: str | Content) -> None:
        """Words in place of a text."""
        self.query_one("#empty", Static).update(text)
        self._show_view(False)

    def fail(self, error: BaseException) -> None:
        """What went wrong, and what to do, in place of the text."""
        self.say(Content.assemble(Content(plain(sentence(error))), "\n\n", Content.from_markup(self.NO_TEXT)))

    def paint(self, painting: Painting) -> None:
        """The legend of what the text is coloured by, and the text in place of words."""
        from seqterm.render.heat_text import legend

        short = replace(painting, title=painting.title.partition(",")[0])
        self.query_one("#legend", Static).update(legend(short if self.has_class("-narrow") else painting))
        self._show_view(True)
        if self.focused is None and self.is_current:
            self.view.focus()

    def _show_view(self, shown: bool) -> None:
        self.query_one("#empty").display = not shown
        for part in ("#legend", "#figure", "#views"):
            self.query_one(part).display = shown

    def on_heat_view_moved(self, message: HeatView.Moved) -> None:
        """Its figure, and what other views there are go along."""
        for view in self.query(HeatView):
            if view is not message.view:
                view.follow(message.view.cursor)
        self.query_one("#figure", Static).update(self.figure(), layout=False)

    def action_to_text(self) -> None:
        """Back to the text."""
        self.remove_class("-aside")
        self.view.focus()
