"""What the test of the plain twins computes: python -m tests.kernels.cpu.without_jit FILE writes it to FILE, compiled or not."""

import sys

import numpy as np

from seqterm.kernels.cpu import dropout, filters, lstm, optimiser, product, random, softmax
from seqterm.kernels.cpu.denormals import flush_denormals


def product_inputs():
    numbers = np.random.default_rng(1)
    return numbers.integers(-4, 5, (11, 6)).astype(np.float32), numbers.integers(-4, 5, (6, 45)).astype(np.float32)


def lstm_inputs():
    """gates (T, B, 4H), w_h, state (B, 2, H), dh"""
    numbers = np.random.default_rng(2)
    return (
        numbers.normal(size=(4, 3, 20)),
        numbers.normal(size=(5, 20)),
        numbers.normal(size=(3, 2, 5)),
        numbers.normal(size=(4, 3, 5)),
    )


def compute():
    a, b = product_inputs()
    found = {"packed": np.ones((11, 45), np.float32), "unpacked": np.ones((11, 45), np.float32)}
    product.add_product(a, product.pack(b), found["packed"])
    product.add_product_unpacked(a.T.copy().T, b, found["unpacked"])

    gates, w_h, state, dh = lstm_inputs()
    h, c = np.empty((5, 3, 5)), np.empty((5, 3, 5))
    h[0], c[0] = state[:, 0], state[:, 1]
    da, dh_next, dc_next = np.empty_like(gates), np.zeros((3, 5)), np.zeros((3, 5))
    lengths = np.array([4, 2, 0])
    lstm.lstm_sequence_forward(gates, w_h, lengths, h, c)
    lstm.lstm_sequence_backward(dh, gates, c, w_h, lengths, np.zeros(4, bool), da, dh_next, dc_next)
    found |= {"h": h[1:], "c": c[-1], "da": da, "dh_0": dh_next, "dc_0": dc_next}

    found["dropout"] = np.empty((2, 3, 9))
    dropout.dropout(np.ones((2, 3, 9)), 0.4, random.derive_key(5, 1), 2, found["dropout"])
    found["uniform"] = np.array([random.uniform(2**62 + 1, i) for i in range(5)])
    log_p = np.empty((3, 5))
    softmax.log_softmax(dh[0], log_p)
    unseen = np.zeros(5, bool)
    found["tokens"] = np.array(
        [filters.draw_token(row, unseen, unseen, False, 0.8, 4, 0.9, 0.01, 1.0, False, 0.6) for row in log_p]
    )
    found["log_p"] = log_p
    slices = np.arange(12.0).reshape(3, 4)
    optimiser.sum_slices(slices)
    found["sum"] = slices[0]
    return found


if __name__ == "__main__":
    flush_denormals()
    np.savez(sys.argv[1], **compute())
