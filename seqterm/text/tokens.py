"""Tokens of a text: characters, bytes, or what stands between white space.

A kind of token is three choices: how bytes become text (`read`), how text becomes tokens (`split`), how tokens become text again
(`Decoder`).  Bytes are read as the 256 characters U+0000 to U+00FF, so that they go the way of characters.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from seqterm.errors import DataError

KINDS = ("char", "byte", "space")
CHUNK = 1 << 22  # bytes read at a time
SPACE_TOKEN = re.compile(r"\n|[^ \t\r\f\v\n]+")


def read(paths: Iterable[Path], kind: str) -> Iterator[str]:
    """The text of the files, one after the other, in pieces that end between tokens; DataError names file and byte offset."""
    rest = ""
    for path in paths:
        for piece in _read_file(path, kind):
            if kind != "space":
                yield piece
                continue
            piece = rest + piece
            end = max(piece.rfind(" "), piece.rfind("\n")) + 1
            rest = piece[end:]
            yield piece[:end]
    if rest:
        yield rest


def _read_file(path: Path, kind: str) -> Iterator[str]:
    """Pieces of one file: bytes as Latin-1, everything else as UTF-8 without byte-order mark."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0
    try:
        with path.open("rb") as file:
            while raw := file.read(CHUNK):
                if kind == "byte":
                    yield raw.decode("latin-1")
                else:
                    if offset == 0:
                        raw = raw.removeprefix(codecs.BOM_UTF8)
                    yield _decode(raw, offset, decoder, path)
                offset = file.tell()
            if kind != "byte":
                _decode(b"", offset, decoder, path)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error


def _decode(raw: bytes, offset: int, decoder: codecs.IncrementalDecoder, path: Path) -> str:
    """raw, which stands at `offset` in the file, as text; b"" says that the file ends here."""
    hint = "use --tokens byte, or convert the file to UTF-8"
    zero = raw.find(b"\0")
    if zero >= 0:
        raise DataError(f"{path} is binary, not text: a NUL byte at offset {offset + zero}; {hint}.")
    pending = len(decoder.getstate()[0])
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        place = offset - pending + error.start
        raise DataError(f"{path} is not UTF-8: byte 0x{error.object[error.start]:02x} at offset {place}; {hint}.") from error


def split(text: str, kind: str) -> list[str] | str:
    """Text as `read` gives it -> its tokens; a newline is a token of its own."""
    return SPACE_TOKEN.findall(text) if kind == "space" else text


def from_prompt(text: str, kind: str) -> str:
    """A person's text in the form that `read` gives."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1") if kind == "byte" else text


class Decoder:
    """Tokens back to text, piece by piece.  Bytes that are no UTF-8 come out as lone surrogates (PEP 383)."""

    def __init__(self, kind: str, after: str = ""):
        """`after`: the text that the tokens continue."""
        self._kind = kind
        self._bytes = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._space_due = bool(after) and not after[-1].isspace()

    def feed(self, tokens: Iterable[str], final: bool = False) -> str:
        """The text of the next tokens; with `final` also of an unfinished character before them."""
        if self._kind == "byte":
            return self._bytes.decode("".join(tokens).encode("latin-1"), final)
        if self._kind == "char":
            return "".join(tokens)
        pieces = []
        for token in tokens:
            pieces.append(" " + token if self._space_due and token != "\n" else token)
            self._space_due = token != "\n"
        return "".join(pieces)
