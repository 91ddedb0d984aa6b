"""The Williams-Otto reactor under control: what its loops hold, what an operator may do, what a snapshot keeps."""

import numpy as np
import pytest

from twin.matrix.process import WriteRefusedError, WrongModeError
from twin.matrix.williams_otto.model import WilliamsOttoModel
from twin.matrix.williams_otto.signals import DISTURBANCES, SIGNALS

TEMPERATURE, LEVEL = 3, 2


def _run(model: WilliamsOttoModel, seconds: int) -> np.ndarray:
    rows = []
    for _ in range(seconds):
        values = model.measure()
        model.control(values)
        rows.append(values)
        model.advance()
    return np.array(rows)


def _setting(model: WilliamsOttoModel, name: str) -> float:
    return dict(zip((signal.name for signal in model.settings), model.read_settings(), strict=True))[name]


def test_model_and_signals_name_the_same_things() -> None:
    model = WilliamsOttoModel()
    offered = {signal.name for signal in (*model.instruments, *model.settings)}
    assert offered | {"XS-901", "KI-901", "XS-902"} == {signal.name for signal in SIGNALS}
    assert len(model.measure()) == len(model.instruments)
    assert len(model.read_settings()) == len(model.settings)


def test_untouched_reactor_stays_at_its_steady_state() -> None:
    rows = _run(WilliamsOttoModel(), 600)
    assert np.abs(rows - rows[0]).max() < 1e-6


def test_reactor_goes_from_80_to_85_degrees_within_a_quarter_of_an_hour() -> None:
    model = WilliamsOttoModel()
    model.write("TIC-101.SP", 85.0)
    rows = _run(model, 1800)
    assert rows[900:, TEMPERATURE] == pytest.approx(85.0, abs=0.2)
    assert rows[:, TEMPERATURE].max() < 85.5
    assert rows[:, LEVEL] == pytest.approx(50.0, abs=0.5)


@pytest.mark.parametrize("number", range(len(DISTURBANCES)))
def test_each_disturbance_is_felt_and_does_not_harm(number: int) -> None:
    model = WilliamsOttoModel()
    before = [*model.measure(), *model.read_settings()]
    model.disturb(number, True)
    rows = _run(model, 900)
    during = [*rows[-1], *model.read_settings()]
    assert np.abs(np.array(during) - before).max() > 0.05
    assert 70.0 < rows[:, TEMPERATURE].min()
    assert rows[:, TEMPERATURE].max() < 95.0
    assert 30.0 < rows[:, LEVEL].min()
    assert rows[:, LEVEL].max() < 70.0
    model.disturb(number, False)
    _run(model, 3600)
    assert model.measure()[TEMPERATURE] == pytest.approx(80.0, abs=0.3)


@pytest.mark.parametrize("loop", ["FIC-101", "FIC-102", "LIC-101", "TIC-102"])
@pytest.mark.parametrize("mode", [0, 1])
def test_change_of_mode_does_not_move_the_output(loop: str, mode: int) -> None:
    model = WilliamsOttoModel()
    model.write("FIC-102.SP", 5.2)
    _run(model, 60)
    quiet = WilliamsOttoModel()
    quiet.restore(model.snapshot())
    model.write(f"{loop}.MODE", mode)
    before = _setting(model, f"{loop}.OP")
    _run(model, 1)
    _run(quiet, 1)
    usual = abs(_setting(quiet, f"{loop}.OP") - before)
    assert abs(_setting(model, f"{loop}.OP") - before) <= usual + 1e-9


def test_cascade_comes_back_without_a_bump() -> None:
    model = WilliamsOttoModel()
    model.write("TIC-102.MODE", 1)
    model.write("TIC-102.SP", 95.0)
    _run(model, 120)
    before = _setting(model, "TIC-102.SP")
    model.write("TIC-102.MODE", 2)
    _run(model, 1)
    assert _setting(model, "TIC-102.SP") == pytest.approx(before, abs=0.2)


def test_saturated_loop_does_not_wind_up() -> None:
    model = WilliamsOttoModel()
    model.write("FIC-101.SP", 3.9)
    model.disturb(0, True)
    _run(model, 1200)
    assert _setting(model, "FIC-101.OP") == 100.0
    model.write("FIC-101.SP", 1.0)
    rows = _run(model, 60)
    assert rows[-1, 0] == pytest.approx(1.0, abs=0.05)


def test_writes_that_a_mode_forbids_are_refused() -> None:
    model = WilliamsOttoModel()
    for name in ("TIC-102.SP", "FIC-101.OP"):
        with pytest.raises(WrongModeError, match="first"):
            model.write(name, 50.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIC-101.SP", 500.0),
        ("TIC-101.SP", float("nan")),
        ("FIC-101.MODE", 2),
        ("TIC-102.MODE", 1.5),
        ("TIC-101.PV", 80.0),
    ],
)
def test_writes_that_make_no_sense_are_refused_and_change_nothing(name: str, value: float) -> None:
    model = WilliamsOttoModel()
    before = model.read_settings()
    with pytest.raises(WriteRefusedError, match=name):
        model.write(name, value)
    assert model.read_settings() == before


def test_valve_moves_by_hand() -> None:
    model = WilliamsOttoModel()
    model.write("FIC-101.MODE", 0)
    model.write("FIC-101.OP", 25.0)
    assert _run(model, 30)[-1, 0] == pytest.approx(1.0, abs=1e-3)


def test_snapshot_brings_back_the_very_same_run() -> None:
    model = WilliamsOttoModel()
    model.write("TIC-101.SP", 84.0)
    model.surroundings.activity = 0.95
    model.disturb(3, True)
    _run(model, 200)
    other = WilliamsOttoModel()
    other.restore(model.snapshot())
    assert np.array_equal(_run(model, 200), _run(other, 200))
    assert model.read_settings() == other.read_settings()


def test_foreign_snapshot_is_refused_and_changes_nothing() -> None:
    model = WilliamsOttoModel()
    before = model.snapshot()
    for foreign in (b"", b"\x80", b"nonsense"):
        with pytest.raises(ValueError, match="begin anew"):
            model.restore(foreign)
    assert model.snapshot() == before


def test_unknown_disturbance_is_refused() -> None:
    with pytest.raises(IndexError, match="no disturbance 99"):
        WilliamsOttoModel().disturb(99, True)
