"""A worked example of an Elman network that spells hello: characters h e l o, one-hot, three hidden units.

A_1 and Y_1 follow from the matrices by hand: a_1 = tanh(W_ax x + W_aa a_0 + b_a) with x = h and a_0 = 0, that is
tanh(.2, .1, .4), and y_1 = softmax(W_ya a_1 + b_y) = softmax(.25366, .27431, .22569, .47431).
"""

import numpy as np
import pytest

from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import ElmanSettings
from seqterm.text.stream import Batch
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater
from tests.models.networks import BACKEND

# In the source's orientation: weights multiply a column from the left.
W_AX = [[0.1, 0.2, 0.3, 0.4], [-0.1, -0.2, 0.3, 0.1], [0.1, 0.2, -0.3, -0.4]]
W_AA = [[0.1, 0.2, 0.3], [-0.1, -0.2, 0.3], [0.1, 0.2, -0.3]]
B_A = [0.1, 0.2, 0.3]
W_YA = [[0.1, 0.2, 0.3], [-0.1, -0.2, 0.3], [0.1, 0.2, -0.3], [-0.1, -0.2, 0.3]]
B_Y = [0.1, 0.2, 0.3, 0.4]
A_1 = [0.19738, 0.09967, 0.37995]
Y_1 = [0.23584, 0.24076, 0.22933, 0.29407]
IDS = {letter: i for i, letter in enumerate("helo")}


@pytest.fixture(params=["float32", "float64"])
def model(request):
    settings = ElmanSettings(hidden=3, input="onehot", precision=request.param)
    made = RecurrentModel(settings, np.log(np.full(4, 0.25)), BACKEND)
    made.parameters["0"]["W_x"][...] = np.transpose(W_AX)
    made.parameters["0"]["W_h"][...] = np.transpose(W_AA)
    made.parameters["0"]["b"][...] = B_A
    made.parameters["output"]["W"][...] = W_YA
    made.parameters["output"]["b"][...] = B_Y
    return made


def test_first_activation_and_prediction(model):
    state, log_p = model.advance(model.zero_state(1), np.array([IDS["h"]]))
    np.testing.assert_allclose(state[0, 0, 0], A_1, rtol=0, atol=1e-5)
    np.testing.assert_allclose(np.exp(log_p[0]), Y_1, rtol=0, atol=1e-5)


def test_the_trace_and_the_score_know_the_same_numbers(model):
    np.testing.assert_allclose(model.trace(np.array([IDS["h"]]))["0.h"][0], A_1, rtol=0, atol=1e-5)
    for target in range(4):
        _, log_p = model.score(model.zero_state(1), np.array([[IDS["h"]]]), np.array([[target]]))
        np.testing.assert_allclose(np.exp(log_p[0, 0]), Y_1[target], rtol=0, atol=1e-5)


def test_trained_on_h_e_l_l_it_predicts_e_l_l_o(model):
    updater = Updater(model, TrainingSettings(batch=1, steps=4, optimizer="sgd", loss_reduction="sum", clip_norm=None))
    ids, targets = (np.array([[IDS[letter]] for letter in word]) for word in ("hell", "ello"))
    for step in range(500):
        updater.state[...] = 0
        updater.update(Batch(ids, targets, np.array([4]), True), 0.1, step)
    state, predicted = model.zero_state(1), []
    for token in ids[:, 0]:
        state, log_p = model.advance(state, np.array([token]))
        predicted.append("helo"[np.argmax(log_p[0])])
    assert "".join(predicted) == "ello"
    assert updater.update(Batch(ids, targets, np.array([4]), True), 0.1, 500).loss < 0.1
