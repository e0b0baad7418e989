"""One GRU step of one row, in its four forms.  a (3H,): x W_x + b, gates R Z G; state (h,)."""

from tests.naive.tape import sigmoid, tanh


def _keep(z, g, h_prev):
    return (z * h_prev + (1 - z) * g,)


def _renew(z, g, h_prev):
    return ((1 - z) * h_prev + z * g,)


def _after(a, state, w, mix):
    (h_prev,) = state
    n = len(h_prev)
    s = h_prev @ w["W_h"]
    if "b_h" in w:
        s = s + w["b_h"]
    r, z = sigmoid(a[:n] + s[:n]), sigmoid(a[n : 2 * n] + s[n : 2 * n])
    return mix(z, tanh(a[2 * n :] + r * s[2 * n :]), h_prev)


def _before(a, state, w, mix):
    (h_prev,) = state
    n = len(h_prev)
    gates = a[: 2 * n] + h_prev @ w["W_h"][:, : 2 * n]
    r, z = sigmoid(gates[:n]), sigmoid(gates[n:])
    return mix(z, tanh(a[2 * n :] + (r * h_prev) @ w["W_h"][:, 2 * n :]), h_prev)


def after_keep(a, state, w):
    return _after(a, state, w, _keep)


def after_renew(a, state, w):
    return _after(a, state, w, _renew)


def before_keep(a, state, w):
    return _before(a, state, w, _keep)


def before_renew(a, state, w):
    return _before(a, state, w, _renew)
