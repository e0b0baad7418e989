"""Recurrent layers and drawing on a GPU against PyTorch, whose layers are cuDNN's:  python -m tests.bench.cuda [--math tf32]

Forward and backward of one layer, with the gradients of its input and all its weights; then 1,024 streams drawn side by side.
Both sides multiply in the same way (--math float32, tf32 or bf16) and take turns; device events stand around every round, figures
are medians.  Beside them two ceilings of the same call, PyTorch's large product and its large copy, and how much of each the
layer comes to.  --device cpu goes through the same on the processor, with few small shapes: to see that the bench works.

Needs seqterm[cuda] and a PyTorch for CUDA.
"""

import argparse
import contextlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from seqterm.app.devices import described
from seqterm.backends.base import Backend
from seqterm.backends.gpus import find_gpus
from seqterm.backends.select import select
from seqterm.layers.base import Workspace, split
from seqterm.layers.elman import Elman
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from seqterm.layers.recurrent import RecurrentLayer
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import LstmSettings
from seqterm.sampling.settings import SamplingSettings

CELLS = ("lstm", "gru, reset after", "gru, reset before", "elman")
GATES = {"lstm": 4, "gru, reset after": 3, "gru, reset before": 3, "elman": 1}
SHAPES = {"cuda": [(b, h, t) for b in (16, 64, 128) for h in (128, 256, 512, 1024) for t in (64, 256, 1024)], "cpu": [(4, 16, 8)]}
STREAMS, TOKENS = {"cuda": 1024, "cpu": 4}, 64
CEILING = {"cuda": 8192, "cpu": 256}
ROUNDS, REPEATS = 7, 5

Work = Callable[[], None]


class PlainGru(nn.Module):
    """The reset before the product, which cuDNN does not have, as one writes it in PyTorch."""

    def __init__(self, size: int):
        super().__init__()
        self.x, self.gates, self.candidate = (
            nn.Linear(size, 3 * size),
            nn.Linear(size, 2 * size, False),
            nn.Linear(size, size, False),
        )

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        a_r, a_z, a_g = self.x(x).chunk(3, -1)
        h, outputs = torch.zeros_like(a_r[0]), []
        for t in range(len(x)):
            s_r, s_z = self.gates(h).chunk(2, -1)
            r, z = torch.sigmoid(a_r[t] + s_r), torch.sigmoid(a_z[t] + s_z)
            h = torch.lerp(torch.tanh(a_g[t] + self.candidate(r * h)), h, z)
            outputs.append(h)
        return torch.stack(outputs), h


def our_layer(cell: str, size: int, backend: Backend) -> RecurrentLayer:
    common = "0", size, size, True, backend
    if cell == "lstm":
        return LSTM(*common)
    return Elman(*common) if cell == "elman" else GRU(*common, reset_after=cell.endswith("after"))


def ours(cell: str, shape: tuple[int, int, int], backend: Backend) -> Work:
    n_batch, size, n_steps = shape
    layer, random = our_layer(cell, size, backend), np.random.default_rng(1)
    n = sum(int(np.prod(s)) for s in layer.shapes.values())
    values, gradient = np.zeros(n, np.float32), backend.zeros((n,), np.dtype(np.float32))
    layer.initialise(split(values, [layer])["0"], "uniform", random)
    parameters, gradients = (split(flat, [layer])["0"] for flat in (backend.to_device(values), gradient))
    x, dy = (backend.to_device(random.standard_normal((n_steps, n_batch, size), np.float32)) for _ in range(2))
    state = backend.zeros((n_batch, layer.state_size, size), np.dtype(np.float32))
    lengths, cuts, workspace = np.full(n_batch, n_steps), np.zeros(n_steps, np.bool_), Workspace(backend)

    def work() -> None:
        backend.assign(gradient, 0)
        layer.forward(parameters, x, workspace, state, lengths)
        layer.backward(parameters, dy, workspace, gradients, x, lengths, cuts)

    return work


def theirs(cell: str, shape: tuple[int, int, int], device: str) -> Work:
    n_batch, size, n_steps = shape
    kinds = {"lstm": nn.LSTM, "gru, reset after": nn.GRU, "elman": nn.RNN}
    layer = (PlainGru(size) if cell not in kinds else kinds[cell](size, size)).to(device)
    x, dy = (torch.randn(n_steps, n_batch, size, device=device) for _ in range(2))
    x.requires_grad_()

    def work() -> None:
        x.grad = None
        layer.zero_grad(set_to_none=True)
        y, _ = layer(x)
        y.backward(dy.to(y.dtype))

    return work


