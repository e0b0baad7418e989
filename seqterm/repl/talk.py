"""What a session does with a line: text is continued by the loaded model, /words are commands."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS, Command, Duel, Forecast, Next, Sample
from seqterm.app.commands.base import OnLines, Prompted
from seqterm.app.commands.vectors import OnVectors
from seqterm.app.parsing import nearest, place, split_path, split_words
from seqterm.app.session import Session
from seqterm.app.tree import Node, Tree
from seqterm.errors import DataError, UsageError
from seqterm.faces import notes
from seqterm.faces.answer import View, settled, show_events
from seqterm.options import parameters
from seqterm.repl.lines import (
    WORD,
    begins_with_run,
    family,
    in_quotes,
    is_run,
    leading_runs,
    made,
    name_and_rest,
    options_and_text,
    split,
    unquoted,
    view_and_rest,
)
from seqterm.text.corpus import given_input

if TYPE_CHECKING:
    from seqterm.events import Event


class Talk:
    """`sampling`: the sampling settings that a person set; `script`: lines that would do all this again."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.runs: list[str] = []
        self.run: str | None = None
        self.sampling: dict[str, Any] = {}
        self.tree = Tree()
        self.script: list[str] = []
        self.leaving = False
        self.using = threading.Lock()  # one thread at a time asks a model
        self._said: set[tuple[str, str]] = set()

    def do(self, line: str) -> int:
        """-> exit code; raises what a failing command raises."""
        from seqterm.repl.shorts import SHORTS, sampling_field, set_field

        with self.using:
            if not line.startswith("/") or line.startswith("//"):
                return self.continue_text(line.removeprefix("/"))
            name, rest = name_and_rest(line)
            if name in SHORTS:
                if rest.strip() and not SHORTS[name].usage:
                    raise UsageError(f"/{name} stands alone, without {rest.strip()!r}.")
                code = SHORTS[name].do(self, rest if SHORTS[name].is_text else rest.strip()) or 0
                if SHORTS[name].is_kept:
                    self.script.append(line)
                return code
            if setting := sampling_field(name):
                code = set_field(self, f"{setting} {rest.strip()}".strip())
                self.script.append(line)
                return code
            return self.command(line)

    # Runs

    def load(self, run: str) -> None:
        """Load a run, or load it anew, and go on with it."""
        speaks = family(run) not in ("vectors", "forecast")
        self.session.forget(run)
        if speaks:
            self._ask_model(run)
        self.runs = [*(name for name in self.runs if name != run), run]
        self.run = run if speaks else self.run
        self._said = {said for said in self._said if said[0] != run}

    def warm(self, run: str) -> None:
        """Load a run that speaks and draw a token, so that its kernels are there."""
        if family(run) not in ("vectors", "forecast"):
            self._ask_model(run)
            if (loaded := self.session.loaded(run)) is not None:
                loaded.sample(length=1, seed=1)

    def _ask_model(self, run: str) -> None:
        """Hidden Markov models of numbers have no language."""
        try:
            self.session.load(run)
        except UsageError:
            if family(run) != "hmm":
                raise

    def default_run(self, command_class: type[Command]) -> str:
        """The loaded run that a command is about: the last of its family, or the current one."""
        wanted = "vectors" if issubclass(command_class, OnVectors) else "forecast" if command_class is Forecast else None
        fitting = [run for run in self.runs if wanted and is_run(run) and family(run) == wanted]
        choice = [*self.runs[-1:], *([self.run] if self.run else []), *fitting]
        if not choice:
            raise UsageError("No run is loaded: /load RUN loads one, /runs list shows them.")
        return choice[-1]

    def look(self, run: str) -> None:
        """Say once that a loaded run has been changed or deleted."""
        loaded = self.session.loaded(run)
        if loaded is None:
            return
        try:
            changed = "" if loaded.is_current() else f"{run} has been trained on since it was loaded: /load {run} loads it anew."
        except DataError:
            changed = f"{run} is gone from the disk, or damaged; its model stays loaded."
        if changed and (run, changed) not in self._said:
            self._said.add((run, changed))
            notes.note(changed)

    # Texts

    def continue_text(self, line: str) -> int:
        """A text of its own; nothing goes on with the current one."""
        if not line:
            return self.draw(self.tree.current, self.tree.current.text, "", "")
        typed = line if "\n" not in line and "\r" not in line and not line.startswith("/") else f"/text {json.dumps(line)}"
        return self.draw(self.tree.root, "", line, typed)

    def add_text(self, text: str) -> int:
        """The current text goes on with this."""
        return self.draw(self.tree.current, self.tree.current.text, text, f"/add {json.dumps(text)}")

    def draw(self, parent: Node, before: str, added: str, line: str, shown: int | None = None, seed: int | None = None) -> int:
        """Continue before + added with the loaded model, and keep the text, also where it was interrupted.

        line: what a script says for this; shown: letters of it that are on the screen, at first those before.
        """
        from seqterm.events import Piece, Sampled

        run = self.default_run(Sample)
        self.look(run)
        own, seeded = self._seeded()
        chosen = own + parent.depth if seed is None else seed
        command = made(Sample, {**self.sampling, "seed": chosen, "run": run, "prompt": before + added})
        pieces: dict[int, list[str]] = {}
        cut: list[int] = []

        def kept(events: Iterator["Event"]) -> Iterator["Event"]:
            for event in events:
                if isinstance(event, Piece):
                    pieces.setdefault(event.sample, []).append(event.text)
                elif isinstance(event, Sampled) and event.stopped_by == "interrupt":
                    cut.append(event.tokens)
                yield event

        try:
            return self._show(command, View(shown=len(before) if shown is None else shown), kept)
        finally:
            grown = [self.tree.grow(parent, before, added, "".join(pieces[number]), run, chosen) for number in sorted(pieces)]
            if grown:
                self.tree.go(grown[0].number)
                lines = [f"/length {cut[0]}", line, f"/length {self.sampling.get('length', 'default')}"] if cut else [line]
                self.script += [*(seeded if seed is None else []), *lines]

    def _seeded(self) -> tuple[int, list[str]]:
        """A seed, and the line that sets it where no person has."""
        if "seed" in self.sampling:
            return self.sampling["seed"], []
        chosen = secrets.randbits(48)
        return chosen, [f"/seed {chosen}"]

    def _show(self, command: Command, view: View, kept: Callable[[Iterator["Event"]], Iterator["Event"]] = iter) -> int:
        from seqterm.app.run import run

        code = show_events(command, kept(run(settled(command, view), self.session)), self.session, view)
        view.screen.export()
        return code

    # Commands

    def command(self, line: str) -> int:
        """A command of the command line; what it leaves out is the loaded run and the current text."""
        from seqterm.repl.shorts import SHORTS, sampling_flags

        name, rest = name_and_rest(line)
        known = {path[0] for path in COMMANDS} | SHORTS.keys() | sampling_flags()
        if name not in known:
            raise UsageError(f"There is no command /{name}.{nearest(name, known).replace('mean ', 'mean /')}")
        second = WORD.match(rest)
        path, value = split_path([name, second[1]] if second else [name])
        if len(path) == 2 and second:  # train lstm; train --resume RUN; train --resume=RUN
            rest = " ".join([rest[second.end() :].lstrip(" "), *value])
        view, rest = view_and_rest(COMMANDS[path], rest)
        command, data, seeded = self.read(COMMANDS[path], rest)
        if run := getattr(command, "run", None):
            self.look(run)
        with nullcontext() if data is None else given_input(data.encode("utf-8", "surrogateescape")):
            code = self._show(command, view)
        self.script += [*seeded, line if "\n" not in line else in_quotes(line)]
        return code

    def read(self, command_class: type[Command], rest: str) -> tuple[Command, str | None, list[str]]:
        """A command, what it reads as standard input, and the line of a script that sets its seed."""
        given, text = options_and_text(command_class, rest)
        seeded: list[str] = []
        if issubclass(command_class, Sample | Duel):
            given = {**self.sampling, **given}
            if "seed" not in given:
                given["seed"], seeded = self._seeded()
        if command_class is Duel:
            named, text = leading_runs(text)
            given.setdefault("prompt", unquoted(text) or self.tree.current.text)
            return made(Duel, {**given, "runs": named or self.language_runs()}), None, seeded
        if not issubclass(command_class, OnLines | Prompted) or begins_with_run(text):
            own, alone = split_words(command_class, split(rest))
            return (
                made(command_class, {**given, **own, **place(command_class, self._with_run(command_class, alone))}),
                "",
                seeded,
            )
        given["run"] = self.default_run(command_class)
        words = unquoted(text) or self.tree.current.text
        if issubclass(command_class, OnLines):
            is_file = len(text.split()) == 1 and Path(text).is_file()
            return made(command_class, {**given, "source": text if is_file else "-"}), words, seeded
        if not given.keys() & {"prompt", "prompt_file"}:
            given["prompt"] = words
        return made(command_class, given), None, seeded

    def language_runs(self) -> tuple[str, ...]:
        return tuple(run for run in self.runs if self.session.loaded(run) or family(run) not in ("vectors", "forecast"))

    def _with_run(self, command_class: type[Command], alone: list[str]) -> list[str]:
        """Put the loaded run first where none is named and there is room for it."""
        fields = [parameter for parameter in parameters(command_class) if parameter.option.positional]
        if not fields or fields[0].name not in ("run", "vectors"):
            return alone
        room = any(parameter.many for parameter in fields) or len(alone) < len(fields)
        names_one = bool(alone) and (is_run(alone[0]) or (fields[0].name == "vectors" and Path(alone[0]).is_file()))
        return [self.default_run(command_class), *alone] if room and not names_one else alone

    def ranking(self, text: str, top: int) -> list["Event"]:
        """The events of Next after a text."""
        from seqterm.app.run import run

        return list(run(build(Next, {"run": self.default_run(Next), "prompt": text, "top": top}), self.session))
