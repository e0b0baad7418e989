"""Suggestions in grey: how the loaded model would go on with the line."""

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from seqterm.errors import SeqtermError
from seqterm.repl.talk import Talk

LONGEST = 400  # letters of the line that the model reads
TOKENS = 16


class ModelSuggest(AutoSuggest):
    """The most probable tokens up to the end of the line; nothing for commands, or while the model is loading or busy."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        text = document.text
        if not text or text.startswith("/") or self._talk.run is None or not self._talk.using.acquire(blocking=False):
            return None
        try:
            loaded = self._talk.session.loaded(self._talk.run)
            if loaded is None:
                return None
            drawn = loaded.sample(text[-LONGEST:], strategy="argmax", length=TOKENS, until="\n")
        except SeqtermError:  # nothing to suggest after tokens that the model has never seen
            return None
        finally:
            self._talk.using.release()
        return Suggestion(drawn.split("\n")[0])
