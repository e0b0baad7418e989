"""The learning rate as a function of where training stands."""

import math

from seqterm.training.settings import UpdateSettings


def learning_rate(settings: UpdateSettings, step: int, steps: int, epoch: int, plateau_factor: float) -> float:
    """The rate of update `step` (from 0) of `steps`, in `epoch` (from 0); plateau_factor: the product of plateau's decays."""
    if step < settings.warm_up:
        return settings.lr * (step + 1) / settings.warm_up
    match settings.schedule:
        case "step":
            first = settings.decay_after or settings.decay_every  # the first epoch with a lower rate
            decays = (epoch - first) // settings.decay_every + 1 if epoch >= first else 0
            return settings.lr * settings.decay**decays
        case "plateau":
            return settings.lr * plateau_factor
        case "cosine":
            done = (step - settings.warm_up) / max(1, steps - settings.warm_up)
            return settings.final_lr + (settings.lr - settings.final_lr) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    return settings.lr
