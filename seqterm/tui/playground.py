"""Models write, token by token, while their settings change under one's hands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.events import DescendantFocus, ScreenResume
from textual.widget import Widget
from textual.widgets import Input, Static

from seqterm.app.commands import Next, Sample
from seqterm.errors import UsageError
from seqterm.events import RunSummary
from seqterm.tui.dialogs import Ask, Branches, ask_for_file
from seqterm.tui.distribution import Distribution
from seqterm.tui.knobs import PACE, SEED, SPEED, Knobs
from seqterm.tui.run_chooser import LANGUAGE, choose_run, fitting_runs
from seqterm.tui.story_view import StoryView
from seqterm.tui.time_machine import TimeMachine
from seqterm.tui.voice import Voice
from seqterm.tui.widgets import panel
from seqterm.tui.work_screen import WorkScreen

MOST = 4  # models side by side
MACHINE_LENGTH = 400  # tokens of the sample of a checkpoint
EMPTY = """[b]There is no language model yet.[/b]

Press [b]1[/b] for the runs, and there [b]t[/b] to train one: on the bundled tales that takes seconds.
Or in a shell:  [b]seqterm train lstm tales -o tales-lstm[/b]"""
HELP = """## Playground

Type how a text begins and press **Enter**: the model goes on with it.

- **Space** pauses and goes on. **n** draws one token, **b** steps back; after that Space or n begin another branch there.
- **Tab** goes to the bars: up and down choose another token, **Enter** takes it and draws the next. Struck out is what the
  filters remove.
- **Tab** again, or **s**, goes to the knobs: up and down choose one, left and right turn it, also while it writes; Enter types
  a value, Backspace resets it. A mark in the text shows where one was turned. **+** and **-** turn the speed from anywhere.
  *length* (then it pauses) and *seed* are those of what is begun next; without an end a text lets go of its beginning one day.
- **r** writes again from the prompt with the next seed, **t** shows all branches, **e** edits the prompt.
- **o** chooses another model, **a** one more beside it, up to four, **x** takes one away: Space, n and r are for all of them,
  the rest for the one that had the focus last.
