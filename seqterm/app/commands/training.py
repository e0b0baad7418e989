"""The commands that train models of text, and Resume."""

from dataclasses import dataclass
from typing import ClassVar

from seqterm.app.commands.base import RUN, Command, OnDevice
from seqterm.models.glove_settings import GloveSettings
from seqterm.models.hmm_settings import HmmSettings
from seqterm.models.ngram_settings import SMOOTHING, NgramSettings
from seqterm.models.nnlm_settings import NnlmSettings
from seqterm.models.settings import MODEL, ElmanSettings, GruSettings, LstmSettings, Word2vecSettings
from seqterm.options import argument, option
from seqterm.text.format import KINDS, SENTENCES
from seqterm.training.expectation_settings import ExpectationSettings
from seqterm.training.settings import GUARD, TEXT, TRAINING, ReportSettings, TrainingSettings, VectorTrainingSettings

DETACH = "Train in a process of its own, which goes on when this one and its terminal end."


@dataclass(frozen=True, kw_only=True)
class Train(Command):
    """A command that trains a model."""

    model: ClassVar[str]
    out: str | None = option(None, "The run: a path, or a name (default: one is made up).", short="o", metavar="RUN")
    time_limit: float | None = option(None, "Save and stop after this long.", duration=True, above=0.0, group=GUARD)
    detach: bool = option(False, DETACH, group=GUARD)


@dataclass(frozen=True, kw_only=True)
class FromText(Train):
    """A command that trains on text."""

    corpus: tuple[str, ...] = argument(
        "Text files, bundled corpora by name, or - for standard input.", default=(), metavar="CORPUS...", complete="corpus"
    )
    lowercase: bool = option(False, "Turn all text to lower case.", group=TEXT)


@dataclass(frozen=True, kw_only=True)
class TrainLanguage(FromText):
    """Train a language model on text."""

    has_unknown: ClassVar[bool] = False  # whether the vocabulary has UNKNOWN in any case
    tokens: str = option("char", "What a token is; words follow the Penn Treebank's conventions.", choices=KINDS, group=TEXT)
    sentences: str = option(
        "none", "Bracket sentences by marks: none, each line, or by punctuation.", choices=SENTENCES, group=TEXT
    )
    vocab_size: int | None = option(
        None, "Keep the most frequent tokens, so many with the special ones; others become UNKNOWN.", minimum=1, group=TEXT
    )
    min_count: int = option(1, "Keep tokens that occur at least so often.", minimum=1, group=TEXT)
    limit_vocab: str | None = option(
        None, "Keep only tokens that a file names, between white space.", metavar="FILE", complete="file", group=TEXT
    )
    unk_literal: bool = option(False, "Read <unk> in the text as an unknown word, not as a word of that spelling.", group=TEXT)
    validation: str = option(
        "0.1",
        "Held-out text: the last share of the corpus, or a file; 0: none.",
        metavar="SHARE|FILE",
        complete="file",
        group=TEXT,
    )


@dataclass(frozen=True, kw_only=True)
class TrainStepwise(TrainLanguage):
    """Train a language model step by step, so that there are earlier ones to keep."""

    keep_checkpoints: int = option(
        0,
        "Checkpoints to keep besides the best and the last, for sample --time-machine.",
        metavar="N",
        minimum=0,
        group=GUARD,
    )


@dataclass(frozen=True, kw_only=True)
class TrainNetwork(OnDevice, ReportSettings, TrainingSettings, TrainStepwise):
    """Train a network on text."""

    from_run: str | None = option(
        None, "Start from the weights and vocabulary of another run.", flag="from", metavar="RUN", complete="run"
    )
    vectors: str | None = option(
        None, "Begin with these vectors of words: a run or a file; --embedding is their size.", metavar="RUN|FILE", complete="run"
    )


@dataclass(frozen=True, kw_only=True)
class TrainElman(ElmanSettings, TrainNetwork):
    """Train an Elman network: h = tanh(x W_x + h_prev W_h + b)."""

    model = "elman"


@dataclass(frozen=True, kw_only=True)
class TrainLstm(LstmSettings, TrainNetwork):
    """Train an LSTM."""

    model = "lstm"


@dataclass(frozen=True, kw_only=True)
class TrainGru(GruSettings, TrainNetwork):
    """Train a GRU."""

    model = "gru"


@dataclass(frozen=True, kw_only=True)
class TrainNnlm(NnlmSettings, TrainNetwork):
    """Train a neural n-gram: a hidden layer reads the vectors of the last N - 1 tokens side by side (Bengio et al. 2003)."""

    model = "nnlm"
    bptt_truncate: int | None = None  # no option: no error goes back through time


@dataclass(frozen=True, kw_only=True)
class TrainNgram(NgramSettings, TrainLanguage):
    """Train an n-gram model."""

    model = "ngram"
    has_unknown = True
    smoothing: str = option(
        "kneser-ney",
        "mle: relative frequencies; add-k: k more of each; katz: Good-Turing and back-off; kneser-ney: modified, interpolated.",
        choices=SMOOTHING,
        group=MODEL,
    )
    sentences: str = option(
        "line", "Bracket sentences by marks: none, each line, or by punctuation.", choices=SENTENCES, group=TEXT
    )
    validation: str = option(
        "0", "Held-out text: the last share of the corpus, or a file; 0: none.", metavar="SHARE|FILE", complete="file", group=TEXT
    )
    prune: tuple[int, ...] = option((), "Leave out n-grams of so few counts: a number an order, as 0 0 1.", metavar="N...")
    memory: str = option("4G", "Memory to count in; what is beyond it goes to disk.", metavar="SIZE")


@dataclass(frozen=True, kw_only=True)
class TrainHmm(HmmSettings, ExpectationSettings, TrainStepwise):
    """Train a hidden Markov model on text, or on columns of CSV files."""

    model = "hmm"
    sentences: str = option(
        "line", "What a sequence is: a line, a sentence by its punctuation, or the whole text.", choices=SENTENCES, group=TEXT
    )


@dataclass(frozen=True, kw_only=True)
class TrainVectors(VectorTrainingSettings, FromText):
    """Train word vectors on text."""

    tokens: str = option(
        "space", "What a word is: what stands between white space, or a word of the Penn Treebank's conventions.",
        choices=("space", "word"), group=TEXT,
    )  # fmt: skip
    sentences: str = option(
        "line",
        "What no window reaches beyond: a line, or a sentence by its punctuation.",
        choices=("line", "punctuation"),
        group=TEXT,
    )
    vocab_size: int | None = option(None, "Keep the most frequent words, so many.", minimum=1, group=TEXT)
    min_count: int = option(5, "Keep words that occur at least so often.", minimum=1, group=TEXT)


@dataclass(frozen=True, kw_only=True)
class TrainWord2vec(OnDevice, Word2vecSettings, TrainVectors):
    """Train word vectors: skip-gram or continuous bag of words."""

    model = "word2vec"


@dataclass(frozen=True, kw_only=True)
class TrainGlove(GloveSettings, TrainVectors):
    """Train word vectors from how often words stand near one another."""

    model = "glove"
    epochs: int = option(15, "Passes over the counted pairs.", minimum=1, group=TRAINING)


@dataclass(frozen=True, kw_only=True)
class Resume(OnDevice):
    """Go on with a training that was stopped, with the very weights that an unbroken one would reach."""

    run: str = argument(RUN, complete="run")
    epochs: int | None = option(None, "Train up to this many epochs in all (default: as first asked for).", minimum=1)
    time_limit: float | None = option(None, "Save and stop after this long.", duration=True, above=0.0)
    detach: bool = option(False, DETACH)
