"""Names that a word may be completed to."""


def known_names(kind: str | None) -> list[str]:
    """kind: run or corpus; of any other there are none."""
    names: list[str] = []
    if kind == "run":
        from seqterm.store.home import runs_folder

        names = [path.parent.name for path in runs_folder().glob("*/config.json")]
    elif kind == "corpus":
        from seqterm.store.home import fetched_folder
        from seqterm.text.corpus import bundled, fetched

        names = [*bundled(), *fetched(fetched_folder())]
    return sorted(names)
