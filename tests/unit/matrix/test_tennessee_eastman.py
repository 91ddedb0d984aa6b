"""The Tennessee Eastman plant: the same control as Ricker's, honest snapshots, trips, and its absence."""

import sys

import numpy as np
import pytest

from twin.matrix.process import WriteRefusedError, WrongModeError
from twin.matrix.tennessee_eastman.model import BASES, DISTURBANCE_NUMBERS, TennesseeEastmanModel
from twin.matrix.tennessee_eastman.native import TennesseeEastmanMissingError
from twin.matrix.tennessee_eastman.signals import DISTURBANCES, MEASUREMENTS, SIGNALS, VALVES

pytest.importorskip("tep_studio", reason="needs the extra 'tep' and a C compiler")


def _run(model: TennesseeEastmanModel, seconds: int) -> np.ndarray:
    rows = []
    for _ in range(seconds):
        values = model.measure()
        model.control(values)
        rows.append([*values, *model.read_settings()])
        model.advance()
    return np.array(rows)


def _setting(model: TennesseeEastmanModel, name: str) -> float:
    return dict(zip((signal.name for signal in model.settings), model.read_settings(), strict=True))[name]


def test_signals_are_those_of_the_article() -> None:
    assert len(MEASUREMENTS) == 41
    assert len(VALVES) == 12
    assert len({signal.name for signal in SIGNALS}) == len(SIGNALS)
    assert len(DISTURBANCES) == len(DISTURBANCE_NUMBERS)
    assert not {6, 8} & set(DISTURBANCE_NUMBERS)


def test_base_case_reads_as_published() -> None:
    """Downs and Vogel, table 4, within the noise of the instruments."""
    published = {
        0: 250.52,
        1: 3664.0,
        3: 9347.7,
        6: 2705.0,
        7: 75.0,
        8: 120.4,
        11: 50.0,
        14: 50.0,
        16: 22.949,
        39: 53.724,
    }
    values = TennesseeEastmanModel(7).measure()
    assert {at: values[at] for at in published} == pytest.approx(published, rel=0.02)
    assert all(signal.low <= value <= signal.high for signal, value in zip(MEASUREMENTS, values, strict=True))


def test_valves_move_as_under_rickers_own_controller() -> None:
    from tep_studio import RickerMultiLoopController

    model = TennesseeEastmanModel(3)
    theirs = RickerMultiLoopController()
    scales = np.ones(41)
    scales[[0, 3, 4, 5, 9]] = 1000.0
    theirs.reset(np.array(model.measure()) / scales, time=0.0)
    for second in range(1200):
        values = model.measure()
        model.control(values)
        wanted, _ = theirs.compute_action(np.array(values) / scales, time=second / 3600)
        assert model.read_settings()[:12] == pytest.approx(wanted, abs=1e-9)
        model.advance()


def test_steps_are_not_answered_with_derivatives_of_another_state() -> None:
    """One step of a second equals ten of a tenth: it does not where the kernel's cache by time is walked into."""
    model = TennesseeEastmanModel(2)
    _run(model, 300)
    start = model._kernel.snapshot()
    model.advance()
    stepped = model._kernel.state.copy()
    model._kernel.restore(start)
    now, step = 300 / 3600, 1 / 36000
    state = start.state.copy()
    for _ in range(10):
        k1 = model._kernel.derivatives(now + 1e-9, state)
        k2 = model._kernel.derivatives(now + step / 2, state + step / 2 * k1)
        state, now = state + step * k2, now + step
    # The fast vapour states cancel in the kernel's algebra; relative to each holdup both agree closely.
    assert stepped == pytest.approx(state, rel=2e-4)


def test_snapshot_brings_back_the_very_same_run_in_another_instance() -> None:
    model = TennesseeEastmanModel(4)
    model.disturb(8, True)
    model.write("TIC-209.SP", 121.0)
    _run(model, 500)
    other = TennesseeEastmanModel(99)
    other.restore(model.snapshot())
    assert np.array_equal(_run(model, 500), _run(other, 500))


def test_foreign_snapshot_is_refused() -> None:
    model = TennesseeEastmanModel(1)
    for foreign in (b"", b"\x80", b"nonsense"):
        with pytest.raises(ValueError, match="begin anew"):
            model.restore(foreign)


