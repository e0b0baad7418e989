"""Everything that seqterm can be asked to do, as frozen dataclasses; `run.run` does it."""

from dataclasses import dataclass
from typing import ClassVar

from seqterm.models.forecast_settings import CRITERIA, ArSettings, MlpArSettings, RnnArSettings
from seqterm.models.glove_settings import GloveSettings
from seqterm.models.hmm_settings import HmmSettings
from seqterm.models.ngram_settings import SMOOTHING, NgramSettings
from seqterm.models.nnlm_settings import NnlmSettings
from seqterm.models.settings import MODEL, ElmanSettings, GruSettings, LstmSettings, Word2vecSettings
from seqterm.options import argument, option
from seqterm.sampling.settings import TOP_K, TOP_P, SamplingSettings
from seqterm.text.format import KINDS, SENTENCES
from seqterm.training.expectation_settings import ExpectationSettings
from seqterm.training.settings import (
    GUARD,
    TEXT,
    TRAINING,
    ForecastTrainingSettings,
    ReportSettings,
    TrainingSettings,
    VectorTrainingSettings,
)

RUN = "A run: a path, or a name that `seqterm runs list` shows."


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base class.  `given`: the names of fields that a person set, as opposed to defaults."""

    given: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Train(Command):
    """A command that trains a model."""

    model: ClassVar[str]
    out: str | None = option(None, "The run: a path, or a name (default: one is made up).", short="o", metavar="RUN")
    time_limit: float | None = option(None, "Save and stop after this long.", duration=True, above=0.0, group=GUARD)


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
class TrainNetwork(ReportSettings, TrainingSettings, TrainLanguage):
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
class TrainNnlm(NnlmSettings, TrainNetwork):
    """Train a neural n-gram: a hidden layer reads the vectors of the last N - 1 tokens side by side (Bengio et al. 2003)."""

    model = "nnlm"
    bptt_truncate: int | None = None  # no option: no error goes back through time


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
class TrainWord2vec(Word2vecSettings, TrainVectors):
    """Train word vectors: skip-gram or continuous bag of words."""

    model = "word2vec"


@dataclass(frozen=True, kw_only=True)
class TrainGlove(GloveSettings, TrainVectors):
    """Train word vectors from how often words stand near one another."""

    model = "glove"
    epochs: int = option(15, "Passes over the counted pairs.", minimum=1, group=TRAINING)


SERIES = "Series"


@dataclass(frozen=True, kw_only=True)
class OnSeries(Command):
    """A command that reads a column of a CSV file."""

    column: str | None = option(None, "The column of values (default: the only one of numbers).", metavar="NAME", group=SERIES)
    ignore_gaps: bool = option(False, "Take the rows as they stand, though the times of some are missing.", group=SERIES)


@dataclass(frozen=True, kw_only=True)
class TrainForecaster(OnSeries, Train):
    """Train a forecaster on a series of numbers."""

    data: str = argument("A CSV file with a header, or - for standard input.", metavar="DATA.csv", default="", complete="file")
    held_out: str = option(
        "0.1", "The last rows, so many or such a share of them, which training does not see.", metavar="N|SHARE", group=SERIES
    )
    period: int | None = option(
        None,
        "Rows in a season, for the seasonal-naive forecast (default: --seasonal, or what the times say).",
        minimum=2,
        group=SERIES,
    )


@dataclass(frozen=True, kw_only=True)
class TrainAr(ArSettings, TrainForecaster):
    """Fit a linear autoregression by least squares."""

    model = "ar"
    criterion: str = option("aic", "What chooses the order, if --lags does not say it.", choices=CRITERIA, group=MODEL)
    max_lags: int | None = option(
        None, "The highest order to try (default: 12 (rows / 100)^(1/4)).", metavar="N", minimum=1, group=MODEL
    )


@dataclass(frozen=True, kw_only=True)
class TrainMlpAr(MlpArSettings, ForecastTrainingSettings, TrainForecaster):
    """Train a feed-forward network to forecast a series from its last values."""

    model = "mlp-ar"


@dataclass(frozen=True, kw_only=True)
class TrainRnnAr(RnnArSettings, ForecastTrainingSettings, TrainForecaster):
    """Train a recurrent network to forecast a series, value by value, from its latent state."""

    model = "rnn-ar"


@dataclass(frozen=True, kw_only=True)
class Forecast(OnSeries):
    """Forecast what comes after a series, with intervals; CSV on standard output, a chart on a terminal."""

    run: str = argument(RUN, complete="run")
    data: str | None = argument(
        "A CSV file to go on from, or - (default: the rows that the run was trained and held out on).",
        metavar="DATA.csv|-",
        complete="file",
    )
    steps: int | None = option(None, "Rows to forecast (default: 12; with --compare those that training did not see).", minimum=1)
    level: float = option(0.95, "The probability that an interval holds the value.", above=0.0, below=1.0)
    compare: bool = option(
        False, "Forecast the last rows, one step and many steps ahead, beside their real values.", flag="compare"
    )


@dataclass(frozen=True, kw_only=True)
class TrainHmm(HmmSettings, ExpectationSettings, TrainLanguage):
    """Train a hidden Markov model on text, or on columns of CSV files."""

    model = "hmm"
    sentences: str = option(
        "line", "What a sequence is: a line, a sentence by its punctuation, or the whole text.", choices=SENTENCES, group=TEXT
    )


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Go on with a training that was stopped, with the very weights that an unbroken one would reach."""

    run: str = argument(RUN, complete="run")
    epochs: int | None = option(None, "Train up to this many epochs in all (default: as first asked for).", minimum=1)
    time_limit: float | None = option(None, "Save and stop after this long.", duration=True, above=0.0)


