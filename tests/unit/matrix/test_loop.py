"""The PID loop: what it converges to, and that nothing an operator does makes its output jump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.matrix.loop import AUTO, MAN, Loop


def _loop(**changes: float) -> Loop:
    return Loop(
        **{
            "low": 0.0,
            "high": 200.0,
            "gain": 2.0,
            "reset_s": 20.0,
            "rate_s": 0.0,
            "setpoint": 100.0,
            "output": 50.0,
            **changes,
        }
    )


def test_first_sample_makes_only_the_integral_move() -> None:
    loop = _loop()
    # Error is 5 % of the span: 2 * 5 % * 1 s / 20 s.
    assert loop.update(90.0, 1.0) == pytest.approx(50.5)


def test_proportional_part_answers_a_setpoint_step_once() -> None:
    loop = _loop(reset_s=1e9)
    loop.update(100.0, 1.0)
    loop.setpoint = 110.0
    assert loop.update(100.0, 1.0) == pytest.approx(60.0)
    assert loop.update(100.0, 1.0) == pytest.approx(60.0)


def test_rate_part_sees_the_measurement_not_the_setpoint() -> None:
    still, moved = (_loop(reset_s=1e9, rate_s=10.0) for _ in range(2))
    for loop in (still, moved):
        loop.update(100.0, 1.0)
    moved.setpoint = 110.0
    assert moved.update(100.0, 1.0) - still.update(100.0, 1.0) == pytest.approx(10.0)
    falling = _loop(reset_s=1e9, rate_s=10.0)
    falling.update(100.0, 1.0)
    # Measurement falls by 1 % in 1 s: 2 * (1 % + 10 s * 1 %/s) upward.
    assert falling.update(98.0, 1.0) == pytest.approx(72.0)


@given(st.lists(st.floats(-50.0, 250.0), min_size=1, max_size=60))
def test_output_stays_within_its_range(measured: list[float]) -> None:
    loop = _loop()
    assert all(0.0 <= loop.update(value, 1.0) <= 100.0 for value in measured)


@given(st.lists(st.floats(0.0, 200.0), min_size=1, max_size=40), st.floats(0.0, 100.0))
def test_by_hand_the_output_stays_and_the_way_back_makes_no_bump(measured: list[float], by_hand: float) -> None:
    loop = _loop(mode=MAN)
    loop.output = by_hand
    for value in measured:
        assert loop.update(value, 1.0) == by_hand
    loop.mode = AUTO
    error = 100.0 - measured[-1]
    integral = min(100.0, max(0.0, by_hand + 2.0 * 0.05 * error / 2.0))
    assert loop.update(measured[-1], 1.0) == pytest.approx(integral)


def test_loop_brings_a_lagging_process_to_its_setpoint() -> None:
    loop, value = _loop(), 20.0
    for _ in range(600):
        value += (2.0 * loop.update(value, 1.0) - value) / 15.0
    assert value == pytest.approx(100.0, abs=1e-3)


def test_masters_setpoint_is_clamped_to_the_span() -> None:
    loop = _loop()
    loop.follow(1e9)
    assert loop.setpoint == 200.0
