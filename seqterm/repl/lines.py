"""What stands in a line: a command, options, runs, a text."""

import json
import re
import shlex
from typing import Any

from seqterm.app.commands import COMMANDS, Command, Duel
from seqterm.app.commands.base import OnLines, Prompted
from seqterm.app.parsing import option_flags, split_words
from seqterm.errors import UsageError
from seqterm.faces.answer import DRAWN, WITH_JSON, View
from seqterm.faces.views import Screen
from seqterm.models.catalogue import CATALOGUE
from seqterm.store.home import existing_run, run_path

VIEWS: dict[str, tuple[str, bool]] = {
    "--quiet": ("quiet", True),
    "-q": ("quiet", True),
    "--jsonl": ("jsonl", True),
    "--json": ("json", True),
    "--echo": ("echo", True),
    "--no-echo": ("echo", False),
    "--chart": ("chart", True),
    "--no-chart": ("chart", False),
}
FILES = {"--svg": "svg", "--html": "html"}  # that what is drawn is written into
TEXTUAL = (OnLines, Prompted, Duel)  # commands that are about a text, which counts to the letter
WORD = re.compile(r"\s*(\S+)")


def family(run: str) -> str:
    """Of the model in a run: network, ngram, vectors, ...; "" where its config.json is broken, which loading it says best.

    DataError where there is no run.  numpy is not imported for this, so that the first prompt comes soon.
    """
    try:
        return CATALOGUE[json.loads((existing_run(run) / "config.json").read_bytes())["model"]].family
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def is_run(word: str) -> bool:
    return (run_path(word) / "config.json").is_file()


def made(command_class: type[Command], given: dict[str, Any]) -> Command:
    """A command with what settings files and the environment say of it."""
    from seqterm.app import settings_files

    path = next(path for path, one in COMMANDS.items() if one is command_class)
    return settings_files.configured(path, given, settings_files.defaults(path, None, given))


def split(text: str) -> list[str]:
    """Words, quoted as in a shell; an apostrophe that closes nothing stands for itself."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def name_and_rest(line: str) -> tuple[str, str]:
    """/name rest"""
    found = re.fullmatch(r"/(\S*)\s?(.*)", line, re.DOTALL)
    assert found
    return found[1], found[2]


def unquoted(text: str) -> str:
    """Text as it stands, or, in double quotes, as JSON has it: "two\\nlines"."""
    if not text.startswith('"'):
        return text
    try:
        value = json.loads(text, strict=False)
    except ValueError as error:
        raise UsageError(f"What begins with a quote must be a JSON string: {error}.") from error
    return str(value)


def view_and_rest(command_class: type[Command], rest: str) -> tuple[View, str]:
    """The options of showing, where they stand, and what is left; -q comes before a text, none stands in quotes."""
    has_text = issubclass(command_class, TEXTUAL)
    chosen: dict[str, Any] = {}
    files: dict[str, str] = {}
    at = 0
    while (word := WORD.match(rest, at)) and not (has_text and word[1].startswith('"')):
        at, end = word.start(), word.end()
        if word[1] in FILES and command_class in DRAWN:
            if not (file := WORD.match(rest, end)):
                raise UsageError(f"{word[1]} needs a file.")
            files[FILES[word[1]]], end = file[1], file.end()
        elif word[1] in VIEWS and not (word[1] == "-q" and has_text and at):
            name, value = VIEWS[word[1]]
            if name == "json" and command_class not in WITH_JSON:
                raise UsageError("--json is no option of this command: --jsonl shows its events.")
            chosen[name] = value
        else:
            at = end
            continue
        rest = rest[:at] + rest[end:]
    return View(**chosen, screen=Screen(**files)), rest.strip(" ")


def options_and_text(command_class: type[Command], rest: str) -> tuple[dict[str, Any], str]:
    """Options, where they stand, and what is left as it stands; short ones come before it, none after a quote."""
    if not issubclass(command_class, TEXTUAL):
        return {}, rest
    flags = option_flags(command_class)
    options: list[str] = []
    text, at = "", 0
    while word := WORD.match(rest, at):
        if word[1].startswith('"') and not text:
            text = rest[word.start(1) :]
            break
        if not re.match(r"--[a-z]" if text else r"--?[a-z]", word[1]):
            text, at = text + rest[at : word.end()], word.end()
            continue
        options.append(word[1])
        at = word.end()
        if word[1] in flags and flags[word[1]].type is not bool and (value := WORD.match(rest, at)):
            options.append(value[1])
            at = value.end()
    return split_words(command_class, options)[0], text.lstrip(" ")


def leading_runs(text: str) -> tuple[tuple[str, ...], str]:
    """The runs that a text begins with, and the rest."""
    named: list[str] = []
    while (word := WORD.match(text)) and is_run(word[1]):
        named.append(word[1])
        text = text[word.end() :]
    return tuple(named), text.removeprefix(" ")


def begins_with_run(text: str) -> bool:
    """Whether a text begins with a run."""
    word = WORD.match(text)
    return word is not None and is_run(word[1])


def in_quotes(line: str) -> str:
    """The same command with its text, of several lines, in quotes: a line of a script."""
    first = re.match(r"\S+\s((--?[a-z]\S*\s+)*)", line)
    end = first.end() if first else 0
    return line[:end].replace("\n", " ") + json.dumps(line[end:])