@dataclass(frozen=True, kw_only=True)
class Prompted(Command):
    """A command on a run that takes a prompt."""

    run: str = argument(RUN, complete="run")
    source: str | None = argument("-: read the prompt from standard input.", metavar="-")
    prompt: str | None = option(None, "The text to continue.", short="p", metavar="TEXT")
    prompt_file: str | None = option(None, "Read the prompt from a file.", metavar="FILE", complete="file")


@dataclass(frozen=True, kw_only=True)
class Sample(SamplingSettings, Prompted):
    """Draw text from a trained model."""


@dataclass(frozen=True, kw_only=True)
class Next(Prompted):
    """Show what may come next: the most probable tokens, the entropy, what top-k and top-p would leave."""

    top: int = option(10, "Tokens to show.", minimum=1)
    top_k: int = option(TOP_K, "Count what this top-k would leave.", minimum=1)
    top_p: float = option(TOP_P, "Count what this top-p would leave.", above=0.0, maximum=1.0)


@dataclass(frozen=True, kw_only=True)
class OnLines(Command):
    """A command on a run that works on lines of text."""

    run: str = argument(RUN, complete="run")
    source: str = argument("A file, or - for standard input.", default="-", metavar="FILE|-", complete="file")


@dataclass(frozen=True, kw_only=True)
class Score(OnLines):
    """Log-probability, tokens, unknown tokens and perplexity of each line, and of all."""

    stream: bool = option(False, "Read the file as one stream, as validation does, not line by line.")
    summary: bool = option(False, "The total alone.")
    per_token: bool = option(False, "Every token's log-probability too.")
    ngram_details: bool = option(
        False, "Of an n-gram model: every token's log10 probability, the length of the n-gram that gave it, 1 if it is unknown."
    )


@dataclass(frozen=True, kw_only=True)
class Compare(Command):
    """Judge several runs on the same lines of text, in one table.

    They can be compared if they read text alike and know the same tokens, so that each predicts the same ones and the same are
    unknown to all; --per-character compares any that predict the same letters and line ends, on the lines that all know whole."""

    runs: tuple[str, ...] = argument("Runs.", default=(), metavar="RUN...", complete="run")
    source: str = argument("A file, or - for standard input.", metavar="FILE|-", complete="file")
    per_character: bool = option(
        False, "Compare bits per character, of the lines in which no run has an unknown token, whatever tokens each has."
    )


