"""The short commands that a session has besides those of the command line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqterm.app.arguments import convert
from seqterm.app.commands import COMMANDS
from seqterm.app.parsing import nearest
from seqterm.errors import DataError, UsageError
from seqterm.faces import notes, output
from seqterm.options import Parameter, check, parameters
from seqterm.repl.lines import unquoted
from seqterm.repl.talk import Talk
from seqterm.sampling.settings import SamplingSettings
from seqterm.store.home import run_name, run_path

TOP = 10  # tokens to choose from
NUMBER_OF = {"top-k": "top_k", "top-p": "top_p", "min-p": "min_p"}  # what the number after a strategy is


@dataclass(frozen=True)
class Short:
    """`usage`: what comes after the name; `do(talk, rest)` -> exit code, or None for 0.

    is_text: the rest counts to the letter; is_kept: a script has the line as it was typed.
    """

    usage: str
    help: str
    do: Callable[[Talk, str], int | None]
    is_text: bool = False
    is_kept: bool = True


def _fields() -> dict[str, Parameter]:
    return {parameter.flag: parameter for parameter in parameters(SamplingSettings)}


def sampling_flags() -> set[str]:
    return set(_fields())


def sampling_field(name: str) -> str | None:
    """The field of the sampling settings that /NAME sets, if there is one; a command of that name comes first."""
    return name if name in _fields() and (name,) not in COMMANDS else None


def load(talk: Talk, rest: str) -> None:
    if not rest:
        raise UsageError("Name a run: /load RUN.")
    for run in rest.split() if not (run_path(rest) / "config.json").is_file() else [rest]:
        talk.load(run)


def with_run(talk: Talk, rest: str) -> None:
    """Go on with one of the loaded runs, or load it."""
    found = next((run for run in talk.runs if rest in (run, run_name(run_path(run)))), None)
    if found is None:
        load(talk, rest)
    else:
        talk.run = found


def settings(talk: Talk, rest: str) -> int | None:
    if rest:
        return set_field(talk, rest)
    for flag, parameter in _fields().items():
        output.write(_shown(talk, flag, parameter))
    return None


def _shown(talk: Talk, flag: str, parameter: Parameter) -> str:
    value = talk.sampling.get(parameter.name, parameter.default)
    return f"{flag:<18} {'-' if value is None else value}\n"


def set_field(talk: Talk, rest: str) -> int:
    """FIELD VALUE sets, FIELD alone shows, FIELD default takes back; `strategy top-k 20` sets the strategy and its number."""
    fields = _fields()
    flag, _, text = rest.partition(" ")
    flag, text = flag.replace("_", "-"), text.strip()
    if flag not in fields:
        raise UsageError(f"There is no setting {flag}.{nearest(flag, fields)}")
    parameter = fields[flag]
    if not text:
        output.write(_shown(talk, flag, parameter))
        return 0
    values = dict(talk.sampling)
    strategy, _, number = text.partition(" ")
    if text == "default":
        values.pop(parameter.name, None)
    elif flag == "strategy" and number:
        check(SamplingSettings(strategy=strategy))
        if strategy not in NUMBER_OF:
            raise UsageError(f"{strategy} takes no number: /strategy top-k 20, top-p 0.9 or min-p 0.05.")
        other = next(one for one in fields.values() if one.name == NUMBER_OF[strategy])
        values |= {"strategy": strategy, other.name: convert(other, number)}
    else:
        values[parameter.name] = convert(parameter, unquoted(text))
    check(SamplingSettings(**values))
    talk.sampling = values
    return 0


def text(talk: Talk, rest: str) -> int:
    return talk.continue_text(unquoted(rest))


def add(talk: Talk, rest: str) -> int:
    return talk.add_text(unquoted(rest))


def retry(talk: Talk, rest: str) -> int:
    """The same again with the next seed."""
    node = talk.tree.current
    if node.parent is None:
        raise UsageError("There is nothing to draw again yet.")
    seed = max(one.seed for one in node.parent.children if (one.before, one.added) == (node.before, node.added)) + 1
    return talk.draw(node.parent, node.before, node.added, "/retry", seed=seed)


def undo(talk: Talk, rest: str) -> None:
    node = talk.tree.undo()
    _where(node.text)


def _where(text: str) -> None:
    notes.note(f"The text now ends: {text[-60:]!r}" if text else "The text is empty now.")


def pick(talk: Talk, rest: str) -> int | None:
    """Another token in place of the last one; without a number those that there are."""
    from seqterm.events import NextToken

    node = talk.tree.current
    if not node.text:
        raise UsageError("There is no text yet in which to pick another token.")
    if rest and not (rest.isdecimal() and int(rest)):
        raise UsageError(f"/pick takes the number of a token in the list that /pick shows, not {rest!r}.")
    model = talk.session.load(talk.default_run(COMMANDS["next",]))
    before = model.without_last(node.text)
    ranked = [event for event in talk.ranking(before, int(rest or TOP)) if isinstance(event, NextToken)]
    if not rest:
        for number, event in enumerate(ranked, 1):
            output.write(f"{number:>3}  {event.probability:7.4f}  {event.token!r}\n")
        return None
    if int(rest) > len(ranked):
        raise UsageError(f"There are {len(ranked)} tokens to pick from.")
    chosen = model.with_token(before, ranked[int(rest) - 1].token)
    parent = node.parent or node
    start = parent.text
    if not chosen.startswith(start):  # the last token was that of the text before
        parent, start = talk.tree.root, ""
    return talk.draw(parent, start, chosen[len(start) :], f"/pick {rest}", shown=len(before))


def tree(talk: Talk, rest: str) -> None:
    if rest:
        if not rest.isdecimal():
            raise UsageError(f"/tree takes the number of a text, not {rest!r}.")
        node = talk.tree.go(int(rest))
        return _where(node.text)
    for line in talk.tree.lines():
        output.write(line + "\n")
    return None


def show(talk: Talk, rest: str) -> None:
    output.write(talk.tree.current.text + "\n")


def save(talk: Talk, rest: str) -> None:
    if not rest:
        raise UsageError("Name a file: /save FILE.")
    from seqterm.store.files import write_whole

    try:
        write_whole(Path(rest), "".join(f"{line}\n" for line in talk.script).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise DataError(f"Cannot write {rest}: {error.strerror}.") from error
    notes.note(f"`seqterm repl < {rest}` does this session again.")


def leave(talk: Talk, rest: str) -> None:
    talk.leaving = True


def help_text(talk: Talk, rest: str) -> None:
    lines = _help_of(rest.removeprefix("/").split()) if rest else _overview()
    output.write("".join(f"{line}\n" for line in lines))


def _overview() -> Iterator[str]:
    yield "A line of text is continued; an empty line goes on with the text; // begins a text with a slash."
    yield ""
    for name, short in SHORTS.items():
        yield f"  /{f'{name} {short.usage}':<28} {short.help}"
    yield f"  /{'SETTING VALUE':<28} Sets {', '.join(sorted(sampling_flags()))}."
    yield ""
    yield "Commands of the command line; the loaded run and the current text stand for what is left out:"
    for path, command_class in COMMANDS.items():
        yield f"  /{' '.join(path):<28} {(command_class.__doc__ or '').split('.')[0]}."


def _help_of(words: list[str]) -> Iterator[str]:
    from seqterm.app.parsing import split_path

    if words[0] in SHORTS:
        yield f"/{words[0]} {SHORTS[words[0]].usage}\n  {SHORTS[words[0]].help}"
    if words[0] in SHORTS and (words[0],) not in COMMANDS:
        return
    if len(words) == 1 and sampling_field(words[0]):
        yield f"/{words[0]} VALUE\n  {_about(_fields()[words[0]])}"
        return
    path, _ = split_path(words)
    yield f"/{' '.join(path)}\n  {COMMANDS[path].__doc__}"
    for parameter in parameters(COMMANDS[path]):
        name = (parameter.option.metavar or parameter.name.upper()) if parameter.option.positional else f"--{parameter.flag}"
        yield f"  {name:<22} {_about(parameter)}"


def _about(parameter: Parameter) -> str:
    """Help, choices and default."""
    value: Any = parameter.default
    has_default = value not in (None, (), "", False) and not parameter.option.positional
    choices = f"  ({', '.join(parameter.option.choices)})" if parameter.option.choices else ""
    return f"{parameter.option.help}{choices}{f'  [{value}]' if has_default else ''}"


SHORTS = {
    "load": Short("RUN...", "Load runs, or load them anew; the last one continues texts.", load),
    "with": Short("RUN", "Go on with another of the loaded runs.", with_run),
    "set": Short("[SETTING [VALUE]]", "Show or set a sampling setting; VALUE default takes it back.", settings),
    "text": Short("TEXT", 'Continue a text; "two\\nlines" in quotes.', text, is_text=True, is_kept=False),
    "add": Short("TEXT", "Write this after the current text, and go on.", add, is_text=True, is_kept=False),
    "retry": Short("", "Draw the last continuation again, with the next seed.", retry, is_kept=False),
    "undo": Short("", "Back to the text before.", undo),
    "pick": Short("[N]", "Show what could stand in place of the last token; N takes it and goes on.", pick, is_kept=False),
    "tree": Short("[N]", "Show all texts and what continues what; N goes back to one.", tree),
    "show": Short("", "Show the current text whole.", show),
    "save": Short("FILE", "Write a script that does this session again.", save, is_kept=False),
    "help": Short("[COMMAND]", "Show the commands, or one of them.", help_text, is_kept=False),
    "quit": Short("", "Leave, as Ctrl-D does.", leave, is_kept=False),
}
