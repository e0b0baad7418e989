"""PyTorch trained on a text's characters as `seqterm train lstm` trains with the settings of tests.bench.shakespeare.

The same split, streams, schedule, clipping, first bias and order of batches; prints the last validation loss in nats.
"""

import argparse
import math
from pathlib import Path

import torch
from torch import nn

from tests.bench.rows import Row
from tests.bench.torch_side import THREADS, Model, detached

PARTS, STEPS = 32, 256  # validation reads the text in parts side by side, so many steps at a time


def streams(ids, n):
    """ids in n rows side by side: inputs and targets (T, n)."""
    length = (len(ids) - 1) // n
    return (ids[first : first + n * length].view(n, length).t().contiguous() for first in (0, 1))


@torch.inference_mode()
def loss_of(model, ids):
    inputs, targets = streams(ids, PARTS)
    total, state = 0.0, None
    for first in range(0, len(inputs), STEPS):
        logits, state = model(inputs[first : first + STEPS], state)
        total += float(
            nn.functional.cross_entropy(logits.flatten(0, 1), targets[first : first + STEPS].flatten(), reduction="sum")
        )
    return total / targets.numel()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("text")
    for name, kind in {"hidden": int, "layers": int, "dropout": float, "epochs": int, "batch": int, "steps": int}.items():
        parser.add_argument(f"--{name}", type=kind, default=0)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--final-lr", type=float)
    settings = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(THREADS)
    text = Path(settings.text).read_text(encoding="utf-8")
    known = {character: i for i, character in enumerate(sorted(set(text)))}
    ids = torch.tensor([known[character] for character in text])
    cut = round(0.9 * len(ids))
    train, held_out = ids[:cut], ids[cut:]
    model = Model(Row("lstm", len(known), 64, settings.hidden, settings.layers, 0, 0))
    model.recurrent = nn.LSTM(64, settings.hidden, settings.layers, dropout=settings.dropout)
    model.output.bias.data = torch.log(torch.bincount(train, minlength=len(known)).clamp(min=1) / len(train))
    adam = torch.optim.Adam(model.parameters(), settings.lr, fused=True)
    inputs, targets = streams(train, settings.batch)
    windows = math.ceil(len(inputs) / settings.steps)
    n_steps = windows * settings.epochs
    for step in range(n_steps):
        window = step % windows
        if not window:
            state = None
        progress = step / n_steps
        for group in adam.param_groups:
            group["lr"] = settings.final_lr + 0.5 * (settings.lr - settings.final_lr) * (1 + math.cos(math.pi * progress))
        part = slice(window * settings.steps, (window + 1) * settings.steps)
        logits, state = model(inputs[part], state)
        state = detached(state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets[part].flatten())
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0, foreach=True)
        adam.step()
        if window == windows - 1:
            model.eval()
            found = loss_of(model, held_out)
            model.train()
            print(found, flush=True)


if __name__ == "__main__":
    main()