@dataclass(frozen=True, kw_only=True)
class Check(Command):
    """Look whether a run holds what was written, and whether its probabilities sum to one; exit code 1 where they do not.

    In contexts that the model draws or that stand in a text, also whether it scores them as it steps through them.  Deviations
    up to the root of the precision's rounding error, 3.5e-4 for float32 and 1.5e-8 for float64, are let pass."""

    run: str = argument(RUN, complete="run")
    source: str | None = argument(
        "A text to take contexts from, or - for standard input (default: the model draws them).",
        metavar="FILE|-",
        complete="file",
    )
    contexts: int = option(64, "Texts that are gone through side by side.", minimum=1)
    length: int = option(32, "Tokens in each, after every one of which probabilities are summed.", minimum=1)
    seed: int = option(1, "Of the contexts.", minimum=0, maximum=2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class Filter(OnLines):
    """Pass on the lines that the model finds likely enough, in their order and unchanged."""

    max_perplexity: float | None = option(None, "Pass lines of at most this perplexity a token.", above=0.0)
    keep: float | None = option(None, "Pass this share of the lines, those of the lowest perplexity.", above=0.0, maximum=1.0)
    max_unknown: int | None = option(None, "Count lines with more unknown tokens as the least likely.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class Rank(OnLines):
    """Put candidate lines in the order of their probability, most probable first."""

    context: str = option("", "The text, or for sentence models the sentence, that comes before every candidate.", metavar="TEXT")


@dataclass(frozen=True, kw_only=True)
class Correct(OnLines):
    """Correct misspelt words: words at a small edit distance compete, judged by the model and by the distance."""

    distance: int = option(2, "Edits at most, in a word that the model does not know; in a known word one.", minimum=1, maximum=2)
    penalty: float = option(6.0, "Nats that one edit costs.", minimum=0.0)
    known: bool = option(False, "Let known words be corrected too, where the sentence gains more than the edit costs.")


@dataclass(frozen=True, kw_only=True)
class ShowHmm(Command):
    """Show a hidden Markov model: how its states follow one another, and what each emits most."""

    run: str = argument(RUN, complete="run")
    top: int = option(10, "Tokens to show of each state.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class DecodeHmm(OnLines):
    """The states behind each line of a text, or each row of a CSV file: the most probable path."""

    posterior: bool = option(False, "The most probable state of each token by itself, and its probability.")


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


@dataclass(frozen=True, kw_only=True)
class ExportNgrams(Command):
    """Write the n-grams of a run into an ARPA file."""

    run: str = argument(RUN, complete="run")
    file: str = argument("The file to write; gzip'd where its name ends in .gz.", metavar="FILE.arpa", complete="file")


@dataclass(frozen=True, kw_only=True)
class ImportNgrams(Command):
    """Make a run of an ARPA file."""

    file: str = argument("An ARPA file, which may be gzip'd.", metavar="FILE.arpa", complete="file")
    out: str | None = option(None, "The run: a path, or a name (default: one is made up).", short="o", metavar="RUN")
    tokens: str = option("space", "What its words are in a text.", choices=KINDS)


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """Ask the process that trains a run, here or on another host, to save and end."""

    run: str = argument(RUN, complete="run")


@dataclass(frozen=True, kw_only=True)
class ListRuns(Command):
    """List the runs in the runs folder."""


@dataclass(frozen=True, kw_only=True)
class RemoveRuns(Command):
    """Delete runs with all their files."""

    runs: tuple[str, ...] = argument("Runs to delete.", default=(), metavar="RUN...", complete="run")


@dataclass(frozen=True, kw_only=True)
class ExportRun(Command):
    """Write a run, with what is needed to sample, score and resume, into one tar file."""

    run: str = argument(RUN, complete="run")
    file: str = argument("The tar file to write.", metavar="FILE.tar", complete="file")


@dataclass(frozen=True, kw_only=True)
class ImportRun(Command):
    """Unpack a run from a tar file."""

    file: str = argument("A tar file that `runs export` made.", metavar="FILE.tar", complete="file")
    out: str | None = option(None, "The run: a path, or a name (default: the name it had).", short="o", metavar="RUN")


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """Show a run: parameters by tensor, settings, corpus, losses."""

    run: str = argument(RUN, complete="run")


@dataclass(frozen=True, kw_only=True)
class Warmup(Command):
    """Compile every kernel once, so that no later command waits for it."""


@dataclass(frozen=True, kw_only=True)
class Paths(Command):
    """Show the folders that seqterm uses."""


@dataclass(frozen=True, kw_only=True)
class ListCorpora(Command):
    """List the corpora that come with seqterm, those fetched, and those that can be."""


@dataclass(frozen=True, kw_only=True)
class CorpusInfo(Command):
    """Show a corpus: its files, sizes and checksums."""

    corpus: str = argument("A corpus by name, or a file.", complete="corpus")


@dataclass(frozen=True, kw_only=True)
class GetCorpus(Command):
    """Fetch a text, check it, and keep it under a name."""

    source: str = argument("A known name, or an address (https://...).", metavar="NAME|URL", complete="corpus")
    sha256: str | None = option(None, "The checksum that the file must have; needed for an address.", metavar="HEX")
    name: str | None = option(None, "The name to keep it under (default: that of the file).")


@dataclass(frozen=True, kw_only=True)
class SplitCorpus(Command):
    """Cut a file of lines in two: FILE.train and FILE.held-out."""

    file: str = argument("A text file.", metavar="FILE", complete="file")
    train: float = option(0.9, "The share of lines in the first part.", above=0.0, below=1.0)
    shuffle: bool = option(False, "Choose the lines at random; else the last lines are held out.")
    seed: int = option(1, "For --shuffle.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class CorpusStats(Command):
    """Count tokens, types and hapaxes, and plot frequency against rank."""

    corpus: tuple[str, ...] = argument("Text files, corpora by name, or -.", default=(), metavar="CORPUS...", complete="corpus")
    tokens: str = option("word", "What a token is.", choices=KINDS)
    lowercase: bool = option(False, "Turn all text to lower case.")


COMMANDS: dict[tuple[str, ...], type[Command]] = {
    ("train", "elman"): TrainElman,
    ("train", "lstm"): TrainLstm,
    ("train", "gru"): TrainGru,
    ("train", "ngram"): TrainNgram,
    ("train", "nnlm"): TrainNnlm,
    ("train", "word2vec"): TrainWord2vec,
    ("train", "glove"): TrainGlove,
    ("train", "hmm"): TrainHmm,
    ("train", "ar"): TrainAr,
    ("train", "mlp-ar"): TrainMlpAr,
    ("train", "rnn-ar"): TrainRnnAr,
    ("train", "--resume"): Resume,
    ("sample",): Sample,
    ("score",): Score,
    ("compare",): Compare,
    ("check",): Check,
    ("filter",): Filter,
    ("rank",): Rank,
    ("correct",): Correct,
    ("next",): Next,
    ("similar",): Similar,
    ("analogy",): Analogy,
    ("odd-one-out",): OddOneOut,
    ("vectors", "eval"): EvaluateVectors,
    ("vectors", "map"): MapVectors,
    ("vectors", "export"): ExportVectors,
    ("hmm", "show"): ShowHmm,
    ("hmm", "decode"): DecodeHmm,
    ("ngram", "export"): ExportNgrams,
    ("ngram", "import"): ImportNgrams,
    ("forecast",): Forecast,
    ("corpus", "list"): ListCorpora,
    ("corpus", "info"): CorpusInfo,
    ("corpus", "get"): GetCorpus,
    ("corpus", "split"): SplitCorpus,
    ("corpus", "stats"): CorpusStats,
    ("stop",): Stop,
    ("runs", "list"): ListRuns,
    ("runs", "show"): Info,
    ("runs", "rm"): RemoveRuns,
    ("runs", "export"): ExportRun,
    ("runs", "import"): ImportRun,
    ("info",): Info,
    ("warmup",): Warmup,
    ("paths",): Paths,
}
