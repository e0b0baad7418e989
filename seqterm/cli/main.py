"""The command line: words to commands, events to text, errors to exit codes."""

import os
import re
import sys
from typing import Any

import click

import seqterm
from seqterm.app.commands import COMMANDS, Command, Compare, EvaluateVectors, Forecast, Resume, Sample, Score, ShowConfig
from seqterm.app.commands.session import Repl
from seqterm.app.session import Session
from seqterm.cli.click_options import GroupedCommand, GroupedOption, Word, click_parameters
from seqterm.cli.help import help_command
from seqterm.errors import INTERRUPTED, UsageError
from seqterm.faces import notes, output
from seqterm.faces.answer import DRAWN, View, answer, interruptible
from seqterm.faces.views import Screen, is_live
from seqterm.models.catalogue import CATALOGUE
from seqterm.options import parameters

EPILOG = "Exit codes: 0 ok, 1 failure, 2 usage, 3 data or model file, 4 training diverged, 130 interrupted."
EXAMPLES = """
\b
  seqterm train lstm tales -o tales-lstm      train on a bundled corpus
  seqterm sample tales-lstm --prompt "The "   draw text from it
"""


def _do(command: Command, view: View) -> int:
    """Run a command and show its events; -> exit code.  Click would give a closed pipe and Ctrl-C other endings."""
    try:
        session = Session()
        interruptible(session)
        code = answer(command, session, view)
        view.screen.export()
        return code
    except BrokenPipeError:
        output.close_quietly()
        return 0
    except KeyboardInterrupt:
        notes.note("interrupted")
        output.write("")
        os._exit(INTERRUPTED)  # do not wait for a thread that still computes


def _configured(path: tuple[str, ...], given: dict[str, Any], profile: str | None, view: View) -> int:
    """Do a command with what settings files and the environment say of it; -> exit code."""
    from seqterm.app import settings_files

    found = settings_files.defaults(path, profile, given)
    command = settings_files.configured(path, given, found)
    try:
        return _do(command, view)
    except UsageError as error:  # of a value, perhaps, that nobody typed
        flags = {f"--{p.flag}": found[p.name] for p in parameters(type(command)) if p.name in found}
        origins = [f"{flag} is from {flags[flag].origin}" for flag in re.findall(r"--[\w-]+", str(error)) if flag in flags]
        raise UsageError(" ".join((str(error), *(f"({origin})" for origin in dict.fromkeys(origins))))) from error


QUIET = ("quiet", "--quiet", "-q"), "No progress; only the answer."
JSONL = ("jsonl", "--jsonl"), "Events as JSON, an object a line."
DEBUG = ("debug", "--debug"), "Show a traceback with an error."
PROFILE = "With the settings of a profile, from a settings file."


def _profile() -> click.Option:
    (profile,) = (parameter for parameter in parameters(ShowConfig) if parameter.name == "profile")
    return GroupedOption(["profile", "--profile"], metavar="NAME", type=Word(profile), help=PROFILE)


def _flag(names: tuple[str, ...], text: str) -> click.Option:
    return GroupedOption(list(names), is_flag=True, help=text)


def _drawn_into(kind: str) -> click.Option:
    text = f"Write what is drawn into a file of {kind.upper()} too."
    return GroupedOption([kind, f"--{kind}"], metavar="FILE", type=click.Path(), help=text)


def _command(path: tuple[str, ...], command_class: type[Command]) -> click.Command:
    """A Click command for a command class."""
    has_profile = command_class.configurable and bool(parameters(command_class))

    def callback(
        quiet: bool,
        jsonl: bool,
        debug: bool,
        echo: bool = True,
        json: bool = False,
        chart: bool | None = None,
        svg: str | None = None,
        html: str | None = None,
        **values: Any,
    ) -> int:
        profile = values.pop("profile") if has_profile else None
        given = {key: value for key, value in values.items() if value not in (None, ())}
        click.get_current_context().find_root().obj["debug"] |= debug
        return _configured(path, given, profile, View(quiet, jsonl, echo, json, chart, screen=Screen(svg, html)))

    params = [*click_parameters(command_class), _flag(*QUIET), _flag(*JSONL), _flag(*DEBUG)]
    if has_profile:
        params.append(_profile())
    if command_class is Sample:
        params.append(GroupedOption(["echo", "--echo/--no-echo"], default=True, help="Print the prompt before its continuation."))
    if command_class is Forecast:
        params.append(
            GroupedOption(
                ["chart", "--chart/--no-chart"], default=None, help="A chart on standard error.  [default: on a terminal]"
            )
        )
    if command_class in (Compare, EvaluateVectors, Forecast):
        params.append(_flag(("json", "--json"), "One JSON object."))
    if command_class is Score:
        params.append(_flag(("json", "--json"), "One JSON object; with --summary the total alone."))
    if command_class in DRAWN:
        params += [_drawn_into("svg"), _drawn_into("html")]
    return GroupedCommand(path[-1], callback=callback, params=params, help=command_class.__doc__)


