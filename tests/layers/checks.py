"""What the tests of the recurrent layers share: a layer with random weights, its gradients, and what they should be."""

from typing import Any, NamedTuple

import numpy as np

from seqterm.backends.cpu import CPU
from seqterm.layers.base import Workspace, flat_size, split
from seqterm.layers.recurrent import RecurrentLayer
from tests.naive import sequence
from tests.naive.differences import central_differences

BACKEND = CPU(2)
T, B, D, H = 4, 3, 5, 6
WHOLE, RAGGED = np.array([T, T, T]), np.array([4, 0, 2])
NO_CUTS = np.zeros(T, bool)


class Problem(NamedTuple):
    """A layer and all that its loss depends on; the loss is sum(h * dh)."""

    layer: RecurrentLayer
    parameters: dict[str, np.ndarray]
    x: np.ndarray
    state: np.ndarray
    dh: np.ndarray
    lengths: np.ndarray = WHOLE
    cuts: np.ndarray = NO_CUTS

    def forward(self, workspace=None):
        """-> h and the final state"""
        workspace = workspace or Workspace(BACKEND)
        return self.layer.forward(self.parameters, self.x, workspace, self.state, self.lengths)

    def gradients(self, workspace=None):
        """-> h, final state, {"x": ..., "state": ..., tensor: ...}, copied out of the workspace"""
        workspace = workspace or Workspace(BACKEND)
        h, final = self.forward(workspace)
        h = h.copy()
        gradients = {name: np.zeros_like(array) for name, array in self.parameters.items()}
        dx, dstate = self.layer.backward(self.parameters, self.dh, workspace, gradients, self.x, self.lengths, self.cuts)
        named = {"state": dstate, **gradients}
        return h, final, named if dx is None else {"x": dx.copy(), **named}


def problem(kind: Any, bias=True, onehot=False, lengths=WHOLE, cuts=NO_CUTS, dtype=np.float64, **options):
    layer = kind("layer", D, H, bias, BACKEND, **options)
    random = np.random.default_rng(5)
    parameters = split(random.normal(0, 0.6, flat_size([layer])).astype(dtype), [layer])["layer"]
    x = random.integers(0, D, (T, B)) if onehot else random.normal(size=(T, B, D)).astype(dtype)
    state = random.normal(size=(B, layer.state_size, H)).astype(dtype)
    return Problem(layer, parameters, x, state, random.normal(size=(T, B, H)).astype(dtype), lengths, cuts)


def agrees_with_the_oracle(p, step, rtol=1e-10, atol=1e-12):
    w = {name: array for name, array in p.parameters.items() if array.size or name == "b"}
    h, final, wanted = sequence.gradients(step, p.x, p.state, w, p.dh, lengths=p.lengths, cuts=p.cuts)
    found_h, found_final, found = p.gradients()
    np.testing.assert_allclose(found_h, h, rtol=rtol, atol=atol, err_msg="h")
    np.testing.assert_allclose(found_final, final, rtol=rtol, atol=atol, err_msg="final state")
    for name, gradient in wanted.items():
        np.testing.assert_allclose(found[name], gradient, rtol=rtol, atol=atol, err_msg=name)


def agrees_with_central_differences(p):
    """Every parameter, the input and the initial state, to a relative error of 1e-6."""

    def loss():
        return float((p.forward()[0] * p.dh).sum())

    found = p.gradients()[2]
    for name, array in {"x": p.x, "state": p.state, **p.parameters}.items():
        numeric = central_differences(loss, array)
        np.testing.assert_allclose(found[name], numeric, rtol=1e-6, atol=1e-9, err_msg=name)
