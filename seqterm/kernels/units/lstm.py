"""LSTM step with a forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000).
a = x W_x + h_prev W_h + b                                   (B, 4H), gates I F O G
i = sigma(a_I)   f = sigma(a_F)   o = sigma(a_O)   g = tanh(a_G)
c = f*c_prev + i*g       h = o*tanh(c)                       (B, H)
"""


def lstm_unit(sigmoid, tanh):
    def forward(a_i, a_f, a_o, a_g, c_prev):
        i, f, o, g = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o), tanh(a_g)
        c = f * c_prev + i * g
        return i, f, o, g, c, o * tanh(c)

    def backward(dh, dc, i, f, o, g, c, c_prev):
        """`dh`, `dc`: the gradients that reach h and c from later; -> da_i, da_f, da_o, da_g, dc_prev."""
        tanh_c = tanh(c)
        dh_o = dh * o
        dc = dc + dh_o - dh_o * tanh_c * tanh_c
        di, df, do, dg = dc * g, dc * c_prev, dh * tanh_c, dc * i
        return di * (i - i * i), df * (f - f * f), do * (o - o * o), dg - dg * g * g, dc * f

    return forward, backward
