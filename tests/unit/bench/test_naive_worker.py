"""The naive peer does the worker's job: the same limit states, with deadband."""

import numpy as np
import pytest

from analytics.conditions import LimitArrays, limit_states
from stream.bench.naive_worker import Reading, is_admitted, limit_state

LIMITS = LimitArrays(*(np.array([limit]) for limit in (-np.inf, 20.0, 180.0, np.inf, 1.0)))


@pytest.mark.parametrize("before", [-1, 0, 1])
@pytest.mark.parametrize("value", [0.0, 19.9, 20.0, 20.5, 21.0, 21.1, 100.0, 178.9, 179.0, 179.5, 180.0, 200.0])
def test_its_limit_states_are_the_workers(value, before):
    states = limit_states(np.array([before], dtype=np.int8), np.array([value]), LIMITS)
    assert limit_state(value, before) == states[0]


def test_it_refuses_what_is_no_number_or_ahead():
    assert is_admitted(Reading("p", "1", 0, 1.0, 0))
    assert not is_admitted(Reading("p", "1", 0, float("nan"), 0))
    assert not is_admitted(Reading("p", "1", 2**62, 1.0, 0))
