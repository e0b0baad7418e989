"""How a model is trained.  Light: the command line reads these without numpy."""

from dataclasses import dataclass

from seqterm.options import option

TEXT, TRAINING, RATE, GUARD = "Text", "Training", "Learning rate", "Validation, samples, stopping"
OPTIMIZERS = ("sgd", "rmsprop", "adagrad", "adam", "adamw")
MATMUL = ("float32", "tf32", "bf16")
SCHEDULES = ("constant", "step", "plateau", "cosine")


@dataclass(frozen=True, kw_only=True)
class UpdateSettings:
    """How a network's weights are updated, whatever it learns from."""

    epochs: int = option(10, "Passes over the training text.", minimum=1, group=TRAINING)
    optimizer: str = option("adam", "Update rule.", choices=OPTIMIZERS, group=TRAINING)
    momentum: float = option(0.0, "For sgd.", minimum=0.0, below=1.0, group=TRAINING)
    beta1: float = option(0.9, "Decay of the mean, for adam and adamw.", minimum=0.0, below=1.0, group=TRAINING)
    beta2: float = option(0.999, "Decay of the squares, for adam and adamw.", minimum=0.0, below=1.0, group=TRAINING)
    square_decay: float = option(0.99, "Decay of the squares, for rmsprop.", minimum=0.0, below=1.0, group=TRAINING)
    epsilon: float = option(1e-8, "Keeps the division in adaptive rules finite.", above=0.0, group=TRAINING)
    weight_decay: float = option(0.01, "Decoupled weight decay, for adamw.", minimum=0.0, group=TRAINING)
    clip_norm: float | None = option(
        5.0, "Longest gradient; longer ones are scaled down. 0: no limit.", minimum=0.0, group=TRAINING
    )
    clip_value: float | None = option(None, "Largest element of a gradient.", above=0.0, group=TRAINING)
    seed: int = option(1, "Of first weights, dropout and samples.", minimum=0, maximum=2**63 - 1, group=TRAINING)

    lr: float = option(2e-3, "Learning rate.", above=0.0, group=RATE)
    schedule: str = option("constant", "How the learning rate changes.", choices=SCHEDULES, group=RATE)
    warm_up: int = option(0, "Steps over which the rate rises from 0.", minimum=0, group=RATE)
    final_lr: float = option(0.0, "Where cosine ends.", minimum=0.0, group=RATE)
    decay: float = option(0.5, "Factor of step and plateau.", above=0.0, maximum=1.0, group=RATE)
    decay_every: int = option(1, "Epochs between two decays of step.", minimum=1, group=RATE)
    decay_after: int = option(0, "Epochs before the first decay of step.", minimum=0, group=RATE)
    plateau_patience: int = option(0, "Validations without a new best that plateau waits for.", minimum=0, group=RATE)

    validate_every: int | None = option(None, "Steps between validations (default: an epoch).", minimum=1, group=GUARD)
    patience: int | None = option(None, "Stop after this many validations without a new best.", minimum=1, group=GUARD)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(UpdateSettings):
    """Everything that the final weights depend on, besides the model's own settings and the text."""

    batch: int = option(32, "Rows of text read side by side.", minimum=1, group=TRAINING)
    steps: int = option(
        64, "Time steps in a window; the state is carried on to the next, the gradient is not.", minimum=1, group=TRAINING
    )
    batching: str = option(
        "stream",
        "stream: one long text; sentence: each sentence an example of its own, beginning with a zero state (needs --sentences).",
        choices=("stream", "sentence"),
        group=TRAINING,
    )
    bptt_truncate: int | None = option(
        None,
        "Let each output's error go back at most K steps (default: the whole window).",
        metavar="K",
        minimum=0,
        group=TRAINING,
    )
    loss_reduction: str = option("mean", "Gradient of the mean or of the sum over time.", choices=("mean", "sum"), group=TRAINING)
    threads: int | None = option(
        None,
        "Batch slices trained side by side (default: one a core); part of what makes a run repeatable.",
        minimum=1,
        group=TRAINING,
    )
    matmul: str = option(
        "float32",
        "How a GPU multiplies float32 matrices: as such, or faster and coarser; the processor always as such.",
        choices=MATMUL,
        group=TRAINING,
    )


@dataclass(frozen=True, kw_only=True)
class VectorTrainingSettings:
    """Everything that trained word vectors depend on, besides the model's own settings and the text."""

    epochs: int = option(5, "Passes over the text.", minimum=1, group=TRAINING)
    lr: float = option(0.05, "Learning rate, at first.", above=0.0, group=TRAINING)
    deterministic: bool = option(
        False, "Threads wait for one another: the same vectors for any number of them, which glove always gives.", group=TRAINING
    )
    seed: int = option(1, "Of first vectors, and of everything drawn.", minimum=0, maximum=2**63 - 1, group=TRAINING)
    threads: int | None = option(None, "Threads (default: one a core).", minimum=1, group=TRAINING)
    save_every: float = option(
        60.0, "Time between checkpoints, besides those of epochs.", duration=True, above=0.0, group=TRAINING
    )


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """What is shown and kept on the way; nothing here changes the final weights."""

    sample_every: int | None = option(None, "Steps between samples (default: with each validation).", minimum=1, group=GUARD)
    sample_length: int = option(200, "Tokens in a sample; 0: no samples.", minimum=0, group=GUARD)
    sample_prompt: str = option("", "What samples continue.", group=GUARD)
    save_every: float = option(
        60.0, "Time between checkpoints, besides those of validations.", duration=True, above=0.0, group=GUARD
    )


@dataclass(frozen=True, kw_only=True)
class ForecastTrainingSettings(UpdateSettings):
    """Everything that a network's forecasts depend on, besides the model's own settings and the series."""

    epochs: int = option(200, "Passes over the training rows.", minimum=1, group=TRAINING)
    batch: int = option(
        16, "Examples in an update; for rnn-ar stretches of the series read side by side, at most.", minimum=1, group=TRAINING
    )
    lr: float = option(5e-3, "Learning rate.", above=0.0, group=RATE)
    schedule: str = option("cosine", "How the learning rate changes.", choices=SCHEDULES, group=RATE)
    save_every: float = option(
        60.0, "Time between checkpoints, besides those of validations.", duration=True, above=0.0, group=GUARD
    )
