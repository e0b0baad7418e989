"""One LSTM step of one row.  a (4H,): x W_x + b, gates I F O G; state (h, c)."""

from tests.naive.tape import sigmoid, tanh


def step(a, state, w):
    h_prev, c_prev = state
    n = len(h_prev)
    a = a + h_prev @ w["W_h"]
    i, f, o, g = sigmoid(a[:n]), sigmoid(a[n : 2 * n]), sigmoid(a[2 * n : 3 * n]), tanh(a[3 * n :])
    c = f * c_prev + i * g
    return o * tanh(c), c
