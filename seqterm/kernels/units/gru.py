"""GRU step, in both published forms.

Reset after the recurrent product (as cuDNN and the v3 revision of arXiv:1406.1078):
  a = x W_x + b        s = h_prev W_h + b_h                     (B, 3H), gates R Z G
  r = sigma(a_R + s_R)   z = sigma(a_Z + s_Z)   g = tanh(a_G + r*s_G)

Reset before it (Cho et al. 2014, arXiv:1406.1078 v1):
  r = sigma(a_R)   z = sigma(a_Z)               with a = x W_x + b + h_prev W_h for R and Z
  g = tanh(a_G)                                 with a_G = x W_x + b + (r*h_prev) W_h

Both:  h = z*h_prev + (1-z)*g   where the update gate keeps,  h = z*g + (1-z)*h_prev   where it renews.
"""


def gru_mix_unit():
    """The last line of both forms.  `keep`: the sense of the update gate."""

    def forward(z, g, h_prev, keep):
        if keep:
            return g + z * (h_prev - g)
        return h_prev + z * (g - h_prev)

    def backward(dh, z, g, h_prev, keep):
        """-> dz, dg, dh_prev"""
        if keep:
            return dh * (h_prev - g), dh - dh * z, dh * z
        return dh * (g - h_prev), dh * z, dh - dh * z

    return forward, backward


def gru_after_unit(sigmoid, tanh):
    def forward(a_r, a_z, a_g, s_r, s_z, s_g):
        r, z = sigmoid(a_r + s_r), sigmoid(a_z + s_z)
        return r, z, tanh(a_g + r * s_g)

    def backward(dz, dg, r, z, g, s_g):
        """-> da_r, da_z, da_g, ds_g; ds_r = da_r and ds_z = da_z"""
        da_g = dg - dg * g * g
        dr = da_g * s_g
        return dr * (r - r * r), dz * (z - z * z), da_g, da_g * r

    return forward, backward


def gru_gates_unit(sigmoid):
    """Reset before, first stage: the gates and the reset state."""

    def forward(a_r, a_z, h_prev):
        r, z = sigmoid(a_r), sigmoid(a_z)
        return r, z, r * h_prev

    def backward(dz, dreset, r, z, h_prev):
        """`dreset` (of r*h_prev) -> da_r, da_z, dh_prev"""
        dr = dreset * h_prev
        return dr * (r - r * r), dz * (z - z * z), dreset * r

    return forward, backward


def gru_candidate_unit(tanh):
    """Reset before, second stage."""

    def forward(a_g):
        return tanh(a_g)

    def backward(dg, g):
        return dg - dg * g * g

    return forward, backward
