"""What happens, as small dataclasses: the only thing that commands give to whoever shows them."""

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """Base class; `kind` is the class name in snake case."""

    @property
    def kind(self) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    def to_json(self) -> dict[str, Any]:
        """{"event": kind, field: value, ...}"""
        return {"event": self.kind, **dataclasses.asdict(self)}


@dataclass(frozen=True)
class Note(Event):
    """Something that a person should know; never data."""

    text: str


@dataclass(frozen=True)
class Started(Event):
    """Training begins, or goes on after `step` steps of `steps`.  `unit`: of what its losses are means; `reads`: what it learns
    from, of which the fields named after tokens count so many."""

    run: str
    model: str
    parameters: int
    vocabulary_size: int
    training_tokens: int
    validation_tokens: int
    epochs: int
    step: int
    steps: int
    unit: str = "nats a token"
    reads: str = "tokens"


@dataclass(frozen=True)
class Step(Event):
    """Training went on to `step`.  `loss` and `gradient_norm`, where there is one, are means over the steps since the event
    before; some ways of training have no learning rate.  `layer_norms`: of this step's gradient, of each layer's part, before
    clipping; empty where a training has no layers."""

    step: int
    epoch: int
    loss: float
    gradient_norm: float | None
    learning_rate: float | None
    tokens_per_second: float
    layer_norms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Validation(Event):
    """Losses in nats a token; `training_loss` is the mean over the steps since the validation before."""

    step: int
    epoch: int
    training_loss: float | None
    validation_loss: float | None
    best: bool


@dataclass(frozen=True)
class NgramOrder(Event):
    """The n-grams of one order: how many, how many are kept, what is taken off counts of 1, 2, ..., and why not the usual."""

    order: int
    ngrams: int
    kept: int
    discounts: list[float]
    instead: str


@dataclass(frozen=True)
class TrainingSample(Event):
    """Text drawn from the model as it stands."""

    step: int
    text: str


@dataclass(frozen=True)
class Saved(Event):
    """A checkpoint that a resumed run would start from."""

    step: int
    file: str


@dataclass(frozen=True)
class Stopped(Event):
    """Training ended before its last step; reason: interrupted, time limit or stop requested."""

    run: str
    step: int
    reason: str
    resume: str


@dataclass(frozen=True)
class Finished(Event):
    """Training is complete.  Losses in nats a token, `seconds` over all sittings."""

    run: str
    step: int
    training_loss: float | None
    validation_loss: float | None
    best_validation_loss: float | None
    seconds: float


@dataclass(frozen=True)
class Detached(Event):
    """A training goes on in a process of its own, whose number `process` is, and which writes what it has to say into `log`."""

    run: str
    process: int
    log: str


@dataclass(frozen=True)
class Piece(Event):
    """A stretch of sample number `sample`, which continues `prompt`, as it is drawn."""

    sample: int
    prompt: str
    text: str


@dataclass(frozen=True)
class Choice(Event):
    """A token of sample number `sample` as it is drawn, and what it is drawn from; `text`: what it adds to the sample.

    `probability` is the model's own, `chance` that with which it is drawn, after penalty, temperature and filters; `entropy` is
    the model's, in bits.  `kept` tokens can be drawn, to which the model gives `kept_mass`.  `candidates`: the most probable
    tokens, [(token, probability, chance)], with a chance of 0 where one cannot be drawn.
    """

    sample: int
    text: str
    token: str
    probability: float
    chance: float
    entropy: float
    kept: int
    kept_mass: float
    candidates: list[tuple[str, float, float]]


@dataclass(frozen=True)
class Changed(Event):
    """After `tokens` tokens were drawn a setting changed: what follows is drawn with `value`."""

    tokens: int
    setting: str
    value: Any


@dataclass(frozen=True)
class Sampled(Event):
    """A whole sample: prompt and continuation; `tokens` without marks; `stopped_by`: length, until or interrupt."""

    sample: int
    prompt: str
    text: str
    tokens: int
    log_probability: float
    stopped_by: str


