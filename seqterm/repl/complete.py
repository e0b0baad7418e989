"""Completion: commands, options and their choices, runs, corpora, files, and words that the loaded model knows."""

from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from seqterm.app.commands import COMMANDS, Command
from seqterm.app.parsing import option_flags
from seqterm.faces.names import known_names
from seqterm.options import Parameter, parameters
from seqterm.repl.shorts import SHORTS, sampling_field, sampling_flags
from seqterm.repl.talk import Talk
from seqterm.sampling.settings import SamplingSettings

MOST = 200  # words of a vocabulary that are offered


class LineCompleter(Completer):
    """What may stand at the cursor."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        word = before[max(before.rfind(mark) for mark in " \n") + 1 :]
        if not before.startswith("/") or before.startswith("//"):
            yield from _offer(word, self._words(word))
            return
        typed = before[1 : len(before) - len(word)].split()
        if not typed:
            commands = {path[0] for path in COMMANDS} | SHORTS.keys() | sampling_flags()
            yield from _offer(word[1:], sorted(commands))
            return
        for kind in self._kinds(typed, word):
            yield from self._of_kind(kind, word)

    def _of_kind(self, kind: "str | tuple[str, ...]", word: str) -> Iterator[Completion]:
        if isinstance(kind, tuple):
            yield from _offer(word, kind)
        elif kind == "file":
            yield from self._paths.get_completions(Document(word), CompleteEvent())
        elif kind == "word":
            yield from _offer(word, self._words(word))
        else:
            yield from _offer(word, known_names(kind))

    def _kinds(self, typed: list[str], word: str) -> Iterator["str | tuple[str, ...]"]:
        """What the word after those typed may be: words of a tuple, a run, a corpus, a file or a word of the vocabulary."""
        name, rest = typed[0], typed[1:]
        if name in SHORTS and (name,) not in COMMANDS:
            yield from self._of_short(name, rest)
        elif sampling_field(name):
            yield from _values(_sampling()[name])
        elif inside := tuple(path[1] for path in COMMANDS if path[0] == name and len(path) == 2):
            if not rest:
                yield inside
            elif (name, rest[0]) in COMMANDS:
                yield from self._of_command(COMMANDS[name, rest[0]], rest[1:], word)
        elif (name,) in COMMANDS:
            yield from self._of_command(COMMANDS[name,], rest, word)

    def _of_short(self, name: str, rest: list[str]) -> Iterator["str | tuple[str, ...]"]:
        if name == "load":
            yield "run"
        elif name == "with":
            yield tuple(self._talk.runs)
        elif name == "set":
            yield from _values(_sampling()[rest[0]]) if rest and rest[0] in _sampling() else [tuple(sorted(sampling_flags()))]
        elif name == "help":
            yield tuple(sorted({path[0] for path in COMMANDS} | SHORTS.keys()))
        elif name == "save":
            yield "file"
        elif SHORTS[name].is_text:
            yield "word"

    def _of_command(self, command_class: type[Command], rest: list[str], word: str) -> Iterator["str | tuple[str, ...]"]:
        flags = option_flags(command_class)
        if rest and rest[-1] in flags and flags[rest[-1]].type is not bool:
            yield from _values(flags[rest[-1]])
        elif word.startswith("-"):
            yield tuple(flag for flag in flags if flag.startswith("--"))
        else:
            fields = [parameter for parameter in parameters(command_class) if parameter.option.positional]
            for parameter in fields:
                yield from _values(parameter)
            yield "word"

    def _words(self, word: str) -> list[str]:
        """Tokens of the current run, which are words, that begin as this one; nothing while the model is not loaded."""
        loaded = self._talk.session.loaded(self._talk.run) if self._talk.run else None
        if loaded is None or not word or loaded.vocabulary.form.joined:
            return []
        special = len(loaded.vocabulary.special)
        found = (token for token in loaded.vocabulary.tokens[special:] if token.startswith(word))
        return [token for token, _ in zip(found, range(MOST), strict=False)]


def _sampling() -> dict[str, Parameter]:
    return {parameter.flag: parameter for parameter in parameters(SamplingSettings)}


def _values(parameter: Parameter) -> Iterator["str | tuple[str, ...]"]:
    if parameter.option.choices:
        yield parameter.option.choices
    elif parameter.option.complete:
        yield parameter.option.complete
        if parameter.option.complete != "file":
            yield "file"


def _offer(word: str, names: Iterable[str]) -> Iterator[Completion]:
    return (Completion(name, -len(word)) for name in names if name.startswith(word))
