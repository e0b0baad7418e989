"""How a model is trained by expectation and maximisation.  Light, as settings.py."""

from dataclasses import dataclass

from seqterm.options import option
from seqterm.training.settings import TRAINING


@dataclass(frozen=True, kw_only=True)
class ExpectationSettings:
    """Everything that the final parameters depend on, besides the model's own settings and what it learns from."""

    epochs: int = option(100, "Iterations of a restart, at most.", minimum=1, group=TRAINING)
    tolerance: float = option(
        1e-4, "End a restart when an iteration lowers the loss by less, in nats a token.", minimum=0.0, group=TRAINING
    )
    restarts: int = option(1, "Begin so often, each time anew; the best on the training text is kept.", minimum=1, group=TRAINING)
    prior_initial: float = option(0.1, "Pseudo-count of every first state.", minimum=0.0, group=TRAINING)
    prior_transition: float = option(0.1, "Pseudo-count of every transition.", minimum=0.0, group=TRAINING)
    prior_emission: float = option(
        0.01,
        "Pseudo-count of every token in every state; for --emission gaussian of rows distributed as all are.",
        minimum=0.0,
        group=TRAINING,
    )
    seed: int = option(1, "Of first parameters.", minimum=0, maximum=2**63 - 1, group=TRAINING)
    save_every: float = option(
        60.0, "Time between checkpoints, besides those of restarts.", duration=True, above=0.0, group=TRAINING
    )
