"""Training of the neural n-gram, seqterm and PyTorch in turn, both on two threads:  python -m tests.bench.nnlm [--rounds 5]

An update: windows of four tokens, their vectors, a tanh layer, softmax, loss, backward, norm clipping, Adam.  Tokens a second,
medians over rounds.  Needs the extra `bench`.
"""

import argparse
import sys
from collections.abc import Callable

import numpy as np

from tests.bench.measuring import updates_a_second
from tests.bench.rows import Row, Side, serve
from tests.bench.speed import interleaved

ORDER, THREADS = 5, 2
ROWS = [
    Row("nnlm", 65, 64, 128, 1, 32, 64),
    Row("nnlm", 65, 64, 512, 1, 32, 64),
    Row("nnlm", 2000, 64, 128, 1, 32, 32),
    Row("nnlm", 10000, 60, 100, 1, 32, 32),
    Row("nnlm", 10000, 200, 400, 1, 32, 32),
]


def seqterm_side(row: Row, direct: bool) -> Callable[[float], dict[str, float]]:
    from seqterm.backends.select import select
    from seqterm.models.nnlm import Nnlm
    from seqterm.models.nnlm_settings import NnlmSettings
    from tests.bench.seqterm_side import update_of

    settings = NnlmSettings(order=ORDER, hidden=row.H, embedding=row.E, direct=direct)
    model = Nnlm(settings, np.log(np.full(row.V, 1 / row.V)), select(THREADS))
    model.initialise(np.random.default_rng(1))
    return updates_a_second(update_of(model, row))


def torch_side(row: Row, direct: bool) -> Callable[[float], dict[str, float]]:
    import torch
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(THREADS)
    n_inputs = (ORDER - 1) * row.E
    embedding, hidden = nn.Embedding(row.V, row.E), nn.Linear(n_inputs, row.H)
    output = nn.Linear(row.H + direct * n_inputs, row.V)
    parameters = [parameter for layer in (embedding, hidden, output) for parameter in layer.parameters()]
    adam = torch.optim.Adam(parameters, 1e-3, fused=True)
    ids = torch.randint(0, row.V, (row.B, row.T + ORDER - 1))
    windows, targets = ids.unfold(1, ORDER - 1, 1)[:, :-1].reshape(-1, ORDER - 1), ids[:, ORDER - 1 :].reshape(-1)

    def update() -> int:
        x = embedding(windows).flatten(1)
        h = torch.tanh(hidden(x))
        loss = nn.functional.cross_entropy(output(torch.cat([h, x], 1) if direct else h), targets)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0, foreach=True)
        adam.step()
        return len(targets)

    return updates_a_second(update)


SIDES = {"seqterm": seqterm_side, "torch": torch_side}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side in a round")
    chosen = parser.parse_args()
    print(f"{'':<52} {'seqterm':>10} {'torch':>10} {'ratio':>6}")
    for row in ROWS:
        for direct in (False, True):
            sides = [Side("tests.bench.nnlm", name, row, direct=direct) for name in SIDES]
            ours, theirs = (found["median"] for found in interleaved(sides, chosen.rounds, chosen.seconds))
            name = row.name + (" direct" if direct else "")
            print(f"{name:<52} {ours:>10,.0f} {theirs:>10,.0f} {ours / theirs:>6.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in SIDES:
        serve(SIDES)
    else:
        main()