def our_streams(n: int, hidden: int, backend: Backend) -> Work:
    model = RecurrentModel(LstmSettings(hidden=hidden, layers=2, embedding=64), np.log(np.full(65, 1 / 65)), backend)
    model.initialise(np.random.default_rng(1))
    state, log_p = model.start(n)
    seen, banned = np.zeros((n, 65), np.bool_), np.zeros(65, np.bool_)

    def work() -> None:
        model.draw(state, log_p, seen, banned, SamplingSettings(), 1, 0, TOKENS)

    return work


def their_streams(n: int, hidden: int, device: str) -> Work:
    embedding, layer, output = (part.to(device) for part in (nn.Embedding(65, 64), nn.LSTM(64, hidden, 2), nn.Linear(hidden, 65)))

    @torch.inference_mode()
    def work() -> None:
        token, state = torch.zeros(1, n, dtype=torch.long, device=device), None
        for _ in range(TOKENS):
            h, state = layer(embedding(token), state)
            token = torch.multinomial(torch.softmax(output(h[0]), -1), 1).T

    return work


@contextlib.contextmanager
def mathematics(name: str, backend: Backend, device: str) -> Iterator[None]:
    """Both sides multiply so."""
    backend.set_matmul(name)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"
    with torch.autocast(device, torch.bfloat16, enabled=name == "bf16"):
        yield


def our_seconds(work: Work, device: str, repeats: int) -> float:
    if device == "cpu":
        return _seconds(work, repeats)
    from numba import cuda

    start, end = cuda.event(), cuda.event()
    start.record()
    for _ in range(repeats):
        work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3 / repeats


def their_seconds(work: Work, device: str, repeats: int) -> float:
    if device == "cpu":
        return _seconds(work, repeats)
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(repeats):
        work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3 / repeats


def _seconds(work: Work, repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - began) / repeats


def compared(our: Work, their: Work, device: str) -> dict[str, float]:
    for work in (our, their):
        work()
        work()
    both = [(our_seconds(our, device, REPEATS), their_seconds(their, device, REPEATS)) for _ in range(ROUNDS)]
    mine, other = (statistics.median(side) for side in zip(*both, strict=True))
    return {"ms": 1e3 * mine, "PyTorch ms": 1e3 * other, "ratio": other / mine}


def ceilings(device: str) -> tuple[float, float]:
    """(operations, bytes) a second of PyTorch's large product and copy."""
    n = CEILING[device]
    a, b = torch.randn(n, n, device=device), torch.randn(n, n, device=device)
    product = min(their_seconds(lambda: torch.mm(a, b), device, 3) for _ in range(ROUNDS))
    copy = min(their_seconds(lambda: b.copy_(a), device, 10) for _ in range(ROUNDS))
    return 2 * n**3 / product, 2 * a.nbytes / copy


def needed(cell: str, shape: tuple[int, int, int]) -> tuple[int, int]:
    """(operations, bytes) of forward and backward: three products of the input's and of the state's size; x, dy and dx once;
    gates written, read and replaced by their gradient, which is read for weights and input; h written and read twice."""
    (n_batch, size, n_steps), gates = shape, GATES[cell]
    places = n_steps * n_batch * size
    return 3 * 2 * 2 * places * size * gates, 4 * places * (3 + 5 * gates + 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--math", default="float32", choices=("float32", "tf32", "bf16"))
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    backend, device, found = select(device=options.device), options.device, []
    with mathematics(options.math, backend, device):
        operations, size = ceilings(device)
        for cell in CELLS:
            for shape in SHAPES[device]:
                row = compared(ours(cell, shape, backend), theirs(cell, shape, device), device)
                own, moved = needed(cell, shape)
                of = {"of product": own / row["ms"] * 1e3 / operations, "of copy": moved / row["ms"] * 1e3 / size}
                found.append({"row": f"{cell}, B {shape[0]}, H {shape[1]}, T {shape[2]}", **row, **of})
        for hidden in (256, 512):
            n = STREAMS[device]
            row = compared(our_streams(n, hidden, backend), their_streams(n, hidden, device), device)
            found.append({"row": f"{n:,} streams of {TOKENS} tokens, lstm 2 x {hidden}", **row})
    name = described(find_gpus()[0][0]) if device == "cuda" else "the processor"
    table = Table("row", "ms", "PyTorch ms", "ratio", "of product", "of copy", title=f"{name}, {options.math}")
    for row in found:
        shares = (f"{row[key]:.0%}" if key in row else "" for key in ("of product", "of copy"))
        table.add_row(row["row"], f"{row['ms']:.3f}", f"{row['PyTorch ms']:.3f}", f"{row['ratio']:.2f}", *shares)
    Console().print(table)
    Console().print(f"ceilings: {operations / 1e12:.2f} TFLOP/s, {size / 1e12:.3f} TB/s")
    if options.json:
        options.json.write_text(json.dumps({"device": name, "math": options.math, "rows": found}, indent=1))


if __name__ == "__main__":
    main()
