"""The commands on runs, folders and corpora."""

from dataclasses import dataclass

from seqterm.app.commands.base import RUN, Command
from seqterm.options import argument, option
from seqterm.text.format import KINDS


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """Ask the process that trains a run, here or on another host, to save and end."""

    run: str = argument(RUN, complete="run")


@dataclass(frozen=True, kw_only=True)
class Watch(Command):
    """Show the curves of a run, and, while any process trains it, how they go on."""

    run: str = argument(RUN, complete="run")
    once: bool = option(False, "Show what there is, and end; without a terminal in any case.")


@dataclass(frozen=True, kw_only=True)
class ListRuns(Command):
    """List the runs in the runs folder."""


@dataclass(frozen=True, kw_only=True)
class CompareRuns(Command):
    """Draw the loss curves of runs over each other, and list the settings in which they differ."""

    runs: tuple[str, ...] = argument("Runs.", default=(), metavar="RUN...", complete="run")


@dataclass(frozen=True, kw_only=True)
class RemoveRuns(Command):
    """Delete runs with all their files."""

    runs: tuple[str, ...] = argument("Runs to delete.", default=(), metavar="RUN...", complete="run")


@dataclass(frozen=True, kw_only=True)
class ExportRun(Command):
    """Write a run, with what is needed to sample, score and resume, into one tar file."""

    run: str = argument(RUN, complete="run")
    file: str = argument("The tar file to write.", metavar="FILE.tar", complete="file")


@dataclass(frozen=True, kw_only=True)
class ImportRun(Command):
    """Unpack a run from a tar file."""

    file: str = argument("A tar file that `runs export` made.", metavar="FILE.tar", complete="file")
    out: str | None = option(None, "The run: a path, or a name (default: the name it had).", short="o", metavar="RUN")


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


@dataclass(frozen=True, kw_only=True)
class Devices(Command):
    """Show where models can compute, and why a GPU is not used."""


@dataclass(frozen=True, kw_only=True)
class ShowConfig(Command):
    """Show what settings files and the environment say, as TOML: of a command every field, else the fields that they set."""

    configurable = False
    command: tuple[str, ...] = argument(
        "A command, as `train lstm`, or the first word of several.", default=(), metavar="COMMAND...", complete="command"
    )
    origins: bool = option(False, "Where each value comes from.")
    profile: str | None = option(None, "With the settings of this profile.", metavar="NAME", complete="profile")


@dataclass(frozen=True, kw_only=True)
class ListCorpora(Command):
    """List the corpora that come with seqterm, those fetched, and those that can be."""


@dataclass(frozen=True, kw_only=True)
class CorpusInfo(Command):
    """Show a corpus: its files, sizes and checksums."""

    corpus: str = argument("A corpus by name, or a file.", complete="corpus")


@dataclass(frozen=True, kw_only=True)
class GetCorpus(Command):
    """Fetch a text, check it, and keep it under a name."""

    source: str = argument("A known name, or an address (https://...).", metavar="NAME|URL", complete="corpus")
    sha256: str | None = option(None, "The checksum that the file must have; needed for an address.", metavar="HEX")
    name: str | None = option(None, "The name to keep it under (default: that of the file).")


@dataclass(frozen=True, kw_only=True)
class SplitCorpus(Command):
    """Cut a file of lines in two: FILE.train and FILE.held-out."""

    file: str = argument("A text file.", metavar="FILE", complete="file")
    train: float = option(0.9, "The share of lines in the first part.", above=0.0, below=1.0)
    shuffle: bool = option(False, "Choose the lines at random; else the last lines are held out.")
    seed: int = option(1, "For --shuffle.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class CorpusStats(Command):
    """Count tokens, types and hapaxes, and plot frequency against rank."""

    corpus: tuple[str, ...] = argument("Text files, corpora by name, or -.", default=(), metavar="CORPUS...", complete="corpus")
    tokens: str = option("word", "What a token is.", choices=KINDS)
    lowercase: bool = option(False, "Turn all text to lower case.")
