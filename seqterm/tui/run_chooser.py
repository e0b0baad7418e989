"""A list to choose a run from."""

from collections.abc import Callable, Collection

from rich.text import Text

from seqterm.app.commands import ListRuns
from seqterm.events import Event, RunSummary
from seqterm.models.catalogue import CATALOGUE
from seqterm.render.plain import plain
from seqterm.tui.chooser import Chooser
from seqterm.tui.work_screen import WorkScreen


def models_of(*families: str) -> frozenset[str]:
    """The names of all models of these families."""
    return frozenset(name for name, entry in CATALOGUE.items() if entry.family in families)


LANGUAGE = models_of("network", "ngram", "hmm")  # that speak, but for a hidden Markov model of numbers


def fitting_runs(screen: WorkScreen, models: Collection[str], then: Callable[[list[RunSummary]], None]) -> None:
    """Find the runs of these models, the newest first, beside the screen."""
    found: list[Event] = []

    def end(error: BaseException | None) -> None:
        if error:
            screen.workbench.report(error)
        then([event for event in found if isinstance(event, RunSummary) and event.model in models])

    screen.do(ListRuns(), found.extend, end, quiet=True)


def choose_run(screen: WorkScreen, title: str, models: Collection[str], then: Callable[[str], None]) -> None:
    """Let a person choose one of the runs of these models; `then` is not called where they leave it."""

    def chosen(run: str | None) -> None:
        if run is not None:
            then(run)

    def ask(runs: list[RunSummary]) -> None:
        screen.app.push_screen(RunChooser(title, runs), chosen)

    fitting_runs(screen, models, ask)


class RunChooser(Chooser):
    """One of these runs, by a part of its name, model or corpus."""

    HELP = "Type a part of a run's name, model or corpus; arrows go through the list, Enter takes a run, Escape none."
    COLUMNS = "run", "model", "corpus", "loss"
    PLACEHOLDER = "name, model or corpus"

    def __init__(self, title: str, runs: list[RunSummary]):
        super().__init__(title)
        self._runs = runs

    def rows(self, wanted: str) -> dict[str, list[Text]]:
        fits = wanted.casefold()
        return {run.run: _row(run) for run in self._runs if fits in f"{run.run} {run.model} {run.corpus}".casefold()}

    def hint(self, wanted: str) -> str:
        return "No run of that name fits here." if self._runs else "No run fits here. On the screen of runs, t trains one."


def _row(run: RunSummary) -> list[Text]:
    loss = "-" if run.validation_loss is None else f"{run.validation_loss:.3f}"
    return [Text(plain(text)) for text in (run.run, run.model, run.corpus, loss)]
