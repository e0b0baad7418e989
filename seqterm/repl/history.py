"""Lines typed before, kept in the platform's state folder."""

from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory

from seqterm.faces import notes

LONGEST = 10_000  # letters of a line that is kept


class KeptHistory(FileHistory):
    """A file that cannot be read or written is said once, and lines are kept in memory alone."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path
        self._is_said = False

    def load_history_strings(self) -> Iterable[str]:
        try:
            yield from super().load_history_strings()
        except OSError as error:
            self._say(error)

    def store_string(self, string: str) -> None:
        if len(string) > LONGEST:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            super().store_string(string.encode("utf-8", "replace").decode())
        except OSError as error:
            self._say(error)

    def _say(self, error: OSError) -> None:
        if not self._is_said:
            self._is_said = True
            notes.note(f"Lines are not kept in {self._path}: {error.strerror}.")
