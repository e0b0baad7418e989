"""The commands about corpora: list, info, get, split, stats."""

import hashlib
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlparse

import numpy as np

from seqterm.app.commands import CorpusInfo, CorpusStats, GetCorpus, ListCorpora, SplitCorpus
from seqterm.app.session import Session
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import CorpusCounts, CorpusEntry, Event, Progress
from seqterm.store.home import fetched_folder
from seqterm.text import corpus, tokens
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import Vocabulary

POLL_SECONDS = 0.1  # between two looks at a download
SHA256, NAME = re.compile(r"[0-9a-fA-F]{64}"), re.compile(r"\w[\w.+-]*")
RANKS = 60  # points of the frequency plot


class Known(NamedTuple):
    """A text that can be fetched by name."""

    url: str
    sha256: str


KNOWN = {
    "tinyshakespeare": Known(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(name: str, kind: str, path: Path, checksum: bool = False) -> CorpusEntry:
    return CorpusEntry(name, kind, path.stat().st_size, str(path), _sha256(path) if checksum else "")


def list_corpora(command: ListCorpora, session: Session) -> Iterator[Event]:
    """Bundled, fetched, known."""
    for name, paths in corpus.bundled().items():
        if name != corpus.ALL:
            yield _entry(name, "bundled", paths[0])
    together = corpus.bundled()[corpus.ALL]
    yield CorpusEntry(corpus.ALL, "bundled", sum(path.stat().st_size for path in together), str(corpus.bundled_folder()))
    fetched = corpus.fetched(fetched_folder())
    for name, paths in fetched.items():
        yield _entry(name, "fetched", paths[0])
    for name, known in KNOWN.items():
        if name not in fetched:
            yield CorpusEntry(name, "known", 0, known.url, known.sha256)


def info(command: CorpusInfo, session: Session) -> Iterator[Event]:
    """One entry a file."""
    fetched = corpus.fetched(fetched_folder())
    if command.corpus in KNOWN and command.corpus not in fetched and not Path(command.corpus).exists():
        known = KNOWN[command.corpus]
        yield CorpusEntry(command.corpus, "known", 0, known.url, known.sha256)
        return
    kind = "bundled" if command.corpus in corpus.bundled() else "fetched" if command.corpus in fetched else "file"
    for path in corpus.find((command.corpus,), Path(), fetched_folder()):
        yield _entry(path.stem, kind, path, checksum=True)


class _Meter:
    """What pooch tells about a download."""

    def __init__(self) -> None:
        self.total, self.done = 0, 0

    def update(self, n: int) -> None:
        self.done += n

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing to clear away."""


def get(command: GetCorpus, session: Session) -> Iterator[Event]:
    """Fetch into a temporary file, compare the checksum, then rename: a broken download leaves nothing."""
    address = urlparse(command.source)
    if command.source in KNOWN:
        url, sha256 = KNOWN[command.source]
        name = command.name or command.source
    elif address.scheme in ("http", "https"):
        if not SHA256.fullmatch(command.sha256 or ""):
            raise UsageError("Give the --sha256 of the text, 64 hexadecimal digits: it is kept only if it is what was meant.")
        url, sha256 = command.source, (command.sha256 or "").lower()
        name = command.name or Path(address.path).stem
    else:
        raise UsageError(f"{command.source} is no address (https://...) and no known corpus ({', '.join(KNOWN)}).")
    if not NAME.fullmatch(name) or name in corpus.bundled():
        taken = "is the name of a bundled corpus" if NAME.fullmatch(name) else "cannot be a corpus name"
        raise UsageError(f"{name!r} {taken}: give another with --name.")
    path = fetched_folder() / f"{name}.txt"
    yield from _download(url, sha256, path)
    yield _entry(name, "fetched", path, checksum=True)


def _download(url: str, sha256: str, path: Path) -> Iterator[Event]:
    import pooch
    import requests

    if path.exists() and _sha256(path) == sha256:
        return
    pooch.get_logger().setLevel("ERROR")
    meter, failure = _Meter(), []
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".get-", ignore_cleanup_errors=True) as folder:

        def fetch() -> None:
            downloader = pooch.HTTPDownloader(progressbar=meter, timeout=30)
            try:
                pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=folder, downloader=downloader)
            except Exception as error:
                failure.append(error)

        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            if meter.done:
                yield Progress(meter.done, meter.total)
        match failure:
            case [requests.RequestException() as error]:
                raise SeqtermError(f"Could not fetch {url}: {error}.") from error
            case [ValueError() as error]:
                raise DataError(f"{url} is not what was meant: its checksum is not {sha256}; nothing was kept.") from error
            case [Exception() as error]:
                raise error
        (Path(folder) / path.name).replace(path)


def split(command: SplitCorpus, session: Session) -> Iterator[Event]:
    """Two files beside the one; lines stay whole and in their order."""
    path = Path(command.file)
    if path.exists() and not path.is_file():
        raise DataError(f"Cannot split {path}: it is no file.")
    first, second = (path.with_name(f"{path.stem}.{part}{path.suffix}") for part in ("train", "held-out"))
    for part in (first, second):
        if part.exists():
            raise UsageError(f"{part} is there already: move it away first.")
    try:
        with path.open("rb") as file:
            n = sum(1 for _ in file)
        if n < 2:
            raise DataError(f"{path} has {n} lines: there is nothing to split.")
        n_train = min(n - 1, max(1, round(command.train * n)))
        chosen = np.arange(n) < n_train
        if command.shuffle:
            chosen = np.random.Generator(np.random.Philox(key=command.seed)).permutation(chosen)
        with path.open("rb") as file, first.open("wb") as train, second.open("wb") as held_out:
            for line, here in zip(file, chosen, strict=True):
                (train if here else held_out).write(line)
    except OSError as error:
        raise DataError(f"Cannot split {path}: {error.strerror}.") from error
    yield _entry(first.name, "file", first)
    yield _entry(second.name, "file", second)


def stats(command: CorpusStats, session: Session) -> Iterator[Event]:
    """Counts, and the frequency of every rank in steps of equal ratio."""
    if not command.corpus:
        raise UsageError("Name the text to count: a file, a corpus such as `tales`, or - for standard input.")
    form = TextFormat(command.tokens, lowercase=command.lowercase)
    lines = 0

    def pieces(paths: list[Path]) -> Iterator[str]:
        nonlocal lines
        for piece in tokens.read(paths, form):
            lines += piece.count("\n")
            yield piece

    with corpus.spooled(command.corpus, fetched_folder()) as paths:
        vocabulary = Vocabulary.count(pieces(paths), form)
    counts = np.array(vocabulary.counts)
    ranks = np.unique(np.geomspace(1, len(counts), RANKS).round().astype(int))
    yield CorpusCounts(
        tokens=int(counts.sum()),
        types=len(counts),
        hapaxes=int((counts == 1).sum()),
        lines=lines,
        most_frequent=list(zip(vocabulary.tokens[:10], vocabulary.counts[:10], strict=True)),
        ranks=ranks.tolist(),
        frequencies=counts[ranks - 1].tolist(),
    )
