"""The GRU layer in its four forms, against the oracle and central differences."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.gru import GRU
from tests.layers.checks import BACKEND, RAGGED, WHOLE, agrees_with_central_differences, agrees_with_the_oracle, problem
from tests.naive import gru as naive

FORMS = {
    "after keep": ({"reset_after": True, "keep": True}, naive.after_keep),
    "after renew": ({"reset_after": True, "keep": False}, naive.after_renew),
    "before keep": ({"reset_after": False, "keep": True}, naive.before_keep),
    "before renew": ({"reset_after": False, "keep": False}, naive.before_renew),
}


@pytest.fixture(params=FORMS)
def form(request):
    """(options of the layer, step of the oracle)"""
    return FORMS[request.param]


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
@pytest.mark.parametrize("bias", [True, False])
def test_forward_and_gradients_agree_with_the_oracle(form, bias, lengths):
    options, step = form
    agrees_with_the_oracle(problem(GRU, bias, lengths=lengths, **options), step)


def test_cuts_agree_with_the_oracle(form):
    options, step = form
    agrees_with_the_oracle(problem(GRU, cuts=np.array([True, False, True, False]), **options), step)


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
def test_gradients_agree_with_central_differences(form, lengths):
    agrees_with_central_differences(problem(GRU, lengths=lengths, **form[0]))


def test_the_trace_follows_the_equations(form):
    options, _ = form
    p, workspace = problem(GRU, **options), Workspace(BACKEND)
    h, _ = p.forward(workspace)
    trace = p.layer.trace(workspace)
    assert set(trace) == set("hrzg")
    h_prev = np.concatenate([p.state[None, :, 0], h[:-1]])
    share = trace["z"] if options["keep"] else 1 - trace["z"]
    np.testing.assert_array_equal(trace["h"], h)
    np.testing.assert_allclose(h, share * h_prev + (1 - share) * trace["g"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("reset_after", "bias", "wanted"), [(True, True, True), (True, False, False), (False, True, False)])
def test_only_the_reset_after_has_a_recurrent_bias(reset_after, bias, wanted):
    assert ("b_h" in problem(GRU, bias, reset_after=reset_after).parameters) == wanted
