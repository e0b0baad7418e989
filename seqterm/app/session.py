"""What outlives a command: loaded models, the wish to stop, and wishes for other settings."""

from collections.abc import Hashable
from copy import copy
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqterm.app.loaded import LoadedModel
    from seqterm.backends.base import Backend


class _Shared:
    """What sessions beside each other have together."""

    def __init__(self) -> None:
        self.loading = RLock()
        self.models: dict[tuple[str, bool, str], LoadedModel] = {}  # by device, whether a person named it, and run
        self.backends: dict[str, Backend] = {}


class Mailbox:
    """Settings that one thread wants changed, and another, which runs a command, takes from here."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted: dict[str, Any] = {}

    def put(self, **settings: Any) -> None:
        """Of one setting the last value counts."""
        with self._lock:
            self._wanted.update(settings)

    def take(self) -> dict[str, Any]:
        """{name: value} of what has come since."""
        with self._lock:
            taken, self._wanted = self._wanted, {}
        return taken


class Session:
    """`stop` is read between training steps and between chunks of tokens; a face sets it, from any thread or signal handler.

    `mailbox`: changes of sampling settings, which a Sample reads where it reads `stop`.
    `holds`: whether a loaded model stays as it is when its run changes; `forget` has it read anew.
    `device`: where models compute that are loaded from now on, cpu or cuda; `insists`: whether a person named it.
    `stoppable`: whether a command has come so far that it reads `stop`; before that only an exception ends it.
    """

    def __init__(self, holds: bool = False) -> None:
        self.stop = self.stoppable = False
        self.mailbox = Mailbox()
        self.device, self.insists = "cpu", False
        self.holds = holds
        self.kept: dict[Hashable, Any] = {}  # what a command has loaded and the next may ask again
        self._shared = _Shared()

    def beside(self) -> "Session":
        """One whose commands run at the same time and are stopped by themselves; what either loads both have."""
        other = copy(self)
        other.stop = other.stoppable = False
        other.mailbox = Mailbox()
        return other

    @property
    def backend(self) -> "Backend":
        from seqterm.backends.select import select

        with self._shared.loading:
            if self.device not in self._shared.backends:
                self._shared.backends[self.device] = select(device=self.device)
            return self._shared.backends[self.device]

    def load(self, run: str) -> "LoadedModel":
        """The model of a run, kept for the next command as long as its checkpoint stays the same."""
        from seqterm.app.loaded import LoadedModel

        with self._shared.loading:
            key = self.device, self.insists, run
            loaded = self._shared.models.get(key)
            if loaded is None or not (self.holds or loaded.is_current()):
                loaded = self._shared.models[key] = LoadedModel.open(run, self.backend, insisted=self.insists)
            return loaded

    def loaded(self, run: str) -> "LoadedModel | None":
        """The model of a run, if it has been loaded."""
        models = self._shared.models
        own = models.get((self.device, self.insists, run))
        return own or next((model for (*_, name), model in models.items() if name == run), None)

    def forget(self, run: str) -> None:
        """Read the model anew when it is next asked for."""
        for key in [key for key in self._shared.models if key[-1] == run]:
            self._shared.models.pop(key, None)