def test_seed_chooses_the_noise() -> None:
    same, again, other = (_run(TennesseeEastmanModel(seed), 20) for seed in (5, 5, 6))
    assert np.array_equal(same, again)
    assert not np.array_equal(same[:, :22], other[:, :22])


def test_plant_trips_stands_still_and_begins_again_on_command() -> None:
    model = TennesseeEastmanModel(1)
    _run(model, 400)
    model.write("TIC-209.MODE", 0)
    model.write("TIC-209.OP", 0.0)
    _run(model, 3600)
    assert "temperature" in model.trip.lower() or "pressure" in model.trip.lower()
    assert np.ptp(_run(model, 20), axis=0).max() == 0.0
    model.restart()
    assert model.trip == ""
    assert model.measure()[8] == pytest.approx(120.4, abs=0.5)
    assert np.ptp(_run(model, 20), axis=0).max() > 0.0
    assert model.trip == ""


def test_disturbances_offered_do_not_trip_the_plant() -> None:
    model = TennesseeEastmanModel(1)
    for number in range(len(DISTURBANCES)):
        model.disturb(number, True)
        _run(model, 900)
        model.disturb(number, False)
        _run(model, 600)
        assert model.trip == "", DISTURBANCES[number]


def test_drift_moves_what_it_says_and_nothing_at_once() -> None:
    model = TennesseeEastmanModel(1)
    before = model.measure()
    model.drift([0.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0])
    assert model._bases() == pytest.approx([*BASES[:4], 38.0, *BASES[5:]])
    assert model.measure() == before
    still = TennesseeEastmanModel(1)
    _run(model, 3600)
    _run(still, 3600)
    # Warmer cooling water must be answered by more of it.
    assert _setting(model, "TIC-209.OP") > _setting(still, "TIC-209.OP") + 1.0


@pytest.mark.parametrize("loop", ["FIC-201", "FIC-210", "FIC-217", "TIC-211"])
def test_valve_taken_by_hand_and_given_back_does_not_jump(loop: str) -> None:
    model = TennesseeEastmanModel(1)
    column = len(MEASUREMENTS) + [signal.name for signal in model.settings].index(f"{loop}.OP")
    usual = np.abs(np.diff(_run(model, 100)[:, column])).max()
    before = _setting(model, f"{loop}.OP")
    model.write(f"{loop}.MODE", 0)
    _run(model, 60)
    assert _setting(model, f"{loop}.OP") == before
    model.write(f"{loop}.MODE", 2)
    _run(model, 2)
    # What its instrument's noise moves it anyway.
    assert _setting(model, f"{loop}.OP") == pytest.approx(before, abs=1.5 * usual)


def test_writes_that_a_mode_forbids_are_refused() -> None:
    model = TennesseeEastmanModel(1)
    for name, value in (("FIC-201.SP", 250.0), ("FIC-201.OP", 25.0)):
        with pytest.raises(WrongModeError, match="first"):
            model.write(name, value)


@pytest.mark.parametrize(("name", "value"), [("TIC-209.MODE", 2), ("HC-205.OP", 130.0), ("FIC-201.PV", 1.0)])
def test_writes_that_make_no_sense_are_refused(name: str, value: float) -> None:
    with pytest.raises(WriteRefusedError, match=name):
        TennesseeEastmanModel(1).write(name, value)


def test_flow_setpoint_acts_in_the_units_shown() -> None:
    model = TennesseeEastmanModel(1)
    model.write("FIC-201.MODE", 1)
    model.write("FIC-201.SP", 300.0)
    # Ricker's tuning of this loop makes a time constant of ten minutes.
    rows = _run(model, 3000)
    assert rows[-300:, 0].mean() == pytest.approx(300.0, abs=2.0)
    assert _setting(model, "FIC-201.SP") == pytest.approx(300.0)


def test_missing_install_names_the_extra_and_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.split(".")[0] == "tep_studio":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tep_studio", None)
    with pytest.raises(TennesseeEastmanMissingError, match=r"C compiler.*'tep'"):
        TennesseeEastmanModel(1)
