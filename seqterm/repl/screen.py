"""A session at a terminal."""

import threading
from itertools import groupby

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app_session
from prompt_toolkit.auto_suggest import ThreadedAutoSuggest
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import is_searching
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import Output
from prompt_toolkit.utils import get_cwidth

from seqterm.errors import SeqtermError
from seqterm.faces import notes
from seqterm.repl.complete import LineCompleter
from seqterm.repl.ghost import ModelSuggest
from seqterm.repl.history import KeptHistory
from seqterm.repl.start import attempt
from seqterm.repl.talk import Talk
from seqterm.sampling.settings import SamplingSettings
from seqterm.store.home import state_folder

PROMPT = "> "
PASTED = 5_000  # letters from which a pasted text is shown as a mark
BURST = 32  # letters that nobody types at once


def in_bursts(keys: list[KeyPress]) -> list[KeyPress]:
    """The same keys, where many letters that came at once are one paste: a terminal may paste without saying so, and each key
    that is handled by itself takes half a millisecond."""
    joined: list[KeyPress] = []
    for is_letter, group in groupby(keys, lambda press: len(press.key) == 1):
        some = list(group)
        if is_letter and len(some) >= BURST:
            some = [KeyPress(Keys.BracketedPaste, "".join(press.key for press in some))]
        joined.extend(some)
    return joined


def _joining(source: Input) -> Input:
    """The input, giving keys in bursts."""
    read = source.read_keys
    source.read_keys = lambda: in_bursts(read())  # type: ignore[method-assign]
    return source


class Screen:
    """The editor; a long pasted text stands in the line as a mark, and is put in its place when the line is done."""

    def __init__(self, talk: Talk, keys: str, input: Input | None = None, output: Output | None = None) -> None:
        self._talk = talk
        self._pasted: dict[str, str] = {}
        self.prompt: PromptSession[str] = PromptSession(
            PROMPT,
            history=KeptHistory(state_folder() / "history"),
            completer=LineCompleter(talk),
            complete_while_typing=False,
            auto_suggest=ThreadedAutoSuggest(ModelSuggest(talk)),
            bottom_toolbar=self.bar,
            key_bindings=self._bindings(),
            multiline=True,
            enable_open_in_editor=True,
            editing_mode=EditingMode.VI if keys == "vi" else EditingMode.EMACS,
            input=_joining(input or get_app_session().input),
            output=output,
        )
        self.prompt.app.renderer.cpr_not_supported_callback = lambda: None  # the bar is missing then, which needs no words

    def _bindings(self) -> KeyBindings:
        """Enter ends a line, Alt-Enter begins another."""
        bindings = KeyBindings()

        @bindings.add("enter", filter=~is_searching)
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.validate_and_handle()

        @bindings.add("escape", "enter")
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @bindings.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            text = event.data.replace("\r\n", "\n").replace("\r", "\n")
            if len(text) >= PASTED:
                mark = f"[{len(text):,} letters pasted, {len(self._pasted) + 1}]"
                self._pasted[mark] = text
                text = mark
            event.current_buffer.insert_text(text)

        return bindings

    def read(self) -> str:
        line = self.prompt.prompt()
        for mark, text in self._pasted.items():
            line = line.replace(mark, text)
        self._pasted.clear()
        return line

    def bar(self) -> str:
        """Model, strategy and seed, as much as has room."""
        settings = SamplingSettings(**self._talk.sampling)
        number = {"top-k": settings.k, "top-p": settings.p, "min-p": settings.minimum}.get(settings.strategy)
        strategy = settings.strategy + ("" if number is None else f" {number:g}")
        seed = "random" if settings.seed is None else str(settings.seed)
        parts = [self._talk.run or "no run", strategy, f"seed {seed}", f"temperature {settings.temperature:g}"]
        width = self.prompt.output.get_size().columns
        while len(parts) > 1 and get_cwidth("  ".join(parts)) > width:
            parts.pop()
        return "  ".join(parts)


def converse(talk: Talk, keys: str) -> int:
    """Until Ctrl-D."""
    screen = Screen(talk, keys)
    loading = threading.Thread(target=warm, args=(talk,), daemon=True)
    screen.prompt.app.after_render += lambda _: loading.start() if not loading.ident else None
    while not talk.leaving:
        try:
            line = screen.read()
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        attempt(talk, line)
    return 0


def warm(talk: Talk) -> None:
    """Load the runs while the first line is typed, and draw a token from the one that goes first."""
    with talk.using:
        try:
            for run in talk.runs:
                talk.warm(run)
        except SeqtermError as error:
            notes.note(f"seqterm: {error}")
