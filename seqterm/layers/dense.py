"""A dense layer: y = f(x W + b), f linear, relu or tanh."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, fill_xavier

ACTIVATIONS = ("linear", "relu", "tanh")


class Dense:
    """x (m, D) -> y (m, H)"""

    def __init__(self, name: str, n_inputs: int, n_outputs: int, activation: str, backend: Backend):
        self.name, self._activation = name, activation
        self.shapes: dict[str, tuple[int, ...]] = {"W": (n_inputs, n_outputs), "b": (n_outputs,)}
        self._backend, self._kernels = backend, backend.kernels("dense")
        self._pack = backend.kernels("product").pack

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        parameters["b"][...] = 0
        if scheme == "uniform":
            fill_uniform(parameters["W"], len(parameters["W"]) ** -0.5, random)
        else:
            fill_xavier(parameters["W"], 1, random)

    def forward(self, parameters: Tensors, x: Array, workspace: Workspace) -> Array:
        """x stands in the workspace until `backward`."""
        w = parameters["W"]
        kept = workspace.array("x", x.shape, w.dtype)
        self._backend.assign(kept, x)
        y = workspace.array("y", (x.shape[0], w.shape[1]), w.dtype)
        self._kernels.dense_forward(kept, self._pack(w), parameters["b"], y)
        if self._activation != "linear":
            self._kernels.dense_activation_forward(y, self._activation == "relu")
        return y

    def backward(self, parameters: Tensors, dy: Array, workspace: Workspace, gradients: Tensors) -> Array:
        """dy (m, H) of the last forward pass -> dx (m, D); adds to the gradients."""
        x, y = workspace["x"], workspace["y"]
        da = workspace.array("da", dy.shape, dy.dtype)
        if self._activation != "linear":
            self._kernels.dense_activation_backward(dy, y, self._activation == "relu", da)
        else:
            self._backend.assign(da, dy)
        self._kernels.dense_weight_backward(x, da, gradients["W"])
        self._kernels.dense_bias_backward(da, gradients["b"])
        dx = workspace.array("dx", x.shape, dy.dtype)
        self._kernels.dense_input_backward(da, parameters["W"], dx)
        return dx
