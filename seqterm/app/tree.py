"""The texts of a session: each continues one before it, and none is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from seqterm.errors import UsageError

SHOWN = 60  # letters of a text in a drawing


@dataclass(eq=False)
class Node:
    """A stretch of text after that of `parent`: what a person added, and what `run` drew from `seed`."""

    number: int
    parent: "Node | None"
    before: str = ""
    added: str = ""
    drawn: str = ""
    run: str = ""
    seed: int = 0
    children: list["Node"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.before + self.added + self.drawn

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else 1 + self.parent.depth


class Tree:
    """`current` is the text that is gone on with; at first it is empty."""

    def __init__(self) -> None:
        self.root = self.current = Node(0, None)
        self._nodes = [self.root]

    def grow(self, parent: Node, before: str, added: str, drawn: str, run: str, seed: int) -> Node:
        """A new text, which becomes the current one."""
        node = Node(len(self._nodes), parent, before, added, drawn, run, seed)
        parent.children.append(node)
        self._nodes.append(node)
        self.current = node
        return node

    def split(self, node: Node, length: int) -> Node:
        """Cut a text after so many letters of what was drawn, so that another can go on from there; -> the rest of it."""
        rest = Node(
            len(self._nodes), node, node.before + node.added + node.drawn[:length], "", node.drawn[length:], node.run, node.seed
        )
        rest.children, node.children, node.drawn = node.children, [rest], node.drawn[:length]
        for child in rest.children:
            child.parent = rest
        self._nodes.append(rest)
        self.current = rest if self.current is node else self.current
        return rest

    def branches(self) -> Iterator[tuple[int, Node, str]]:
        """(depth, last text, all that it adds) of texts that go on without a branching; one begins wherever several go on."""
        waiting = [(child, 0) for child in reversed(self.root.children)]
        while waiting:
            node, depth = waiting.pop()
            added = [node.added + node.drawn]
            while len(node.children) == 1:
                node = node.children[0]
                added.append(node.added + node.drawn)
            yield depth, node, "".join(added)
            waiting += [(child, depth + 1) for child in reversed(node.children)]

    def undo(self) -> Node:
        """Back to the text before; the other stays in the tree."""
        if self.current.parent is None:
            raise UsageError("There is nothing to undo.")
        self.current = self.current.parent
        return self.current

    def node(self, number: int) -> Node:
        if number >= len(self._nodes):
            raise UsageError(f"There is no text {number}: /tree shows them.")
        return self._nodes[number]

    def go(self, number: int) -> Node:
        self.current = self.node(number)
        return self.current

    def lines(self) -> Iterator[str]:
        """A line a text, indented under that which it continues; * marks the current one."""
        waiting = [(child, 0) for child in reversed(self.root.children)]
        while waiting:
            node, depth = waiting.pop()
            one_line = (node.added + node.drawn).replace("\n", "\\n")
            shown = one_line if len(one_line) <= SHOWN else one_line[: SHOWN - 3] + "..."
            yield f"{'*' if node is self.current else ' '}{node.number:>3} {'  ' * depth}{shown}"
            waiting += [(child, depth + 1) for child in reversed(node.children)]
