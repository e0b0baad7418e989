"""One Elman step of one row.  a (H,): x W_x + b; state (h,)."""

from tests.naive.tape import relu, tanh


def tanh_step(a, state, w):
    return (tanh(a + state[0] @ w["W_h"]),)


def relu_step(a, state, w):
    return (relu(a + state[0] @ w["W_h"]),)
