"""The commands on word vectors."""

from dataclasses import dataclass

from seqterm.app.commands.base import Command
from seqterm.options import argument, option

VECTORS = "A run of word vectors, or of a network with an embedding; or a file of vectors (word2vec, GloVe, fastText)."


@dataclass(frozen=True, kw_only=True)
class OnVectors(Command):
    """A command on word vectors."""

    vectors: str = argument(VECTORS, metavar="RUN|FILE", complete="run")
    which: str | None = option(
        None, "Of a run with two vectors a word (default: input, for glove their sum).", choices=("input", "output", "sum")
    )
    skip_bad_rows: bool = option(False, "Go on without the rows of a file that cannot be read.")
    restrict: int | None = option(None, "Only the first so many words, the most frequent ones, are known.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Similar(OnVectors):
    """Words nearest to each word, or to a sum: king - man + woman."""

    words: tuple[str, ...] = argument(
        "Words, or one sum; signs stand apart.  None: a line each from standard input.", default=(), metavar="WORD..."
    )
    metric: str = option("cosine", "euclid: the squared distance, smaller is nearer.", choices=("cosine", "euclid"))
    top: int = option(10, "Words to show for each.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Analogy(OnVectors):
    """Answer questions such as man woman king: man is to woman as king is to what."""

    words: tuple[str, ...] = argument(
        "Three words a question.  None: a question a line from standard input.", default=(), metavar="A B C..."
    )
    method: str = option(
        "add",
        "add: cosine with b - a + c; mul: product of cosines; euclid: squared distance from b - a + c, smaller is better.",
        choices=("add", "mul", "euclid"),
    )
    top: int = option(1, "Answers to each question.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class OddOneOut(OnVectors):
    """The word that does not belong to the others."""

    words: tuple[str, ...] = argument("Three words at least.", default=(), metavar="WORD...")


@dataclass(frozen=True, kw_only=True)
class EvaluateVectors(OnVectors):
    """Answer a file of analogies, and compare cosines with people's scores of word pairs."""

    questions: tuple[str, ...] = option((), "Analogies: four words a line.", metavar="FILE", complete="file")
    pairs: tuple[str, ...] = option((), "Pairs of words with scores.", metavar="FILE", complete="file")
    method: str = option("add", "As `seqterm analogy` has it.", choices=("add", "mul", "euclid"))
    rules: str = option("gensim", "Whose rules to go by.", choices=("gensim", "word2vec"))


@dataclass(frozen=True, kw_only=True)
class MapVectors(OnVectors):
    """Draw words in the plane that shows most of them."""

    words: tuple[str, ...] = argument("Words; a:b stands for an arrow from a to b.", default=(), metavar="WORD...")


@dataclass(frozen=True, kw_only=True)
class ExportVectors(OnVectors):
    """Write vectors into a file that other tools read."""

    file: str = argument("The file to write.", metavar="FILE", complete="file")
    format: str = option("word2vec-binary", "What to write.", choices=("word2vec", "word2vec-binary", "glove", "fasttext"))
