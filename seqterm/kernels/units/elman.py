"""Elman step (Elman 1990, Finding structure in time).
a = x W_x + h_prev W_h + b          (B, H)
h = tanh(a) or relu(a)              (B, H)
"""


def elman_tanh_unit(tanh):
    def forward(a):
        return tanh(a)

    def backward(dh, h):
        return dh - dh * h * h

    return forward, backward


def elman_relu_unit(relu, step):
    def forward(a):
        return relu(a)

    def backward(dh, h):
        return dh * step(h)

    return forward, backward
