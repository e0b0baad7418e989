"""Events as lines of text."""

import json
import math
import time
from typing import Any

from seqterm.events import (
    AnalogyAccuracy,
    Answer,
    Checked,
    Choice,
    Compared,
    CorpusCounts,
    CorpusEntry,
    Decoded,
    Device,
    HiddenState,
    LineScore,
    LoggedSample,
    LoggedSummary,
    Neighbour,
    NextSummary,
    NextToken,
    OddOneOut,
    PairCorrelation,
    Place,
    Ranked,
    RunInfo,
    RunSummary,
    Setting,
    TotalScore,
    Transitions,
    UnitTracks,
)
from seqterm.render.bars import bar
from seqterm.render.braille import Series, line_chart
from seqterm.render.heat_map import heat_map

BAR_WIDTH, BESIDE_BAR, CURVE_WIDTH = 40, 30, 60
CHOICE_WIDTH = 10  # of the bar of a token that was drawn
LOG_WIDTH = 60  # letters of a sample in a list


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def place(event: Place) -> str:
    return f"{event.name:<10}{event.path}"


def device(event: Device) -> str:
    return f"{event.device:<6}{event.name}{f': not used, as {event.reason}' if event.reason else ''}"


def run_summary(event: RunSummary) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(event.modified))
    done = f"{event.step:,}/{event.steps:,}"
    figures = f"{event.parameters:>12,} {done:>17} {event.status:<9} {number(event.validation_loss):>8}"
    return f"{event.run:<32} {event.model:<8} {figures}  {when}  {event.corpus}"


RUNS_HEADING = f"{'run':<32} {'model':<8} {'parameters':>12} {'steps':>17} {'status':<9} {'held out':>8}  {'saved':<16}  corpus"


def _settings(values: dict[str, Any]) -> list[str]:
    return [f"  {name.replace('_', '-'):<18} {'-' if value is None else value}" for name, value in values.items()]


def run_info(event: RunInfo) -> str:
    width = max(map(len, event.tensors)) + 2
    lines = [f"{event.run}  ({event.path})", f"{event.model}, {event.parameters:,} parameters"]
    lines += [f"  {name:<{width}} {' x '.join(map(str, shape))}" for name, shape in event.tensors.items()]
    for heading, values in (
        ("model", event.model_settings),
        ("corpus", event.corpus),
        ("training", event.training_settings),
        ("progress", event.progress),
    ):
        lines += ["", heading, *_settings(values)] if values else []
    if event.losses:
        lines += ["", f"losses ({event.unit})", f"  {'epoch':>5} {'step':>9} {'training':>9} {'held out':>9}"]
        for loss in event.losses:
            best = "  best" if loss["best"] else ""
            held_out = number(loss["validation_loss"])
            lines.append(f"  {loss['epoch']:>5} {loss['step']:>9,} {number(loss['training_loss']):>9} {held_out:>9}{best}")
    return "\n".join(lines)


SCORES_HEADING = "line\tlog_probability\ttokens\tunknown\tperplexity\ttext"


def line_score(event: LineScore) -> str:
    figures = f"{event.line}\t{event.log_probability:.4f}\t{event.tokens}\t{event.unknown}\t{event.perplexity:.4f}"
    each = "".join(f"\n\t{token!r}\t{log_p:.4f}" for token, log_p in event.per_token or [])
    details = "".join(f"\n\t{token!r}\t{p:.6f}\t{n}\t{oov:d}" for token, p, n, oov in event.ngram_details or [])
    return f"{figures}\t{event.text}{each}{details}"


def total_score(event: TotalScore) -> str:
    return "\n".join(
        (
            f"perplexity       {event.perplexity:.4f}",
            *([] if event.known_perplexity is None else [f"known_perplexity {event.known_perplexity:.4f}"]),
            f"log_probability  {event.log_probability:.4f}",
            f"tokens           {event.tokens}",
            f"unknown          {event.unknown}",
        )
    )


