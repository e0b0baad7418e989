"""How a model reads text.  Light: no numpy."""

from dataclasses import dataclass

KINDS = ("char", "byte", "space", "word")
SENTENCES = ("none", "line", "punctuation")


@dataclass(frozen=True)
class TextFormat:
    """kind: what a token is.  sentences: what is bracketed by start and end marks.  lowercase: before anything else."""

    kind: str = "char"
    sentences: str = "none"
    lowercase: bool = False

    @property
    def joined(self) -> bool:
        """Whether tokens are parts of words (characters, bytes), so that text is their mere sequence."""
        return self.kind in ("char", "byte")
