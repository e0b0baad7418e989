"""PyTorch's side of the speed benches, at its best: fused layers, fused Adam, inference mode, warmed up."""

from collections.abc import Callable

import torch
from torch import nn

from tests.bench.measuring import held, peak, rate, read_lines, updates_a_second
from tests.bench.rows import Row, serve

THREADS = 2
LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}
LINES = 64  # scored side by side, sorted by length


class Model(nn.Module):
    def __init__(self, row: Row):
        super().__init__()
        self.embedding = nn.Embedding(row.V, row.E)
        self.recurrent = LAYERS[row.cell](row.E, row.H, row.L)
        self.output = nn.Linear(row.H, row.V)

    def forward(self, ids, state=None):
        """ids (T, B) -> logits (T, B, V) and the state"""
        h, state = self.recurrent(self.embedding(ids), state)
        return self.output(h), state


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def update_of(row: Row) -> Callable[[], int]:
    model = Model(row)
    adam = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    ids, state = torch.randint(0, row.V, (row.T + 1, row.B)), None

    def update() -> int:
        nonlocal state
        logits, state = model(ids[:-1], state)
        state = detached(state)
        loss = nn.functional.cross_entropy(logits.reshape(-1, row.V), ids[1:].reshape(-1))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0, foreach=True)
        adam.step()
        return row.T * row.B

    return update


def training(row: Row) -> Callable[[float], dict[str, float]]:
    return updates_a_second(update_of(row))


def memory(row: Row) -> Callable[[float], dict[str, float]]:
    """What building the model and training it add to what the process held."""
    before = held()
    return lambda seconds: {"bytes": peak(lambda: updates_a_second(update_of(row))) - before}


def sampling(row: Row) -> Callable[[float], dict[str, float]]:
    model = Model(row).eval()
    token, state = torch.zeros(1, 1, dtype=torch.long), None

    @torch.inference_mode()
    def draw() -> int:
        nonlocal token, state
        for _ in range(32):
            logits, state = model(token, state)
            token = torch.multinomial(torch.softmax(logits[0], -1), 1)
        return 32

    draw()
    return lambda seconds: rate(draw, seconds)


def scoring(row: Row, text: str) -> Callable[[float], dict[str, float]]:
    """Log-probabilities of a file's lines, in batches of lines of about one length, padded."""
    lines = read_lines(text)
    known = {character: i for i, character in enumerate(sorted({"\n", *"".join(lines)}))}
    model = Model(Row(row.cell, len(known), row.E, row.H, row.L, row.B, row.T)).eval()

    @torch.inference_mode()
    def score() -> int:
        encoded = [[known[character] for character in line + "\n"] for line in lines]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        for first in range(0, len(order), LINES):
            batch = [torch.tensor(encoded[i]) for i in order[first : first + LINES]]
            targets = nn.utils.rnn.pad_sequence(batch, padding_value=-1)
            ids = targets[:-1].clamp(min=0)
            if len(ids):
                logits, _ = model(ids)
                losses = nn.functional.cross_entropy(
                    logits.flatten(0, 1), targets[1:].flatten(), ignore_index=-1, reduction="none"
                )
                losses.view(ids.shape).sum(0)
        return sum(map(len, encoded))

    return lambda seconds: rate(score, seconds)


if __name__ == "__main__":
    torch.manual_seed(1)
    torch.set_num_threads(THREADS)
    serve({"training": training, "memory": memory, "sampling": sampling, "scoring": scoring})
