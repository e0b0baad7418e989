"""The commands on trained language models."""

from dataclasses import dataclass

from seqterm.app.commands.base import RUN, Command, OnDevice, OnLines, Prompted
from seqterm.options import argument, option
from seqterm.sampling.settings import TOP_K, TOP_P, SamplingSettings
from seqterm.text.format import KINDS


@dataclass(frozen=True, kw_only=True)
class Sample(SamplingSettings, Prompted):
    """Draw text from a trained model."""

    choices: int | None = option(
        None, "A line a token: what it was drawn from, N tokens at most, and what the filters keep.", metavar="N", minimum=1
    )
    time_machine: bool = option(
        False, "The same prompt and seed over the checkpoints that training kept (--keep-checkpoints), from the first on."
    )


@dataclass(frozen=True, kw_only=True)
class Next(Prompted):
    """Show what may come next: the most probable tokens, the entropy, what top-k and top-p would leave."""

    top: int = option(10, "Tokens to show.", minimum=1)
    top_k: int = option(TOP_K, "Count what this top-k would leave.", minimum=1)
    top_p: float = option(TOP_P, "Count what this top-p would leave.", above=0.0, maximum=1.0)


@dataclass(frozen=True, kw_only=True)
class Score(OnDevice, OnLines):
    """Log-probability, tokens, unknown tokens and perplexity of each line, and of all."""

    stream: bool = option(False, "Read the file as one stream, as validation does, not line by line.")
    summary: bool = option(False, "The total alone.")
    per_token: bool = option(False, "Every token's log-probability too.")
    ngram_details: bool = option(
        False, "Of an n-gram model: every token's log10 probability, the length of the n-gram that gave it, 1 if it is unknown."
    )
    heat: bool = option(False, "The text coloured by each token's surprisal, in bits.")
    against: str | None = option(
        None,
        "With --heat: beside another run, coloured by what surprises that one more.",
        metavar="RUN",
        complete="run",
    )


@dataclass(frozen=True, kw_only=True)
class Compare(OnDevice):
    """Judge several runs on the same lines of text, in one table.

    They can be compared if they read text alike and know the same tokens, so that each predicts the same ones and the same are
    unknown to all; --per-character compares any that predict the same letters and line ends, on the lines that all know whole."""

    runs: tuple[str, ...] = argument("Runs.", default=(), metavar="RUN...", complete="run")
    source: str = argument("A file, or - for standard input.", metavar="FILE|-", complete="file")
    per_character: bool = option(
        False, "Compare bits per character, of the lines in which no run has an unknown token, whatever tokens each has."
    )


@dataclass(frozen=True, kw_only=True)
class Check(OnDevice):
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
class Neurons(OnDevice, OnLines):
    """Show what a unit of a recurrent network does over a text, or find those that track a pattern in it."""

    layer: int | None = option(None, "The layer, from 0 (default: the last; with --find all of them).", minimum=0)
    unit: int | None = option(None, "The unit, from 0, by which the text is coloured.", minimum=0)
    gate: str = option("h", "What of it: h, of an LSTM also c, i, f, o, g, of a GRU r, z, g.")
    gates: bool = option(False, "All of these as a heat map under the text.")
    find: str | None = option(
        None, "Rank units by their correlation with this pattern.", metavar="quotes|brackets|line-position|REGEX"
    )
    top: int = option(10, "With --find: units to show.", minimum=1)
    skip: int = option(0, "Read so many tokens of the text without showing them.", minimum=0)
    length: int | None = option(None, "Show, or search, so many tokens of the text (default: all).", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Filter(OnDevice, OnLines):
    """Pass on the lines that the model finds likely enough, in their order and unchanged."""

    max_perplexity: float | None = option(None, "Pass lines of at most this perplexity a token.", above=0.0)
    keep: float | None = option(None, "Pass this share of the lines, those of the lowest perplexity.", above=0.0, maximum=1.0)
    max_unknown: int | None = option(None, "Count lines with more unknown tokens as the least likely.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class Rank(OnDevice, OnLines):
    """Put candidate lines in the order of their probability, most probable first."""

    context: str = option("", "The text, or for sentence models the sentence, that comes before every candidate.", metavar="TEXT")


@dataclass(frozen=True, kw_only=True)
class Correct(OnDevice, OnLines):
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
    trellis: bool = option(False, "Draw the states beneath the text, or over the series, with the probabilities of all of them.")


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
