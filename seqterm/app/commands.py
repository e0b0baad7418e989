"""Everything that seqterm can be asked to do, as frozen dataclasses; `run.run` does it."""

from dataclasses import dataclass
from typing import ClassVar

from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings
from seqterm.options import argument, option
from seqterm.sampling.settings import SamplingSettings
from seqterm.training.settings import GUARD, TEXT, ReportSettings, TrainingSettings

RUN = "A run: a path, or a name that `seqterm runs list` shows."


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base class.  `given`: the names of fields that a person set, as opposed to defaults."""

    given: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Train(ReportSettings, TrainingSettings, Command):
    """Train a model on text."""

    model: ClassVar[str]
    corpus: tuple[str, ...] = argument(
        "Text files, bundled corpora by name, or - for standard input.", default=(), metavar="CORPUS...", complete="corpus"
    )
    out: str | None = option(None, "The run: a path, or a name (default: one is made up).", short="o", metavar="RUN")
    from_run: str | None = option(
        None, "Start from the weights and vocabulary of another run.", flag="from", metavar="RUN", complete="run"
    )
    time_limit: float | None = option(None, "Save and stop after this long.", duration=True, above=0.0, group=GUARD)
    tokens: str = option("char", "What a token is.", choices=("char", "byte", "space"), group=TEXT)
    validation: str = option(
        "0.1",
        "Held-out text: the last share of the corpus, or a file; 0: none.",
        metavar="SHARE|FILE",
        complete="file",
        group=TEXT,
    )


@dataclass(frozen=True, kw_only=True)
class TrainElman(ElmanSettings, Train):
    """Train an Elman network: h = tanh(x W_x + h_prev W_h + b)."""

    model = "elman"


@dataclass(frozen=True, kw_only=True)
class TrainLstm(LstmSettings, Train):
    """Train an LSTM."""

    model = "lstm"


@dataclass(frozen=True, kw_only=True)
class TrainGru(GruSettings, Train):
    """Train a GRU."""

    model = "gru"


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Go on with a training that was stopped, with the very weights that an unbroken one would reach."""

    run: str = argument(RUN, complete="run")
    epochs: int | None = option(None, "Train up to this many epochs in all (default: as first asked for).", minimum=1)
    time_limit: float | None = option(None, "Save and stop after this long.", duration=True, above=0.0)


@dataclass(frozen=True, kw_only=True)
class Sample(SamplingSettings, Command):
    """Draw text from a trained model."""

    run: str = argument(RUN, complete="run")
    source: str | None = argument("-: read the prompt from standard input.", metavar="-")
    prompt: str | None = option(None, "The text to continue.", short="p", metavar="TEXT")
    prompt_file: str | None = option(None, "Read the prompt from a file.", metavar="FILE", complete="file")


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """Ask the process that trains a run, here or on another host, to save and end."""

    run: str = argument(RUN, complete="run")


@dataclass(frozen=True, kw_only=True)
class ListRuns(Command):
    """List the runs in the runs folder."""


@dataclass(frozen=True, kw_only=True)
class RemoveRuns(Command):
    """Delete runs with all their files."""

    runs: tuple[str, ...] = argument("Runs to delete.", default=(), metavar="RUN...", complete="run")


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """Show a run: parameters by tensor, settings, corpus, losses."""

    run: str = argument(RUN, complete="run")


@dataclass(frozen=True, kw_only=True)
class Warmup(Command):
    """Compile every kernel once, so that no later command waits for it."""


@dataclass(frozen=True, kw_only=True)
class Paths(Command):
    """Show the folders that seqterm uses."""


COMMANDS: dict[tuple[str, ...], type[Command]] = {
    ("train", "elman"): TrainElman,
    ("train", "lstm"): TrainLstm,
    ("train", "gru"): TrainGru,
    ("train", "--resume"): Resume,
    ("sample",): Sample,
    ("stop",): Stop,
    ("runs", "list"): ListRuns,
    ("runs", "show"): Info,
    ("runs", "rm"): RemoveRuns,
    ("info",): Info,
    ("warmup",): Warmup,
    ("paths",): Paths,
}