def total_row(event: TotalScore) -> str:
    return f"total\t{event.log_probability:.4f}\t{event.tokens}\t{event.unknown}\t{event.perplexity:.4f}\t"


def ranked(event: Ranked) -> str:
    return f"{event.log_probability:.4f}\t{event.text}"


def next_token(event: NextToken, most: float, width: int) -> str:
    length = "" if event.ngram_length is None else f"  {event.ngram_length}-gram" if event.ngram_length else "  unseen"
    drawn = bar(event.probability / most, max(0, min(BAR_WIDTH, width - BESIDE_BAR)))
    return f"{event.probability:7.4f} {drawn} {event.token!r}{length}"


def choice(event: Choice) -> str:
    """What was drawn, how sure the model was, and what else it might have been: in brackets what the filters remove."""
    each = (f"{token!r} {p:.3f}" if chance else f"({token!r} {p:.3f})" for token, p, chance in event.candidates)
    drawn = f"{event.token!r:<10} {event.probability:.4f} {bar(event.probability, CHOICE_WIDTH)}"
    return f"{drawn} {event.entropy:6.3f} bits {event.kept:>5} kept {event.kept_mass:.3f}  {'  '.join(each)}"


def next_summary(event: NextSummary) -> str:
    return (
        f"entropy {event.entropy:.3f} bits of {math.log2(event.vocabulary_size):.3f}, perplexity {2**event.entropy:.2f}; "
        f"top-k {event.top_k} keeps {event.top_k_mass:.4f} of the mass; top-p {event.top_p:g} keeps "
        f"{event.top_p_tokens} of {event.vocabulary_size} tokens"
    )


def corpus_entry(event: CorpusEntry) -> str:
    size = f"{event.size:>12,}" if event.size else f"{'-':>12}"
    checksum = f"\n{'':<40}sha256 {event.sha256}" if event.sha256 else ""
    return f"{event.name:<18} {event.origin:<8} {size}  {event.path}{checksum}"


def corpus_counts(event: CorpusCounts, width: int) -> str:
    """Figures, the most frequent tokens, and log frequency against log rank: a straight line where Zipf's law holds."""
    curve = Series([math.log10(r) for r in event.ranks], [math.log10(f) for f in event.frequencies], "")
    frequent = "  ".join(f"{token!r} {count:,}" for token, count in event.most_frequent)
    share = event.hapaxes / event.types
    return (
        f"tokens   {event.tokens:>12,}\ntypes    {event.types:>12,}\nhapaxes  {event.hapaxes:>12,}  ({share:.1%} of types)\n"
        f"lines    {event.lines:>12,}\nfrequent {frequent}\n\n"
        f"log10 frequency against log10 rank\n{line_chart([curve], min(width, CURVE_WIDTH), 12).plain}"
    )


SIMILAR_HEADING = f"{'score':>8}  {'word':<24}  near"
ANSWERS_HEADING = f"{'score':>8}  {'answer':<24}  to"
ACCURACY_HEADING = f"{'section':<28} {'right':>6} {'of':>6} {'accuracy':>9} {'left out':>9}"
PAIRS_HEADING = f"{'pairs':<28} {'Spearman':>8} {'of':>6} {'left out':>9}"


def neighbour(event: Neighbour) -> str:
    return f"{event.score:>8.4f}  {event.word:<24}  {event.query}"


def answer(event: Answer) -> str:
    a, b, c = event.question
    return f"{event.score:>8.4f}  {event.word:<24}  {a} : {b} :: {c} : ?"


def odd_one_out(event: OddOneOut) -> str:
    others = "  ".join(f"{word} {similarity:.3f}" for word, similarity in event.similarities)
    return f"{event.word}    ({others})"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def accuracy(event: AnalogyAccuracy) -> str:
    row = f"{event.correct:>6} {event.total:>6} {percent(event.analogy_accuracy):>9} {event.left_out:>9}"
    if event.section is not None:
        return f"{event.section:<28} {row}"
    return f"{'all':<28} {row}\nsemantic {percent(event.semantic)}, syntactic {percent(event.syntactic)}"


