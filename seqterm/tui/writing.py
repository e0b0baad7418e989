"""A model that writes, slowly enough to look at."""

from collections.abc import Callable

from seqterm.app.commands import Sample
from seqterm.events import Event, Piece
from seqterm.tui.job import Job
from seqterm.tui.work_screen import WorkScreen

TICK = 0.1  # seconds from one stretch of text to the next
SPEEDS = (1, 2, 4, 8, 16, 32)  # letters in it


class Writing:
    """Some letters at a time, of a model of words whole words; show(text) gets the text so far, fail(error) what went wrong."""

    def __init__(self, screen: WorkScreen, show: Callable[[str], None], fail: Callable[[BaseException], None]):
        self._screen, self._show, self._fail = screen, show, fail
        self._ticks = screen.set_interval(TICK, self._tick, pause=True)
        self._job: Job | None = None
        self._run = self._text = self._coming = ""
        self._speed = 2
        self.goes_on = self._all_came = False

    @property
    def begun(self) -> bool:
        return self._job is not None

    def begin(self, run: str, text: str, length: int) -> None:
        """Write so many tokens after a text."""
        self.stop()
        self._run, self._text = run, text

        def take(events: list[Event]) -> None:
            self._coming += "".join(event.text for event in events if isinstance(event, Piece))

        def end(error: BaseException | None) -> None:
            self._all_came = True
            if error:
                self.stop()
                self._fail(error)

        self._job = self._screen.do(Sample(run=run, prompt=text, length=length), take, end)
        self.toggle()

    def toggle(self) -> None:
        """Pause, or go on."""
        self.goes_on = not self.goes_on
        if self.goes_on:
            self._ticks.resume()
        else:
            self._ticks.pause()

    def stop(self) -> None:
        """Write no more of this."""
        self._screen.drop(self._job)
        self._job, self._coming, self.goes_on, self._all_came = None, "", False, False
        self._ticks.pause()

    def faster(self, step: int) -> None:
        self._speed = max(0, min(len(SPEEDS) - 1, self._speed + step))
        self._screen.notify(f"{SPEEDS[self._speed] / TICK:.0f} letters a second.")

    def _tick(self) -> None:
        if not self._coming:
            if self._all_came:
                self.stop()
            return
        count = SPEEDS[self._speed]
        loaded = self._screen.workbench.session.loaded(self._run)
        if loaded is not None and not loaded.vocabulary.form.joined:
            space = self._coming.find(" ", count)
            count = len(self._coming) if space < 0 else space
        self._text += self._coming[:count]
        self._coming = self._coming[count:]
        self._show(self._text)
