"""What `seqterm help TOPIC` explains beside commands, from the same metadata as these.  Light: no numpy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from seqterm.errors import INTERRUPTED, SeqtermError
from seqterm.models.catalogue import CATALOGUE
from seqterm.options import Parameter, parameters
from seqterm.sampling.settings import SamplingSettings
from seqterm.training.settings import TrainingSettings

Entries = list[tuple[str, str]]


@dataclass(frozen=True)
class Topic:
    """One line, paragraphs, and terms with what they mean."""

    summary: str
    paragraphs: list[str] = field(default_factory=list)
    entries: Entries = field(default_factory=list)


def _options(found: Iterable[Parameter]) -> Entries:
    return [(f"--{p.flag}", f"{p.option.help}{_choices(p)}{p.default_text}") for p in found]


def _choices(parameter: Parameter) -> str:
    return f"  [{'|'.join(parameter.option.choices)}]" if parameter.option.choices else ""


def _exit_codes() -> Topic:
    kinds: list[type[SeqtermError]] = [SeqtermError, *sorted(SeqtermError.__subclasses__(), key=lambda kind: kind.exit_code)]
    return Topic(
        "What the exit code of a command says.",
        ["An error is one sentence on standard error; --debug adds the traceback."],
        [
            ("0", "All went well, or the reader of the output is gone."),
            *((str(kind.exit_code), (kind.__doc__ or "").removesuffix("; exit code 1.").rstrip(".") + ".") for kind in kinds),
            (str(INTERRUPTED), "Interrupted by Ctrl-C; a training was saved."),
        ],
    )


def _files() -> Topic:
    return Topic(
        "Where things are, and what a run consists of.",
        [
            "`seqterm paths` shows the folders: runs and fetched corpora are in the platform's data folder, compiled kernels in "
            "its cache folder. A run is named by a path, or by its name in the runs folder; it is a folder of these files.",
        ],
        [
            ("config.json", "What rebuilds the model: settings, corpus, and the command line that makes the run again."),
            ("vocabulary.json", "The tokens and their counts."),
            ("checkpoints/STEP.safetensors", "Weights, the optimiser's state, counters; state.json names the last and the best."),
            ("events.jsonl, samples.jsonl", "What happened, an object a line."),
            ("tokens.bin", "The corpus as numbers, so that a resumed run reads what the first one read."),
            ("SEQTERM_HOME", "The folder of runs and corpora, instead of the platform's."),
            ("SEQTERM_CONFIG", "The user's settings file, instead of seqterm.toml in the platform's configuration folder."),
            ("NUMBA_CACHE_DIR", "The folder of compiled kernels."),
        ],
    )


def _settings() -> Topic:
    return Topic(
        "Defaults in seqterm.toml and in the environment.",
        [
            "seqterm.toml holds defaults for the fields of any command, in tables named after it; keys are the long options "
            "without their dashes, or an argument's name. The project's is the nearest, in the current folder or above it, up to "
            "a folder with a .git, and below the home folder and folders of another owner; the user's is in the platform's "
            "configuration folder (`seqterm paths` shows both). What counts is, first to last: the command line, the "
            "environment, the profile, the project's file, the user's file, what is built in; in one file the most particular "
            "table.",
            "Files and the environment only change defaults: those that do not go with what --from or --vectors brings give way, "
            "while such a value is refused where it is typed. A run remembers its whole command line, which makes it again "
            "without the files.",
            "`seqterm config show train lstm --origins` shows every value, and whose it is.",
        ],
        [
            (
                "[train.lstm]",
                "For `seqterm train lstm`: hidden = 256, bias = false, save-every = '5m', corpus = ['tales', 'verse'].",
            ),
            ("[train]", "For every `seqterm train MODEL` that has such a field; [train.resume] is for `train --resume`."),
            (
                "[profile.tiny.train]",
                "The same, with --profile tiny (or SEQTERM_PROFILE=tiny) alone; tiny, small and medium are there without a file.",
            ),
            (
                "SEQTERM_TRAIN_LSTM_HIDDEN",
                "The environment's --hidden of `train lstm`; SEQTERM_TRAIN_HIDDEN is that of every `train`.",
            ),
            ("true, false", "Values of switches in the environment; several values stand between white space."),
        ],
    )


def _models() -> Topic:
    entries = [(name, f"{entry.summary[0].upper()}{entry.summary[1:]}.") for name, entry in CATALOGUE.items()]
    return Topic("What can be trained.", ["`seqterm help train MODEL` lists the settings of one."], entries)


def _sampling() -> Topic:
    return Topic(
        "How text is drawn from a model.",
        [
            "A strategy brings its filter; filters that are given beside it apply too, in the order top-k, top-p, min-p. "
            "`seqterm next RUN --prompt TEXT` shows what top-k and top-p would leave. The same seed gives the same text.",
        ],
        _options(parameters(SamplingSettings)),
    )


def _training() -> Topic:
    return Topic(
        "How networks are trained.",
        [
            "Text is read in rows side by side, a window at a time. Of the checkpoints the one with the lowest validation loss "
            "is used. Ctrl-C saves and prints the command that goes on: seqterm train --resume RUN.",
        ],
        _options(parameters(TrainingSettings)),
    )


TOPICS: dict[str, Callable[[], Topic]] = {
    "exit-codes": _exit_codes,
    "files": _files,
    "models": _models,
    "sampling": _sampling,
    "settings": _settings,
    "training": _training,
}
