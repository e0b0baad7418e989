"""A strategy brings its filter; a filter that is given applies whatever the strategy."""

import pytest

from seqterm.errors import UsageError
from seqterm.options import check
from seqterm.sampling.settings import MIN_P, STRATEGIES, TOP_K, TOP_P, SamplingSettings

OFF = (0, 1.0, 0.0)  # k, p, minimum


def numbers(**settings):
    chosen = SamplingSettings(**settings)
    return chosen.k, chosen.p, chosen.minimum


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("multinomial", OFF),
        ("argmax", OFF),
        ("top-k", (TOP_K, 1.0, 0.0)),
        ("top-p", (0, TOP_P, 0.0)),
        ("min-p", (0, 1.0, MIN_P)),
    ],
)
def test_a_strategy_brings_its_own_filter_alone(strategy, expected):
    assert numbers(strategy=strategy) == expected


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_filters_that_are_given_apply_with_every_strategy(strategy):
    assert numbers(strategy=strategy, top_k=3, top_p=0.5, min_p=0.25) == (3, 0.5, 0.25)


def test_a_given_0_switches_min_p_off():
    assert numbers(strategy="min-p", min_p=0.0) == OFF


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_argmax_alone_is_greedy(strategy):
    assert SamplingSettings(strategy=strategy).greedy == (strategy == "argmax")


@pytest.mark.parametrize(("draw", "equal"), [("weighted", False), ("uniform", True)])
def test_a_uniform_draw_has_equal_weights(draw, equal):
    assert SamplingSettings(top_k_draw=draw).equal_weights is equal


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strategy", "beam"),
        ("temperature", 0.0),
        ("temperature", float("nan")),
        ("top_k", 0),
        ("top_k", 2.5),
        ("top_k_draw", "random"),
        ("top_p", 0.0),
        ("top_p", 1.5),
        ("min_p", -0.1),
        ("repetition_penalty", 0.5),
        ("seed", -1),
        ("length", -1),
        ("samples", 0),
    ],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(UsageError, match="--" + name.replace("_", "-")):
        check(SamplingSettings(**{name: value}))