@dataclass(frozen=True)
class RunSummary(Event):
    """One run of a listing; `corpus`: the names of what it was trained on."""

    run: str
    path: str
    model: str
    corpus: str
    parameters: int
    step: int
    steps: int
    status: str
    validation_loss: float | None
    modified: float


@dataclass(frozen=True)
class RunInfo(Event):
    """All about a run."""

    run: str
    path: str
    model: str
    parameters: int
    tensors: dict[str, list[int]]
    model_settings: dict[str, Any]
    training_settings: dict[str, Any]
    corpus: dict[str, Any]
    progress: dict[str, Any]
    losses: list[dict[str, Any]] = field(default_factory=list)
    unit: str = "nats a token"


@dataclass(frozen=True)
class Removed(Event):
    """A run folder is gone."""

    run: str
    path: str


@dataclass(frozen=True)
class Place(Event):
    """A folder that seqterm uses, and what for."""

    name: str
    path: str


@dataclass(frozen=True)
class Device(Event):
    """Where models may compute: `device` as --device names it, what it is, whether it can be used, else why not."""

    device: str
    name: str
    usable: bool
    reason: str


@dataclass(frozen=True)
class LineScore(Event):
    """One line: log_probability in nats, perplexity a token; where asked for per_token [(token, log-probability)] and
    ngram_details [(token, log10 probability, length of the n-gram that gave it, whether it is unknown)]."""

    line: int
    text: str
    log_probability: float
    tokens: int
    unknown: int
    perplexity: float
    per_token: list[tuple[str, float]] | None = None
    ngram_details: list[tuple[str, float, int, bool]] | None = None


@dataclass(frozen=True)
class TotalScore(Event):
    """All lines, or the whole stream; of lines also the perplexity of the tokens that are not unknown."""

    perplexity: float
    log_probability: float
    tokens: int
    unknown: int
    known_perplexity: float | None = None


@dataclass(frozen=True)
class Line(Event):
    """A line of text that a filter passes, without its end."""

    text: str


@dataclass(frozen=True)
class Corrected(Event):
    """A line after correction, without its end, and its changes [(word, correction)]."""

    text: str
    changes: list[tuple[str, str]]


@dataclass(frozen=True)
class Ranked(Event):
    """A candidate, most probable first."""

    rank: int
    text: str
    log_probability: float
    tokens: int
    unknown: int


@dataclass(frozen=True)
class NextToken(Event):
    """A token that may come next; of an n-gram model also the length of the n-gram that gives it, 0 where none does."""

    token: str
    probability: float
    ngram_length: int | None = None


@dataclass(frozen=True)
class NextSummary(Event):
    """The whole distribution: entropy in bits, what top-k leaves of the mass, how many tokens top-p leaves."""

    entropy: float
    vocabulary_size: int
    top_k: int
    top_k_mass: float
    top_p: float
    top_p_tokens: int


@dataclass(frozen=True)
class CorpusEntry(Event):
    """A corpus by name; origin: bundled, fetched, file, or known (can be fetched); size in bytes."""

    name: str
    origin: str
    size: int
    path: str
    sha256: str = ""


@dataclass(frozen=True)
class Progress(Event):
    """How much of something long is done, in bytes or, of a text that is counted, in tokens; total 0: unknown."""

    done: int
    total: int


@dataclass(frozen=True)
class CorpusCounts(Event):
    """Counts over a text; `frequencies` of the tokens at `ranks`, which rise by an equal ratio."""

    tokens: int
    types: int
    hapaxes: int
    lines: int
    most_frequent: list[tuple[str, int]]
    ranks: list[int]
    frequencies: list[int]


@dataclass(frozen=True)
class Exported(Event):
    """A run has been written to a tar file."""

    run: str
    file: str


@dataclass(frozen=True)
class Imported(Event):
    """A run has been unpacked from a tar file."""

    run: str
    file: str


@dataclass(frozen=True)
class Neighbour(Event):
    """A word near to what was asked, the nearest first; `score`: see the metric."""

    query: str
    word: str
    score: float


