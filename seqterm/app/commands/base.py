"""What every command is, and what many share."""

from dataclasses import dataclass
from typing import ClassVar

from seqterm.options import argument, option

DEVICES = ("auto", "cpu", "cuda")
RUN = "A run: a path, or a name that `seqterm runs list` shows."


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base class.  `given`: the names of fields that a person set in this very command, as opposed to defaults, be they built in
    or from settings files or the environment, which give way where they do not fit."""

    configurable: ClassVar[bool] = True  # whether settings files may have defaults for it
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class OnDevice(Command):
    """A command whose model may compute on a GPU."""

    device: str = option("auto", "Where the model computes; auto: on a GPU where there is one that can be used.", choices=DEVICES)


@dataclass(frozen=True, kw_only=True)
class LittleOnDevice(OnDevice):
    """One that a processor is quicker at, as it draws or reads little at a time."""

    device: str = option(
        "cpu", "Where the model computes; a GPU pays for hundreds of samples, or large batches.", choices=DEVICES
    )


@dataclass(frozen=True, kw_only=True)
class Prompted(LittleOnDevice):
    """A command on a run that takes a prompt."""

    run: str = argument(RUN, complete="run")
    source: str | None = argument("-: read the prompt from standard input.", metavar="-")
    prompt: str | None = option(None, "The text to continue.", short="p", metavar="TEXT")
    prompt_file: str | None = option(None, "Read the prompt from a file.", metavar="FILE", complete="file")


@dataclass(frozen=True, kw_only=True)
class OnLines(Command):
    """A command on a run that works on lines of text."""

    run: str = argument(RUN, complete="run")
    source: str = argument("A file, or - for standard input.", default="-", metavar="FILE|-", complete="file")
