"""Expressions over arrays mean the same as over numbers, element by element, and cross process borders."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.atlas.test_expressions import NAMES, texts
from twin.atlas.array_expressions import compile_over_arrays
from twin.atlas.expressions import ExpressionError, compile_expression

values = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, math.inf])


@settings(max_examples=250)
@given(text=texts, a=st.lists(values, min_size=3, max_size=3), b=st.lists(values, min_size=3, max_size=3))
def test_each_element_is_what_a_number_gives(text: str, a: list[float], b: list[float]) -> None:
    try:
        one = compile_expression(text, NAMES)
    except ExpressionError:
        with pytest.raises(ExpressionError):
            compile_over_arrays(text, NAMES)
        return
    expected = np.array([one.evaluate({"A": x, "B": y}) for x, y in zip(a, b, strict=True)])
    got = compile_over_arrays(text, NAMES)({"A": a, "B": b})
    if not one.inputs:
        expected = expected[0]
    # The powers of numpy and of the C library differ in their last digit, which nested powers make larger.
    np.testing.assert_allclose(got, expected, rtol=1e-9, equal_nan=True)


def test_what_has_no_value_is_missing_where_it_is_missing_only() -> None:
    ratio = compile_over_arrays("sqrt([A]) / [B] if [A] > [B] else max([A], [B])", NAMES)

    got = ratio({"A": np.array([4.0, math.nan, 1.0, 4.0]), "B": np.array([2.0, 1.0, 3.0, 0.0])})

    np.testing.assert_array_equal(got, [1.0, math.nan, 3.0, math.nan])


def test_shapes_go_together_as_in_numpy() -> None:
    total = compile_over_arrays("[A] * [B] + 1", NAMES)({"A": np.ones((2, 3)), "B": 2.0})

    np.testing.assert_array_equal(total, np.full((2, 3), 3.0))


def test_it_is_pickled_by_its_text() -> None:
    expression = compile_over_arrays("[TI-1.PV] - TI-1 - 1", NAMES)

    again = pickle.loads(pickle.dumps(expression))  # noqa: S301  our own bytes

    assert again.text == expression.text
    assert again({"TI-1.PV": 5.0, "TI-1": 1.0}) == 3.0