def correlation(event: PairCorrelation) -> str:
    rho = "-" if event.spearman is None else f"{event.spearman:.4f}"
    return f"{event.file:<28} {rho:>8} {event.total:>6} {percent(event.out_of_vocabulary):>9}"


def transitions(event: Transitions, width: int) -> str:
    """A heat map of the probabilities of the next state, a row a state, and those of the first."""
    names = [str(state) for state in range(len(event.initial))]
    first = heat_map([event.initial], [""], names, width)
    return f"from row to column\n{heat_map(event.transition, names, names, width)}\nfirst\n{first}"


def hidden_state(event: HiddenState) -> str:
    tokens = "  ".join(f"{token!r} {p:.3f}" for token, p in event.tokens)
    numbers = "  ".join(f"{name} {mean:.6g} sd {sd:.6g}" for name, mean, sd in event.numbers)
    return f"{event.state:>4}  {tokens}{numbers}"


def decoded(event: Decoded) -> str:
    """The states alone, or each with its probability."""
    if event.probabilities is None:
        return " ".join(map(str, event.states))
    return " ".join(f"{state}:{p:.4f}" for state, p in zip(event.states, event.probabilities, strict=True))


COMPARED_HEADING = (
    f"{'nats':>7} {'bits':>7} {'perplexity':>10} {'of known':>10} {'bits/char':>9} {'ppl/char':>8} {'tokens/s':>10} "
    f"{'size':>12}  {'model':<7} run"
)


def compared(event: Compared) -> str:
    by_token = (
        f"{number(event.nats):>7} {number(event.bits):>7} {shown(event.perplexity):>10} {shown(event.known_perplexity):>10}"
    )
    by_character = f"{number(event.bits_per_character):>9} {shown(event.character_perplexity):>8}"
    cost = f"{event.tokens_per_second:>10,.0f} {event.bytes:>12,}"
    return f"{by_token} {by_character} {cost}  {event.model:<7} {event.run}"


def shown(value: float | None) -> str:
    """A perplexity, which may be in the thousands."""
    return "-" if value is None else f"{value:,.2f}"


def checked(event: Checked) -> str:
    return (
        f"{event.run}: {len(event.files)} files are as they were written\n"
        f"sums of {event.vocabulary_size:,} probabilities in {event.contexts:,} contexts are 1 within {event.sum_deviation:.1e}\n"
        f"advance and score agree within {event.step_deviation:.1e}\n"
        f"(rounding may make that {event.tolerance:.1e})"
    )


def setting(event: Setting) -> str:
    """A line of TOML, which has no word for nothing; where it comes from as a comment."""
    line = f"# {event.name} =" if event.value in (None, ()) else f"{event.name} = {_toml(event.value)}"
    return line if event.origin is None else f"{line}  # {event.origin}"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


TRACKS_HEADING = f"{'correlation':>11}  layer  unit  of"


def unit_tracks(event: UnitTracks) -> str:
    return f"{event.correlation:>11.4f}  {event.layer:>5}  {event.unit:>4}  {event.gate}"


LOG_HEADING = f"{'number':>6}  {'when':<16}  {'run':<20} {'seed':>19} {'tokens':>7}  text"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def logged_summary(event: LoggedSummary) -> str:
    one_line = event.text.replace("\n", "\\n")
    shown_text = one_line if len(one_line) <= LOG_WIDTH else one_line[: LOG_WIDTH - 3] + "..."
    cut = "  (interrupted)" if event.interrupted else ""
    return f"{event.number:>6}  {_when(event.time)}  {event.run:<20} {event.seed:>19} {event.tokens:>7}  {shown_text}{cut}"


def logged_sample(event: LoggedSample) -> str:
    figures = {
        "number": event.number,
        "when": _when(event.time),
        "run": event.run,
        "checksum": event.checksum,
        "tokens": event.tokens,
        "interrupted": "yes" if event.interrupted else "no",
        **event.settings,
    }
    return "\n".join([*_settings(figures), "", event.prompt + event.text])
