"""The interactive session, and the log of all samples."""

from dataclasses import dataclass

from seqterm.app.commands.base import Command, LittleOnDevice
from seqterm.options import argument, option
from seqterm.sampling.settings import SamplingSettings


@dataclass(frozen=True, kw_only=True)
class Repl(Command):
    """Talk to models that stay loaded: plain text is continued, /help shows the commands.

    Where standard input is no terminal, its lines are a script."""

    runs: tuple[str, ...] = argument(
        "Runs to load; the first one continues texts.", default=(), metavar="[RUN]...", complete="run"
    )
    strict: bool = option(False, "End a script at the first line that fails.")
    keys: str = option("emacs", "How lines are edited.", choices=("emacs", "vi"))


@dataclass(frozen=True, kw_only=True)
class Duel(SamplingSettings, LittleOnDevice):
    """Let several models continue the same text, side by side."""

    runs: tuple[str, ...] = argument("Runs.", default=(), metavar="RUN...", complete="run")
    prompt: str = option("", "The text to continue.", short="p", metavar="TEXT")


@dataclass(frozen=True, kw_only=True)
class ListLog(Command):
    """List the last samples of the log."""

    last: int = option(20, "How many.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class ShowLog(Command):
    """Show one sample of the log whole, with the settings that drew it."""

    number: str = argument("Its number in `seqterm log list`.", metavar="NUMBER")


@dataclass(frozen=True, kw_only=True)
class SearchLog(Command):
    """List the samples that hold a text."""

    words: tuple[str, ...] = argument("The text.", default=(), metavar="TEXT...")
    last: int = option(20, "How many.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class ExportLog(Command):
    """Write all samples of the log into a file, a JSON object a line."""

    file: str = argument("The file to write.", metavar="FILE.jsonl", complete="file")


@dataclass(frozen=True, kw_only=True)
class LogOn(Command):
    """Log samples again."""


@dataclass(frozen=True, kw_only=True)
class LogOff(Command):
    """Log no more samples; those logged are kept."""


@dataclass(frozen=True, kw_only=True)
class ClearLog(Command):
    """Delete all samples of the log."""