@click.group(
    name="seqterm",
    epilog=EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=f"Sequence models in the terminal.\n{EXAMPLES}",
)
@click.version_option(seqterm.__version__, prog_name="seqterm")
@click.option("--debug", is_flag=True, help=DEBUG[1])
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> int | None:
    """On a terminal, without a command, the workbench opens."""
    ctx.obj["debug"] |= debug
    if ctx.invoked_subcommand:
        return None
    if not _has_terminal():
        raise click.UsageError("Name a command.")
    return workbench()


def _has_terminal() -> bool:
    """One of its own, or what a server of Textual's puts in its place, a browser."""
    return "TEXTUAL_DRIVER" in os.environ or (is_live() and sys.stdin is not None and sys.stdin.isatty())


RUN = next(parameter for parameter in parameters(Resume) if parameter.option.positional)
RESUMING = [parameter for parameter in click_parameters(Resume) if isinstance(parameter, click.Option)]


@cli.group(name="train", invoke_without_command=True, params=[*RESUMING, _profile()])
@click.option("--resume", metavar="RUN", type=Word(RUN), help="Go on with a training that was stopped.")
@click.option("--quiet", "-q", is_flag=True, help=QUIET[1])
@click.option("--jsonl", is_flag=True, help=JSONL[1])
@click.option("--debug", is_flag=True, help=DEBUG[1])
@click.pass_context
def train(
    ctx: click.Context, resume: str | None, profile: str | None, quiet: bool, jsonl: bool, debug: bool, **values: Any
) -> int | None:
    """Train a model on text, or go on with a run."""
    ctx.obj["debug"] |= debug
    if ctx.invoked_subcommand:
        if resume is not None:
            raise click.UsageError("--resume goes on with a run as it is: name no model and no text.")
        if quiet or jsonl or any(value is not None for value in (profile, *values.values())):
            raise click.UsageError(f"Give options after the model: seqterm train {ctx.invoked_subcommand} CORPUS --option ...")
        return None
    if resume is None:
        raise click.UsageError("Name a model to train, or a run to --resume.")
    given = {key: value for key, value in {"run": resume, **values}.items() if value is not None}
    return _configured(("train", "--resume"), given, profile, View(quiet, jsonl))


@cli.group(name="runs")
def runs() -> None:
    """List, show, delete, export and import runs."""


@cli.group(name="vectors")
def vectors() -> None:
    """Evaluate, draw and export word vectors."""


@cli.group(name="hmm")
def hmm() -> None:
    """Show hidden Markov models, and find the states behind a text."""


@cli.group(name="ngram")
def ngram() -> None:
    """Read and write n-gram models as ARPA files."""


@cli.group(name="config")
def config() -> None:
    """Show what settings files say."""


@cli.group(name="corpus")
def corpus() -> None:
    """List, fetch, split and count texts."""


@cli.group(name="log")
def log() -> None:
    """Look through the samples that were drawn."""


@cli.command(name="repl", cls=GroupedCommand, params=click_parameters(Repl), help=Repl.__doc__)
def repl(**values: Any) -> int:
    from seqterm.repl.start import start

    return start(Repl(**{key: value for key, value in values.items() if value not in (None, ())}))


@cli.command(name="tui", help="Open the full-screen workbench, as `seqterm` alone does on a terminal.")
def tui() -> int:
    if not _has_terminal():
        raise UsageError("The workbench needs a terminal that can move its cursor.")
    return workbench()


def workbench() -> int:
    from seqterm.tui.start import start

    return start()


def _add_commands() -> None:
    groups: dict[str, click.Group] = {
        "train": train,
        "runs": runs,
        "corpus": corpus,
        "vectors": vectors,
        "hmm": hmm,
        "ngram": ngram,
        "config": config,
        "log": log,
    }
    for path, command_class in COMMANDS.items():
        if path[-1].startswith("-"):
            continue
        made = _command(path, command_class)
        if path[0] == "train":
            made.short_help = CATALOGUE[path[1]].summary
        (groups[path[0]] if len(path) == 2 else cli).add_command(made)


_add_commands()
cli.add_command(help_command)


def main() -> None:
    """The program; always ends the process."""
    output.prepare()
    state = {"debug": "--debug" in sys.argv}  # a wrong command line is refused before its options are read
    try:
        code = cli.main(standalone_mode=False, obj=state)
        output.write("")
    except click.exceptions.NoArgsIsHelpError as error:
        path = error.ctx.command_path if error.ctx else "seqterm"
        notes.usage(error, f"Name a command: `{path} --help` shows them.", state["debug"])
    except click.ClickException as error:
        hint = f" Try `{error.ctx.command_path} --help`." if isinstance(error, click.UsageError) and error.ctx else ""
        notes.usage(error, error.format_message() + hint, state["debug"])
    except click.exceptions.Abort:
        notes.note("interrupted")
        code = INTERRUPTED
    except Exception as error:
        notes.fail(error, state["debug"])
    sys.exit(code or 0)
