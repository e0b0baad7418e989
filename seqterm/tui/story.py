"""A text as it is written: its tokens with what each was drawn from, a cursor in it, and all its branches.  No screen here."""

from dataclasses import dataclass, field, replace

from rich.cells import cell_len

from seqterm.app.tree import Node, Tree
from seqterm.events import Changed, Choice
from seqterm.render.plain import plain

KEPT = 2_000  # tokens of a stretch that remember what they were drawn from
LEFT = 5_000  # tokens of a long text that stay, where it goes on by itself
TAB = "    "
PROMPT, DRAWN, BY_HAND, MARK = "prompt", "drawn", "by hand", "mark"
Cell = tuple[str, str, int]  # a letter, what it is part of, and the number of its token; -1 in a prompt


@dataclass(slots=True)
class Token:
    """`marks`: settings that changed before it."""

    choice: Choice | None
    text: str
    kind: str = DRAWN
    marks: dict[str, str] = field(default_factory=dict)


class Story:
    """`cursor`: how many tokens of the current text count, None for all; those after it stay until something else is drawn.

    `begun`: what it began with, None before anything was begun; `forgotten`: how many tokens it has lost at its beginning.
    `version` grows whenever the text does anything but go on.
    """

    def __init__(self) -> None:
        self.tree = Tree()
        self.cursor: int | None = None
        self.version = self.forgotten = 0
        self.begun: str | None = None
        self._tokens: dict[Node, list[Token]] = {}
        self._earlier: list[Token] = []  # of the stretches before the current one, and
        self._own: list[Token] = []  # its own
        self._marks: dict[str, str] = {}

    # What there is

    @property
    def path(self) -> list[Node]:
        """The texts that the current one consists of, first to last."""
        nodes: list[Node] = []
        node: Node | None = self.tree.current
        while node is not None:
            nodes.append(node)
            node = node.parent
        return nodes[::-1]

    @property
    def prompt(self) -> str | None:
        """What stands before the tokens; None before anything was begun."""
        path = self.path
        return path[1].added if len(path) > 1 else None

    @property
    def tokens(self) -> list[Token]:
        return self._earlier + self._own

    def tokens_from(self, first: int) -> list[Token]:
        return self._own[first - len(self._earlier) :] if first >= len(self._earlier) else self.tokens[first:]

    def __len__(self) -> int:
        return len(self._earlier) + len(self._own)

    @property
    def place(self) -> int:
        """The cursor as a number."""
        return len(self) if self.cursor is None else self.cursor

    @property
    def shown(self) -> Token | None:
        """The token before the cursor."""
        return self.tokens_from(self.place - 1)[0] if self.place else None

    @property
    def text(self) -> str:
        """Prompt and tokens up to the cursor."""
        return (self.prompt or "") + "".join(token.text for token in self.tokens[: self.place])

    # What happens to it

    def start(self, prompt: str) -> None:
        """Begin a text; one that begins alike is gone on with anew."""
        self.begun, self.forgotten = prompt, 0
        same = (node for node in self.tree.root.children if node.added == prompt and not node.drawn)
        self.go(next(same, None) or self.tree.grow(self.tree.root, "", prompt, "", "", 0))

    def restart(self) -> None:
        """Back to the prompt."""
        if self.begun is not None:
            self.start(self.begun)

    def go(self, node: Node) -> None:
        """To any branch."""
        self.tree.current = node
        self.cursor = None
        self._own = self._tokens.setdefault(node, [])
        self._earlier = [token for node in self.path[:-1] for token in self._tokens.get(node, ())]
        self._marks = {}
        self.version += 1

    def begin(self, run: str, seed: int) -> str:
        """Get ready for tokens that follow the cursor; -> the text that they continue."""
        self._branch()
        before = self.tree.current.text
        self.go(self.tree.grow(self.tree.current, before, "", "", run, seed))
        return before

    def _branch(self) -> None:
        """Make the cursor the end of the current text, by cutting the stretch in which it stands."""
        end, left = self.tree.current, self.place
        for node in self.path:
            own = self._tokens.get(node, [])
            if left < len(own):
                end = node if left else node.parent or node
                if left:
                    letters = sum(len(token.text) for token in own[:left] if token.kind == DRAWN)
                    self._tokens[self.tree.split(node, letters)] = own[left:]
                    self._tokens[node] = own[:left]
                break
            left -= len(own)
        self.go(end)

    def forget(self) -> None:
        """Begin anew with the last tokens of the text; other branches are no more."""
        left = self.tokens[-LEFT:]
        self.forgotten += len(self) - len(left)
        self.tree, self._tokens = Tree(), {}
        for token in left:
            token.kind = DRAWN
        node = self.tree.grow(self.tree.root, "", "", "".join(token.text for token in left), "", 0)
        self._tokens[node] = left
        self.go(node)

    def add(self, choice: Choice) -> None:
        """A token that was drawn goes to the end of the current text."""
        self._own.append(Token(choice, choice.text, marks=self._marks))
        self.tree.current.drawn += choice.text
        self._marks = {}
        if len(self._own) > KEPT:
            self._own[-KEPT - 1].choice = None

    def mark(self, change: Changed) -> None:
        """The next token is drawn with another setting."""
        value = "off" if change.value is None else change.value if isinstance(change.value, str) else f"{change.value:g}"
        self._marks[change.setting] = value

    def back(self) -> None:
        self.cursor = max(0, self.place - 1)

    def on(self) -> bool:
        """Forward over a token that is there; whether there was one."""
        if self.place == len(self):
            return False
        self.cursor = None if self.place + 1 == len(self) else self.place + 1
        return True

    def pick(self, name: str, text: str, run: str) -> None:
        """Put another of its candidates in the place of the token before the cursor."""
        token = self.shown
        assert token is not None
        assert token.choice is not None
        probability, chance = next((p, chance) for other, p, chance in token.choice.candidates if other == name)
        chosen = replace(token.choice, token=name, text=text, probability=probability, chance=chance)
        self.cursor = self.place - 1
        self._branch()
        node = self.tree.grow(self.tree.current, self.tree.current.text, text, "", run, 0)
        self._tokens[node] = [Token(chosen, text, BY_HAND, token.marks)]
        self.go(node)


class Wrapped:
    """Text in lines of at most `width` cells, wrapped at words, to which more can be added at the end."""

    def __init__(self, width: int):
        self.width, self.lines = width, [[]]  # type: int, list[list[Cell]]
        self._used = 0  # cells of the last line

    def add_token(self, number: int, token: Token) -> None:
        for name, value in token.marks.items():
            self.add(f"⟨{name.replace('_', '-')} {value}⟩", MARK, number)
        self.add(token.text, token.kind, number)

    def add(self, text: str, kind: str, number: int) -> None:
        for letter in plain(text.replace("\t", TAB)):
            size = cell_len(letter) if letter != "\n" else 0
            while self._used and self._used + size > self.width and letter != " ":
                self._break()
            self.lines[-1].append((letter, kind, number))
            self._used += size
            if letter == "\n":
                self.lines.append([])
                self._used = 0

    def _break(self) -> None:
        """Take the word that has no room into a new line."""
        line = self.lines[-1]
        end = next((i + 1 for i in reversed(range(len(line))) if line[i][0] == " "), 0) or len(line)
        word = line[end:]
        del line[end:]
        self.lines.append(word)
        self._used = sum(cell_len(letter) for letter, _, _ in word)
