"""Names that a word may be completed to."""

from collections.abc import Iterable

from seqterm.errors import SeqtermError


def known_names(kind: str | None, begun: tuple[str, ...] | None = None) -> list[str]:
    """kind: run, corpus, profile or, after the words that are `begun`, command; of any other there are none."""
    names: list[str] = []
    if kind == "run":
        from seqterm.store.home import runs_folder

        names = [path.parent.name for path in runs_folder().glob("*/config.json")]
    elif kind == "corpus":
        from seqterm.store.home import fetched_folder
        from seqterm.text.corpus import bundled, fetched

        names = [*bundled(), *fetched(fetched_folder())]
    elif kind == "profile":
        names = _profiles()
    elif kind == "command":
        from seqterm.app.commands import COMMANDS
        from seqterm.app.settings_files import table_of

        names = next_words((table_of(path) for path, command in COMMANDS.items() if command.configurable), begun)
    return sorted(names)


def next_words(phrases: Iterable[tuple[str, ...]], begun: tuple[str, ...] | None) -> list[str]:
    """The words that may come after those of a phrase that is begun."""
    begun = tuple(begun or ())
    return list({phrase[len(begun)]: None for phrase in phrases if phrase[: len(begun)] == begun and len(phrase) > len(begun)})


def _profiles() -> list[str]:
    """None where a settings file cannot be read: completion is no place for errors."""
    from seqterm.app.settings_files import profile_names

    try:
        return profile_names()
    except (SeqtermError, OSError):
        return []
