"""Words after the conventions of the Penn Treebank, and readable text from them again.

"He left!" -> He left !    "don't" -> do n't    "(3,000 'men')" -> ( 3,000 ' men ' )

Any white space is a space.  What a stretch without white space becomes depends on nothing around it, but for whether it opens
the line and whether the line ends with it.  A text has few different stretches, so each is split once and remembered.
"""

import re

REMEMBERED = 1 << 19  # stretches; more are forgotten all at once
LONGEST = 64  # letters of a stretch that is remembered
WHITE = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
CLOSERS = WHITE + "])}>\"'»”’"  # what may stand between the last full stop and the end of a line

# In the order in which they apply.  A full stop inside a line belongs to its word: only the last one is split off.
OPENING = (
    (re.compile(r"([«“‘„]|`+)"), r" \1 "),
    (re.compile(r'^"'), "``"),
    (re.compile(r"(``)"), r" \1 "),
    (re.compile(r"([ (\[{<])(?:\"|'')"), r"\1 `` "),
    (re.compile(r"(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", re.IGNORECASE), "' "),
)
LAST_STOP = re.compile(r"([^.])\.([\])}>\"'»”’ ]*)$")
CLOSING = (
    (re.compile(r"([:,])(\D|$)"), r" \1 \2"),
    (re.compile(r"(\.{2,}|[;@#$%&?!\u2012-\u2015])"), r" \1 "),
    (re.compile(r"([^'])' "), r"\1 ' "),
)
QUOTING: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (re.compile(r"(--|[*()\[\]{}<>»”’])"), r" \1 "),
    (re.compile(r"''|\""), " '' "),
    (re.compile(r"([^' ])('[sSmMdD]|') "), r"\1 \2 "),
    (re.compile(r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) "), r"\1 \2 "),
    (re.compile(r"\b(can)(not)\b|\b(d)('ye)\b|\b(gim)(me)\b|\b(gon)(na)\b|\b(got)(ta)\b|\b(lem)(me)\b", re.IGNORECASE), None),
    (re.compile(r"\b(more)('n)\b|\b(wan)(na)(?=\s)", re.IGNORECASE), None),
    (re.compile(r" ('t)(is)\b", re.IGNORECASE), None),
    (re.compile(r" ('t)(was)\b", re.IGNORECASE), None),
)
PLAIN_ENDS = ",;:?!"
WRITTEN_AS_ONE = frozenset(["cannot", "gimme", "gonna", "gotta", "lemme", "wanna"])


def _halves(match: re.Match[str]) -> str:
    """The two parts of a word that is written as one."""
    first, second = (group for group in match.groups() if group is not None)
    return f" {first} {second} "


def _split(stretch: str, opens: bool, ends: bool) -> tuple[str, ...]:
    """The tokens of one stretch; opens: at the very start of a line; ends: at its end, with a full stop or a quotation mark."""
    last = stretch[-1]
    word = stretch[:-1] if last in PLAIN_ENDS or (ends and last == ".") else stretch
    if word.isalpha() and word.lower() not in WRITTEN_AS_ONE:
        return (word,) if word is stretch else (word, last)
    text = stretch if opens else " " + stretch
    for pattern, opening in OPENING:
        text = pattern.sub(opening, text)
    text = LAST_STOP.sub(r"\1 . \2 ", text) if ends else text + " "
    for pattern, closing in CLOSING:
        text = pattern.sub(closing, text)
    text += " "
    for pattern, quoting in QUOTING:
        text = pattern.sub(quoting or _halves, text)
    return tuple(text.split())


_inside: dict[str, tuple[str, ...]] = {}
_at_an_end: dict[tuple[str, bool, bool], tuple[str, ...]] = {}


def _remember_end(stretch: str, opens: bool, ends: bool) -> tuple[str, ...]:
    key = (stretch, opens, ends)
    found = _at_an_end.get(key)
    if found is None:
        found = _split(*key)
        if len(stretch) <= LONGEST:
            if len(_at_an_end) >= REMEMBERED:
                _at_an_end.clear()
            _at_an_end[key] = found
    return found


def tokenize(line: str) -> list[str]:
    """The words of one line or sentence."""
    body = line.rstrip(CLOSERS)
    last = ""
    if body.endswith("."):
        begin = len(body) - len(body.rsplit(None, 1)[-1])
        line, last = line[:begin], " ".join(line[begin:].split())
    elif line.endswith("'"):
        last = line.split()[-1]
        line = line[: -len(last)]
    tokens: list[str] = []
    stretches = line.split()
    if stretches and line[0] in "'\"":  # only quotation marks look different at the start of a line
        tokens.extend(_remember_end(stretches.pop(0), True, False))
    inside = _inside
    for stretch in stretches:
        found = inside.get(stretch)
        if found is None:
            found = _split(stretch, False, False)
            if len(stretch) <= LONGEST:
                if len(inside) >= REMEMBERED:
                    inside.clear()
                inside[stretch] = found
        tokens.extend(found)
    if last:
        tokens.extend(_remember_end(last, not line, True))
    return tokens


ENDINGS = frozenset(["n't", "'s", "'m", "'d", "'ll", "'re", "'ve", "N'T", "'S", "'M", "'D", "'LL", "'RE", "'VE"])
NO_SPACE_BEFORE = ENDINGS | frozenset([",", ".", ";", ":", "?", "!", ")", "]", "}", "%", "''", "'", "”", "’", "»", "..."])
NO_SPACE_AFTER = frozenset(["(", "[", "{", "``", "`", "$", "#", "“", "‘", "«"])
APOSTROPHE = re.compile(r"(^'|[sxz]$|in$|^o$|^th$)", re.IGNORECASE)  # after which ' ends a word: dogs', goin', o', th'
QUOTES = {"``": '"', "''": '"'}
HALVES = frozenset(
    ["can not", "d 'ye", "gim me", "gon na", "got ta", "lem me", "more 'n", "wan na", "'t is", "'t was"]
)  # of words that are written as one


def spaced(before: str | None, token: str) -> str:
    """A token as it stands in readable text after another (None: at the start): with a space in front where one belongs."""
    space = before is not None and token not in NO_SPACE_BEFORE and before not in NO_SPACE_AFTER
    space = space and f"{before} {token}".lower() not in HALVES
    return (" " if space else "") + QUOTES.get(token, token)