@dataclass(frozen=True)
class Answer(Event):
    """An answer to "a is to b as c is to ?", the best first; `score`: see the method."""

    question: tuple[str, str, str]
    word: str
    score: float


@dataclass(frozen=True)
class OddOneOut(Event):
    """The word least like the others, and the cosine of each with the mean of all."""

    word: str
    similarities: list[tuple[str, float]]


@dataclass(frozen=True)
class AnalogyAccuracy(Event):
    """Of the questions of a section, or of all (`section` None: the totals), those answered right."""

    section: str | None
    correct: int
    total: int
    left_out: int
    analogy_accuracy: float | None
    semantic: float | None = None
    syntactic: float | None = None


@dataclass(frozen=True)
class PairCorrelation(Event):
    """Spearman's rho of cosines with people's scores over `total` pairs; `out_of_vocabulary`: the share of pairs left out."""

    file: str
    spearman: float | None
    total: int
    out_of_vocabulary: float


@dataclass(frozen=True)
class Transitions(Event):
    """Of a hidden Markov model: the probabilities of the first state (K,), and of the next one (K, K), from row to column."""

    initial: list[float]
    transition: list[list[float]]


@dataclass(frozen=True)
class HiddenState(Event):
    """What a state emits: its most probable tokens with their probabilities, or (column, mean, standard deviation) of numbers."""

    state: int
    tokens: list[tuple[str, float]]
    numbers: list[tuple[str, float, float]]


@dataclass(frozen=True)
class Decoded(Event):
    """The hidden states of a line's tokens, or of a row of numbers, and, where each was chosen by itself, their probabilities."""

    line: int
    tokens: list[str]
    states: list[int]
    probabilities: list[float] | None = None


@dataclass(frozen=True)
class Trellis(Event):
    """The hidden states of a line's tokens, or of all rows of a series, {column: numbers}, and the probabilities (T, K) of every
    state given all of them."""

    line: int
    tokens: list[str]
    series: dict[str, list[float]]
    states: list[int]
    probabilities: list[list[float]]


@dataclass(frozen=True)
class WordMap(Event):
    """Words in the plane of their vectors' first two principal components; `shares` of the variance; arrows between words."""

    words: list[str]
    points: list[tuple[float, float]]
    shares: tuple[float, float]
    arrows: list[tuple[int, int]]


@dataclass(frozen=True)
class Compared(Event):
    """How well a run predicts a text: nats, bits, perplexity a token (None where runs have different ones), the last also without
    unknown tokens; `characters` are those of the lines that all runs know whole, of which bits_per_character and
    character_perplexity are.  bytes: of the run's folder."""

    run: str
    model: str
    tokens: int
    unknown: int
    characters: int
    bits_per_character: float | None
    character_perplexity: float | None
    tokens_per_second: float
    bytes: int
    nats: float | None = None
    bits: float | None = None
    perplexity: float | None = None
    known_perplexity: float | None = None


@dataclass(frozen=True)
class Checked(Event):
    """A run's files, which are as they were written, and the largest deviations in some contexts: of a sum of probabilities from
    one, and of a log-probability by `score` from that by `advance`, relative where that is more than a nat."""

    run: str
    files: list[str]
    contexts: int
    vocabulary_size: int
    sum_deviation: float
    step_deviation: float
    tolerance: float


@dataclass(frozen=True)
class Fitted(Event):
    """An autoregression that has been fitted to `observations` values, with noise of this standard deviation.

    `coefficients`: [{name, value, error, z, p, lower, upper}]: standard error, value / error, the probability of a larger |z|
    were the coefficient zero, the ends of its 95 % interval.
    `orders`: [{lags, aic, bic, hqic}] that were compared, by `criterion`; `roots`: [{real, imaginary, modulus, frequency}] of the
    lags' polynomial; `ljung_box`: {lags, statistic, degrees, p} of the residuals, None where they are too few.
    """

    lags: int
    observations: int
    deviation: float
    log_likelihood: float
    aic: float
    bic: float
    hqic: float
    coefficients: list[dict[str, Any]]
    roots: list[dict[str, float]]
    ljung_box: dict[str, float] | None
    criterion: str | None = None
    orders: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class ForecastErrors(Event):
    """Of `rows` held-out values: of forecasts from the real values before each, and from those before all of them."""

    method: str
    rows: int
    one_step_rmse: float
    one_step_mae: float
    multi_step_rmse: float
    multi_step_mae: float


