"""Tokens of a text: characters, bytes, what stands between white space, or words.

A format is four choices: how bytes become text (`read`), where sentences end (`sentences`), how text becomes tokens
(`split`), how tokens become text again (`Decoder`).  Bytes are read as the 256 characters U+0000 to U+00FF, so that they go
the way of characters.  Only \\n ends a line.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from seqterm.errors import DataError
from seqterm.text import penn
from seqterm.text.format import TextFormat

CHUNK = 1 << 22  # bytes read at a time
WHITE = " \t\r\f\v\n"  # what separates tokens of --tokens space
SPACE_TOKEN = re.compile(rf"\n|[^{WHITE}]+")
ABBREVIATIONS = r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bProf)"
LONGEST_ABBREVIATION = 4
SENTENCE_END = re.compile(rf"""(?:{ABBREVIATIONS}\.|[!?])["')\]”’]*\s+(?=["'(\[“‘]*[A-Z0-9])|\n[ \t\r]*\n\s*""")


def read(paths: Iterable[Path], form: TextFormat) -> Iterator[str]:
    """The text of the files, one after the other, in pieces that end between tokens, and between sentences where there are any.

    DataError names file and byte offset of what is no text.
    """
    rest: list[str] = []  # what stands after the last place to cut, in parts
    between = "" if form.joined else " " if form.kind == "space" else "\n"  # words end where files do, and sentences too
    between = between if form.sentences == "none" else "\n"
    for path in paths:
        if any(rest) and not rest[-1].endswith((" ", "\n")):
            rest.append(between)
        for piece in _read_file(path, form.kind):
            if form.lowercase:
                piece = _lower(piece, form.kind)
            end = _last_cut(piece, form)
            if end:
                yield "".join([*rest, piece[:end]])
                rest = []
            rest.append(piece[end:])
    if last := "".join(rest):
        yield last


def _last_cut(piece: str, form: TextFormat) -> int:
    """Up to where a piece of text can be given out, whatever comes next; 0: nothing yet."""
    if form.sentences == "punctuation":
        whole = (match.end() for match in SENTENCE_END.finditer(piece) if match.start() > LONGEST_ABBREVIATION)
        return max(whole, default=0)
    if form.sentences == "line" or form.kind == "word":
        return piece.rfind("\n") + 1
    return len(piece) if form.joined else max(piece.rfind(" "), piece.rfind("\n")) + 1


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
                    text = raw.removeprefix(codecs.BOM_UTF8) if offset == 0 else raw
                    yield _decode(text, offset + len(raw) - len(text), decoder, path)
                offset += len(raw)
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


def sentences(text: str, form: TextFormat) -> list[str]:
    """The sentences of text, without blank ones; without sentence marks the whole text is one."""
    match form.sentences:
        case "line":
            white = WHITE if form.kind == "space" else None
            return [line.removesuffix("\r") for line in text.split("\n") if line.strip(white)]
        case "punctuation":
            return [" ".join(sentence.split()) for sentence in _cut(text) if sentence.strip()]
    return [text]


def _cut(text: str) -> list[str]:
    """Text cut behind every sentence; a stop ends one where a capital, a digit or an opening quote follows."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def split(text: str, kind: str) -> list[str] | str:
    """Text -> its tokens.  Between white space, a newline is a token of its own; between words it is mere space.

    Words are split off sentence by sentence, as the Treebank's conventions ask: the stop of each is a token.
    """
    if kind == "word":
        return [token for line in text.split("\n") for sentence in _cut(line) for token in penn.tokenize(sentence)]
    return SPACE_TOKEN.findall(text) if kind == "space" else text


def from_person(text: str, form: TextFormat) -> str:
    """What a person typed, in the form that `read` gives."""
    if form.kind == "byte":
        text = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return _lower(text, form.kind) if form.lowercase else text


def _lower(text: str, kind: str) -> str:
    """In lower case; of bytes the ASCII letters alone, as any other is part of a letter."""
    return text.encode("latin-1").lower().decode("latin-1") if kind == "byte" else text.lower()


class Decoder:
    """Tokens back to text, piece by piece.  Bytes that are no UTF-8 come out as lone surrogates (PEP 383)."""

    def __init__(self, kind: str, after: str = ""):
        """`after`: the text that the tokens continue."""
        self._kind = kind
        self._bytes = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._before: str | None = None
        self._in_quotes = False  # single ones
        if after and after[-1] not in WHITE and not (kind == "word" and after[-1].isspace()):
            self._before = penn.tokenize(after.rpartition("\n")[2])[-1] if kind == "word" else "word"

    def feed(self, tokens: Iterable[str], final: bool = False) -> str:
        """The text of the next tokens; with `final` also of an unfinished character before them."""
        if self._kind == "byte":
            return self._bytes.decode("".join(tokens).encode("latin-1"), final)
        if self._kind == "char":
            return "".join(tokens)
        return "".join(self._next(token) for token in tokens)

    def _next(self, token: str) -> str:
        before, self._before = self._before, None if token == "\n" else token
        if self._kind == "word" and token == "'":
            self._in_quotes = not self._in_quotes and not penn.APOSTROPHE.search(before or "")
            if self._in_quotes:
                self._before = "`"
                return penn.spaced(before, "`").replace("`", "'")
        if token == "\n" or before is None:
            return penn.QUOTES.get(token, token) if self._kind == "word" else token
        return penn.spaced(before, token) if self._kind == "word" else " " + token

    def new_line(self) -> str:
        """The end of a sentence."""
        self._before, self._in_quotes = None, False
        return "\n"
