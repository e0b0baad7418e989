"""One model that writes: its text, and the command that goes on with it."""

from dataclasses import replace
from typing import Any

from textual.containers import Vertical
from textual.message import Message

from seqterm.app.commands import Sample
from seqterm.events import Changed, Choice, Event, Sampled
from seqterm.render.plain import plain
from seqterm.tui.job import Job
from seqterm.tui.knobs import Wanted
from seqterm.tui.story import Story
from seqterm.tui.story_view import StoryView
from seqterm.tui.work_screen import WorkScreen

STRETCH = 20_000  # tokens of a sample, where the text has no end; then the next one goes on from its last tokens
CANDIDATES = 24


class Voice(Vertical):
    """`run` writes `story`.  What is written between a start and the next is one sample, of one seed."""

    DEFAULT_CSS = """
    Voice { width: 1fr; padding: 0 1; }
    Voice { border: round $foreground 30%; border-title-color: $text; border-subtitle-color: $text-muted; }
    Voice:focus-within { border: round $primary; }
    """

    class Moved(Message):
        """The text or its cursor is another."""

    def __init__(self, run: str):
        super().__init__()
        self.run = run
        self.story = Story()
        self.view = StoryView(self.story)
        self.job: Job | None = None
        self._wanted: Wanted | None = None  # how the last stretch was begun
        self._drawn_with: dict[str, Any] = {}
        self._stepping = False  # until a token comes
        self._is_full = False  # came to its length
        self._ending = ""

    def compose(self) -> Any:
        yield self.view

    def on_mount(self) -> None:
        self.border_title = plain(self.run)
        self.update()

    def update(self) -> None:
        """Show how it stands."""
        self.view.stepping = not self.is_writing
        state = "writing" if self.is_writing else "paused" if self.job else self._ending
        count = self.story.forgotten + self.story.place
        tokens = f"{count:,} token{'' if count == 1 else 's'}"
        self.border_subtitle = f"{state} · {tokens}" if state else tokens
        self.view.update_text()
        self.post_message(self.Moved())

    @property
    def is_writing(self) -> bool:
        return self.job is not None and not self.job.paused

    @property
    def seed(self) -> int | None:
        """That of the last stretch, if there is one."""
        return self._wanted.seed if self._wanted else None

    # What the model does

    def write(self, wanted: Wanted) -> bool:
        """Go on from the cursor: with what was paused there, or else as it is wanted; whether that began another stretch."""
        begins = self.job is None or self.story.cursor is not None
        if begins:
            self._begin(wanted, paused=False)
        elif self.job:
            self.job.go_on()
        self.update()
        return begins

    def step(self, wanted: Wanted) -> bool:
        """One token: the next that is there already, or a new one; whether that began another stretch."""
        self.pause()
        if self.story.on():
            self.update()
            return False
        if begins := self.job is None:
            self._begin(wanted, paused=True)
        self._stepping = True
        assert self.job
        self.job.step()
        return begins

    def _begin(self, wanted: Wanted, paused: bool) -> None:
        self.drop()
        self.story.begin(self.run, wanted.seed)
        if self._drawn_with and self.story.place:
            for name, value in wanted.values.items():
                if value != self._drawn_with[name]:
                    self.story.mark(Changed(0, name, value))
        self._wanted, self._drawn_with = wanted, dict(wanted.values)
        self._ending, self._is_full = "", False
        about: dict[str, Any] = {"length": wanted.length or STRETCH, "seed": wanted.seed, **wanted.values}
        command = Sample(run=self.run, prompt=self.story.text, choices=CANDIDATES, **about)
        assert isinstance(self.screen, WorkScreen)
        self.job = self.screen.do(command, self._take, self._end, wanted.delay, paused)

    def _take(self, events: list[Event]) -> None:
        has_token = False
        for event in events:
            match event:
                case Choice():
                    self.story.add(event)
                    has_token = True
                case Changed():
                    self._drawn_with[event.setting] = event.value
                    self.story.mark(event)
                case Sampled():
                    self._ending, self._is_full = "ended" * (event.stopped_by == "until"), event.stopped_by == "length"
        if self._stepping and has_token:
            self._stepping = False
        elif self._stepping and self.job:
            self.job.step()
        self.update()

    def _end(self, error: BaseException | None) -> None:
        was_writing, job = self.is_writing, self.job
        self.job, self._stepping = None, False
        self._ending = "failed" if error else self._ending
        if job and self._is_full and self._wanted and self._wanted.length is None:
            if was_writing:
                self._go_on(self._wanted, job)
            else:
                self._ending = "paused"
        self.update()

    def _go_on(self, wanted: Wanted, job: Job) -> None:
        """The next stretch of a text without an end, of which the last tokens stay, so that memory suffices for any length."""
        if not self.story.forgotten:
            self.screen.notify("The text is long: from here on its beginning is let go of. The log of samples has it.")
        self.story.forget()
        values = self._drawn_with | job.session.mailbox.take()
        self._begin(replace(wanted, values=values, seed=wanted.seed + 1, delay=job.delay), paused=False)

    # What a person does

    def start(self, prompt: str) -> None:
        """Begin a text."""
        self.drop()
        self.story.start(prompt)

    def pause(self) -> None:
        if self.is_writing and self.job:
            self.job.pause()
            self.update()

    def drop(self) -> None:
        """Write no more; what is written stays."""
        if self.job is not None and isinstance(self.screen, WorkScreen):
            self.screen.drop(self.job)
        self.job, self._stepping = None, False

    def change(self, name: str, value: Any) -> None:
        """Another setting for what is being written."""
        if self.job:
            self.job.session.mailbox.put(**{name: value})

    def back(self) -> None:
        self.pause()
        self.story.back()
        self.update()

    def put_cursor(self, token: int) -> None:
        """Behind a token."""
        self.pause()
        self.story.cursor = None if token + 1 == len(self.story) else token + 1
        self.update()

    def pick(self, name: str) -> bool:
        """Another token in the place of that before the cursor; whether that was possible."""
        assert isinstance(self.screen, WorkScreen)
        model, token = self.screen.workbench.session.loaded(self.run), self.story.shown
        if model is None or token is None or token.choice is None:
            return False
        if name == token.choice.token:
            return True
        before = self.story.text.removesuffix(token.text) if token.text else self.story.text
        self.drop()
        self.story.pick(name, model.with_token(before, name)[len(before) :], self.run)
        self.update()
        return True
