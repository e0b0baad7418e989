"""Back-propagation in which each output's error goes back at most K steps, one row and one output at a time.

A parameter layout as in seqterm: x W_x + h W_h + b, gates side by side, LSTM I F O G, GRU R Z G.  A state is (S, H): h, and c for
the LSTM.  A step gives the new state and a memory; its way back takes the gradient of the new state, adds to the
gradients of the parameters and gives the gradients of x and of the state before.
"""

import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def elman_step(x, state, p, relu):
    a = x @ p["W_x"] + state[0] @ p["W_h"] + p["b"]
    h = np.where(a > 0.0, a, 0.0) if relu else np.tanh(a)
    return np.stack([h]), (x, state, h)


def elman_back(dstate, memory, p, g, relu):
    x, state, h = memory
    da = dstate[0] * (h > 0.0) if relu else dstate[0] * (1.0 - h**2)
    g["W_x"] += np.outer(x, da)
    g["W_h"] += np.outer(state[0], da)
    g["b"] += da
    return p["W_x"] @ da, np.stack([p["W_h"] @ da])


def lstm_step(x, state, p):
    i, f, o, g = np.split(x @ p["W_x"] + state[0] @ p["W_h"] + p["b"], 4)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c = f * state[1] + i * g
    return np.stack([o * np.tanh(c), c]), (x, state, i, f, o, g, c)


def lstm_back(dstate, memory, p, grads):
    x, state, i, f, o, g, c = memory
    dh, dc = dstate
    dc = dc + dh * o * (1.0 - np.tanh(c) ** 2)
    di, df, do, dg = dc * g, dc * state[1], dh * np.tanh(c), dc * i
    da = np.concatenate([di * i * (1.0 - i), df * f * (1.0 - f), do * o * (1.0 - o), dg * (1.0 - g**2)])
    grads["W_x"] += np.outer(x, da)
    grads["W_h"] += np.outer(state[0], da)
    grads["b"] += da
    return p["W_x"] @ da, np.stack([p["W_h"] @ da, dc * f])


def gru_step(x, state, p, reset_after, keep):
    h = state[0]
    a_r, a_z, a_g = np.split(x @ p["W_x"] + p["b"], 3)
    w_r, w_z, w_g = np.split(p["W_h"], 3, axis=1)
    b_r, b_z, b_g = np.split(p["b_h"], 3) if reset_after else (0.0, 0.0, 0.0)
    r, z = sigmoid(a_r + h @ w_r + b_r), sigmoid(a_z + h @ w_z + b_z)
    g = np.tanh(a_g + r * (h @ w_g + b_g)) if reset_after else np.tanh(a_g + (r * h) @ w_g)
    new = z * h + (1.0 - z) * g if keep else (1.0 - z) * h + z * g
    return np.stack([new]), (x, h, r, z, g)


def gru_back(dstate, memory, p, grads, reset_after, keep):
    x, h, r, z, g = memory
    w_r, w_z, w_g = np.split(p["W_h"], 3, axis=1)
    d = dstate[0]
    old, new = (z, 1.0 - z) if keep else (1.0 - z, z)
    dh, dg, dz = d * old, d * new, d * (h - g if keep else g - h)
    da_g = dg * (1.0 - g**2)
    if reset_after:
        s_g = h @ w_g + np.split(p["b_h"], 3)[2]
        dr, ds_g = da_g * s_g, da_g * r
        dh, dw_g = dh + w_g @ ds_g, np.outer(h, ds_g)
    else:
        dreset = w_g @ da_g
        dr, dh, dw_g = dreset * h, dh + dreset * r, np.outer(r * h, da_g)
    da_r, da_z = dr * r * (1.0 - r), dz * z * (1.0 - z)
    dh = dh + w_r @ da_r + w_z @ da_z
    da = np.concatenate([da_r, da_z, da_g])
    grads["W_x"] += np.outer(x, da)
    grads["W_h"] += np.concatenate([np.outer(h, da_r), np.outer(h, da_z), dw_g], axis=1)
    grads["b"] += da
    if reset_after:
        grads["b_h"] += np.concatenate([da_r, da_z, ds_g])
    return p["W_x"] @ da, np.stack([dh])


def truncated_gradient(step, back, parameters, ids, targets, state, truncate):
    """The gradient of -sum log p(target) for one row.

    parameters: {"embedding": {"table"}, "0": {...}, "1": {...}, "output": {"W" (V, H), "b"}}; ids, targets (T,); state (L, S, H).
    -> gradients like parameters, the gradient of the first state, sum of log p.
    """
    n_layers = len(state)
    grads = {layer: {name: np.zeros_like(t) for name, t in tensors.items()} for layer, tensors in parameters.items()}
    dfirst, total = np.zeros_like(state), 0.0
    memories, output = [], parameters["output"]
    for t in range(len(ids)):
        memories.append([])
        before, state = state, np.empty_like(state)
        x = parameters["embedding"]["table"][ids[t]]
        for layer in range(n_layers):
            state[layer], memory = step(x, before[layer], parameters[str(layer)])
            memories[t].append(memory)
            x = state[layer, 0]

        logits = output["W"] @ x + output["b"]
        p = np.exp(logits - logits.max())
        p /= p.sum()
        total += np.log(p[targets[t]])
        dlogits = p.copy()
        dlogits[targets[t]] -= 1.0
        grads["output"]["W"] += np.outer(dlogits, x)
        grads["output"]["b"] += dlogits

        dstate = np.zeros_like(state)
        dstate[-1, 0] = dlogits @ output["W"]
        for s in range(t, max(-1, t - truncate - 1), -1):
            for layer in reversed(range(n_layers)):
                name = str(layer)
                dx, dstate[layer] = back(dstate[layer], memories[s][layer], parameters[name], grads[name])
                if layer:
                    dstate[layer - 1, 0] += dx
            grads["embedding"]["table"][ids[s]] += dx
        if t - truncate <= 0:
            dfirst += dstate
    return grads, dfirst, total