- **c** draws the same from each checkpoint that training kept.
- **w** writes the text into a file, **y** copies it, also over SSH.
"""


class Playground(WorkScreen):
    NAME = "playground"
    HELP = HELP
    CSS = """
    Playground #both { height: 1fr; layout: horizontal; }
    Playground #voices { width: 1fr; height: 100%; }
    Playground #side { height: 100%; }
    Playground #from { height: 1fr; }
    Playground #turn { height: auto; }
    Playground #prompt { margin: 0 1; }
    Playground #empty { padding: 1 2; }
    Playground.-narrow #both { layout: vertical; }
    Playground.-narrow #voices { height: 1fr; }
    Playground.-narrow #side { height: 20; }
    Playground.-short #turn, Playground.-short.-narrow #side { display: none; }
    Playground.-short.-knobs #turn { display: block; height: 1fr; overflow-y: auto; }
    Playground.-short.-narrow.-knobs #side { display: block; height: 1fr; }
    Playground.-short.-knobs #from, Playground.-short.-narrow.-knobs #voices { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "write", "Write"),
        Binding("n", "step", "Step"),
        Binding("b", "back", "Back"),
        Binding("r", "again", "Again"),
        Binding("e", "edit", "Prompt"),
        Binding("t", "tree", "Branches"),
        Binding("o", "model", "Model"),
        Binding("a", "beside", "Beside"),
        Binding("x", "alone", "Take this model away", show=False),
        Binding("c", "checkpoints", "Checkpoints"),
        Binding("w", "export", "Write to a file", show=False),
        Binding("y", "copy", "Copy the text", show=False),
        Binding("s", "knobs", "Knobs", show=False),
        Binding("plus", "speed(1)", "Faster", show=False),
        Binding("minus", "speed(-1)", "Slower", show=False),
        Binding("escape", "leave_prompt", "Leave the prompt", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.voices: list[Voice] = []
        self._current: Voice | None = None

    def content(self) -> Iterator[Widget]:
        yield Static(EMPTY, id="empty")
        with Container(id="both"):
            yield Horizontal(id="voices")
            with Vertical(id="side"):
                yield panel("Drawn from", Distribution(), id="from")
                yield panel("Knobs", Knobs(), id="turn")
        yield Input(placeholder="How does the text begin? Enter writes on", id="prompt", compact=True)

    def on_mount(self) -> None:
        self.query_one("#empty").display = False
        fitting_runs(self, LANGUAGE, self._begin)

    def on_screen_resume(self, event: ScreenResume) -> None:
        if not self.voices:
            fitting_runs(self, LANGUAGE, self._begin)

    # Which models

    @property
    def current(self) -> Voice | None:
        """The one that has, or last had, the focus."""
        return self._current or next(iter(self.voices), None)

    def _begin(self, runs: list[RunSummary]) -> None:
        """With the runs of the last time, or the newest."""
        names = [run.run for run in runs]
        if not self.voices and names:
            self._take_runs([run for run in self.workbench.memory.get(self.NAME, ()) if run in names] or names[:1])
        self.query_one("#empty").display = not self.voices
        self.query_one("#both").display = self.query_one("#prompt").display = bool(self.voices)

    def show_run(self, run: str) -> None:
        self._take_runs([run])

    def _take_runs(self, runs: list[str]) -> None:
        """Let these write; a model that writes already keeps its text."""
        for voice in self.voices:
            if voice.run not in runs:
                voice.drop()
                voice.remove()
        kept = [voice for voice in self.voices if voice.run in runs]
        new = [Voice(run) for run in runs if run not in {voice.run for voice in kept}]
        self.voices, self._current = kept + new, next(iter(new), None)
        self.query_one("#voices").mount(*new)
        self.workbench.memory[self.NAME] = [voice.run for voice in self.voices]
        for voice in new:  # so that it writes at once when it is asked to, and what is wrong is said now
            self.do(Next(run=voice.run, top=1), lambda events: None)
        self.query_one("#prompt").focus()
        self._show_choice()

    def action_model(self) -> None:
        """Another model in the place of the current one."""
        others = [voice.run for voice in self.voices if voice is not self.current]
        choose_run(self, "Which model writes", LANGUAGE, lambda run: self._take_runs([*others, run]))

    def action_beside(self) -> None:
        if len(self.voices) == MOST:
            self.notify(f"{MOST} models are the most: x takes one away.")
            return
        runs = [voice.run for voice in self.voices]
        choose_run(self, "Which model writes beside", LANGUAGE, lambda run: self._take_runs([*runs, run]))

    def action_alone(self) -> None:
        """Without the current one, where there are others."""
        if len(self.voices) > 1:
            self._take_runs([voice.run for voice in self.voices if voice is not self.current])

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if isinstance(event.widget, StoryView):
            self._current = next(voice for voice in self.voices if voice.view is event.widget)
            self._show_choice()

    # Writing

    def _start_where_nothing_is(self) -> None:
        for voice in self.voices:
            if voice.story.begun is None:
                voice.start(self.query_one("#prompt", Input).value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """All begin with this."""
        for voice in self.voices:
            voice.start(event.value)
        self._write()
        self.action_leave_prompt()

    def _write(self) -> None:
        self._count_seed([voice.write(self.query_one(Knobs).wanted) for voice in self.voices])

    def _count_seed(self, begins: list[bool]) -> None:
        """What is begun after this has the next seed."""
        if any(begins):
            knobs = self.query_one(Knobs)
            knobs.set(SEED, knobs.pace.seed + 1)

    def action_write(self) -> None:
        """Pause those that write, or let all go on."""
        if any(voice.is_writing for voice in self.voices):
            for voice in self.voices:
                voice.pause()
        else:
            self._start_where_nothing_is()
            self._write()

    def action_step(self) -> None:
        """One token."""
        self._start_where_nothing_is()
        self._count_seed([voice.step(self.query_one(Knobs).wanted) for voice in self.voices])

    def action_back(self) -> None:
        if self.current:
            self.current.back()

    def action_again(self) -> None:
        """From the prompt, with the next seed."""
        for voice in self.voices:
            voice.drop()
            voice.story.restart()
        self._start_where_nothing_is()
        self._write()

    def action_edit(self) -> None:
        self.query_one("#prompt").focus()

    def action_leave_prompt(self) -> None:
        self.remove_class("-knobs")
        if self.current:
            self.current.view.focus()

    # Steering

    def on_voice_moved(self, event: Voice.Moved) -> None:
        self._show_choice()

    def _show_choice(self) -> None:
        token = self.current.story.shown if self.current else None
        self.query_one(Distribution).choice = token.choice if token else None

    def on_distribution_taken(self, event: Distribution.Taken) -> None:
        """Take another token, and draw what follows it."""
        if (voice := self.current) and voice.pick(event.token):
            self._count_seed([voice.step(self.query_one(Knobs).wanted)])

    def on_story_view_chosen(self, event: StoryView.Chosen) -> None:
        if self.current:
            self.current.put_cursor(event.token)

    def on_knobs_turned(self, event: Knobs.Turned) -> None:
        for voice in self.voices:
            if event.name not in PACE:
                voice.change(event.name, event.value)
            elif voice.job and event.name == SPEED:
                voice.job.delay = self.query_one(Knobs).delay

    def action_knobs(self) -> None:
        """To the knobs, which are shown for it where there is little room."""
        self.add_class("-knobs")
        self.query_one(Knobs).focus()

    def action_speed(self, by: int) -> None:
        self.query_one(Knobs).turn(SPEED, by)

    def on_knobs_typed(self, event: Knobs.Typed) -> None:
        def take(text: str | None) -> None:
            if text is not None:
                try:
                    self.query_one(Knobs).read(event.name, text)
                except UsageError as error:
                    self.notify(str(error), severity="error", markup=False)

        self.app.push_screen(Ask(event.name.replace("_", "-"), event.value, "Nothing switches it off."), take)

    # Branches, checkpoints, and what becomes of the text

    def action_tree(self) -> None:
        if not (voice := self.current) or voice.story.begun is None:
            return

        def go(number: str | None) -> None:
            if number is not None:
                voice.drop()
                voice.story.go(voice.story.tree.node(int(number)))
                voice.update()

        voice.pause()
        self.app.push_screen(Branches(voice.story.tree), go)

    def action_checkpoints(self) -> None:
        """The same prompt and seed over the checkpoints that training kept."""
        if voice := self.current:
            voice.pause()
            prompt = self.query_one("#prompt", Input).value if voice.story.begun is None else voice.story.begun
            wanted = self.query_one(Knobs).wanted
            about: dict[str, Any] = {"length": wanted.length or MACHINE_LENGTH, "seed": voice.seed or wanted.seed}
            command = Sample(run=voice.run, prompt=prompt, time_machine=True, **about, **wanted.values)
            self.app.push_screen(TimeMachine(self, command))

    def action_export(self) -> None:
        """Write the text up to the cursor into a file, whole."""
        if voice := self.current:
            ask_for_file(self.app, f"{Path(voice.run).name}.txt", voice.story.text)

    def action_copy(self) -> None:
        if voice := self.current:
            self.app.copy_to_clipboard(voice.story.text.encode("utf-8", "replace").decode())
            self.notify(f"{len(voice.story.text):,} letters are copied.")