@dataclass(frozen=True)
class History(Event):
    """What a forecast goes on from: the last of `rows` values of a column, from row `first` (the first is 1) on, and the times of
    the first and the last of them, where they are known."""

    column: str
    time_name: str | None
    rows: int
    first: int
    values: list[float]
    times: tuple[str, str] | None


@dataclass(frozen=True)
class ForecastPoint(Event):
    """A value to come, and the ends of the interval that holds it with a probability of `level`."""

    step: int
    time: str | None
    forecast: float
    lower: float
    upper: float
    level: float


@dataclass(frozen=True)
class ComparedPoint(Event):
    """A value that is there, beside forecasts from the real values before it and from those before step 1; the interval is of the
    latter."""

    step: int
    time: str | None
    actual: float
    one_step: float
    multi_step: float
    lower: float
    upper: float
    level: float


@dataclass(frozen=True)
class Setting(Event):
    """What a field of a command is where no flag says otherwise; `table`: its table in a settings file."""

    table: str
    name: str
    value: Any
    origin: str | None


@dataclass(frozen=True)
class Painting(Event):
    """What colours a text that comes in Painted events: rows of values and the range (low, high) of each; those below
    zero have colours of their own.  `difference`: the colour is the second row less the first."""

    title: str
    rows: list[str]
    ranges: list[tuple[float, float]]
    difference: bool = False


@dataclass(frozen=True)
class Painted(Event):
    """A line of text in pieces, tokens as a rule, and in every row a value of each piece."""

    line: int
    pieces: list[str]
    values: list[list[float]]


@dataclass(frozen=True)
class CaughtUp(Event):
    """A log has been read to its end; whether some process here trains the run, and the seconds left at its pace.

    Where none does although the training has not ended: the command that goes on, and, if that is known, what it failed with."""

    training: bool
    left: float | None
    resume: str = ""
    failure: str = ""


@dataclass(frozen=True)
class RunCurves(Event):
    """A run's losses, [(step, loss)] each, thinned so that extremes stay, and how it stands; `best` of the held-out ones."""

    run: str
    model: str
    parameters: int
    unit: str
    training: list[tuple[int, float]]
    held_out: list[tuple[int, float]]
    seconds: float
    best: float | None


@dataclass(frozen=True)
class SettingDiffers(Event):
    """A setting that is not the same in all runs compared, and what it is in each; None where one has it not."""

    name: str
    values: list[Any]


@dataclass(frozen=True)
class UnitTracks(Event):
    """How well a unit, or a part of it such as a gate, tracks a pattern in a text: their correlation over the tokens."""

    rank: int
    layer: int
    unit: int
    gate: str
    pattern: str
    correlation: float


@dataclass(frozen=True)
class DueledPiece(Piece):
    """A stretch of what one of several runs draws, as it is drawn; `side`: which of them, `last`: nothing follows it."""

    side: int
    last: bool


@dataclass(frozen=True)
class Dueled(Event):
    """A whole sample of one of several runs that continue the same prompt; see Sampled."""

    run: str
    sample: int
    prompt: str
    text: str
    tokens: int
    log_probability: float
    stopped_by: str


@dataclass(frozen=True)
class LoggedSummary(Event):
    """A row of the log of samples: `time` in seconds since 1970, `text` with its prompt."""

    number: int
    time: float
    run: str
    seed: int
    tokens: int
    interrupted: bool
    text: str


@dataclass(frozen=True)
class LoggedSample(Event):
    """All that the log has of a sample; `checksum` of the weights, `settings`: the fields of SamplingSettings and, where they
    were changed, `changes` [{tokens: after how many, name: value}]."""

    number: int
    time: float
    run: str
    checksum: str
    seed: int
    settings: dict[str, Any]
    prompt: str
    text: str
    tokens: int
    interrupted: bool
