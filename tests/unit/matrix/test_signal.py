"""Signals of all plants: units that pint parses, ranges that make sense, names that are unique."""

import pint
import pytest

from twin.matrix.signal import Signal, measured
from twin.matrix.tennessee_eastman import signals as tennessee_eastman
from twin.matrix.williams_otto import signals as williams_otto

UNITS = pint.UnitRegistry()
ALL = [*williams_otto.SIGNALS, *tennessee_eastman.SIGNALS]


@pytest.mark.parametrize("signal", ALL, ids=lambda signal: signal.name)
def test_signal_is_well_described(signal: Signal) -> None:
    assert signal.description
    assert bool(signal.unit) != bool(signal.states)
    if signal.unit:
        assert UNITS.Unit(signal.unit)
    else:
        assert signal.high >= len(signal.states) - 1


def test_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="TI-1: range 5"):
        measured("TI-1", "Nothing", "degC", 5.0, 5.0, 1)


def test_words_for_disturbances_begin_with_none() -> None:
    for plant in (williams_otto, tennessee_eastman):
        announced = {signal.name: signal for signal in plant.SIGNALS}
        assert announced["XS-901"].states == ("none", *plant.DISTURBANCES) == announced["XS-902"].states
