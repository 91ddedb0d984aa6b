"""A simulated plant scan by scan: what it offers, when, and that a snapshot brings back the very same scans."""

from pathlib import Path

import numpy as np
import pytest

from connectors.simulated.config import ScheduleConfig, SimulatedPlantConfig
from connectors.simulated.ledger import Records
from connectors.simulated.plant import CommandError, SimulatedPlant

BEGIN = 1_900_000_000 - 1_900_000_000 % 1800
BAD_SENSOR_FAILURE = 0x808C_0000


def _plant(**changes: object) -> SimulatedPlant:
    settings: dict[str, object] = {
        "plant": "williams-otto",
        "port": 1,
        "folder": Path("/nowhere"),
        "seed": 3,
        **changes,
    }
    return SimulatedPlant(SimulatedPlantConfig(**settings), BEGIN)  # type: ignore[arg-type]


def _value(plant: SimulatedPlant, records: Records, name: str) -> float:
    found = records["value"][records["tag"] == plant.names.index(name)]
    assert len(found) == 1, name
    return float(found[0])


def _names(plant: SimulatedPlant, records: Records) -> set[str]:
    return {plant.names[tag] for tag in records["tag"].tolist()}


def test_first_scan_offers_everything_at_its_second() -> None:
    plant = _plant()
    records = plant.scan()
    assert _names(plant, records) == set(plant.names)
    assert set(records["time_us"].tolist()) == {BEGIN * 1_000_000}
    assert not records["status"].any()


def test_later_scans_offer_instruments_always_and_settings_on_change() -> None:
    plant = _plant(schedule=ScheduleConfig(on=False))
    plant.scan()
    names = _names(plant, plant.scan())
    assert {"TIC-101.PV", "FI-103.PV", "KI-901", "XS-901", "XS-902", "TIC-102.SP", "FIC-101.OP"} <= names
    assert not {"TIC-101.SP", "TIC-101.MODE", "TIC-101.KC", "AI-101P.PV"} & names
    plant.write("TIC-101.SP", 84.0)
    assert _value(plant, plant.scan(), "TIC-101.SP") == 84.0
    assert "TIC-101.SP" not in _names(plant, plant.scan())


def test_analysis_is_reported_every_five_minutes() -> None:
    plant = _plant()
    seconds = [s for s in range(1200) if "AI-101P.PV" in _names(plant, plant.scan())]
    assert seconds == [0, 150, 450, 750, 1050]


def test_unrecorded_scans_still_give_the_analysers_reports() -> None:
    plant = _plant()
    plant.scan()
    given = [second for second in range(1, 400) if len(plant.scan(record=False))]
    assert given == [150]


@pytest.mark.parametrize("plant_name", ["williams-otto", "tennessee-eastman"])
def test_snapshot_brings_back_the_very_same_scans(plant_name: str) -> None:
    if plant_name == "tennessee-eastman":
        pytest.importorskip("tep_studio", reason="needs the extra 'tep' and a C compiler")
    plant, other = _plant(plant=plant_name), _plant(plant=plant_name)
    for _ in range(700):
        plant.scan()
    plant.switch(plant.kind.disturbances[0], True)
    plant.force(plant.names[2], BAD_SENSOR_FAILURE)
    plant.scan()
    other.restore(plant.snapshot())
    for _ in range(200):
        one, two = plant.scan(), other.scan()
        assert one.tobytes() == two.tobytes()


def test_same_seed_gives_the_same_plant_and_another_does_not() -> None:
    one, two, three = (_plant(seed=seed) for seed in (1, 1, 2))
    for _ in range(30):
        a, b, c = one.scan(), two.scan(), three.scan()
        assert a.tobytes() == b.tobytes()
        assert a.tobytes() != c.tobytes()


def test_forced_status_is_offered_at_once_and_until_it_is_released() -> None:
    plant = _plant()
    plant.scan()
    plant.force("TIC-101.SP", BAD_SENSOR_FAILURE)
    records = plant.scan()
    mine = records[records["tag"] == plant.names.index("TIC-101.SP")]
    assert mine["status"].tolist() == [BAD_SENSOR_FAILURE]
    assert np.isnan(mine["value"]).all()
    assert "TIC-101.SP" not in _names(plant, plant.scan())
    plant.force("TIC-101.SP", 0)
    assert _value(plant, plant.scan(), "TIC-101.SP") == pytest.approx(80.0)


def test_uncertain_status_keeps_its_value() -> None:
    plant = _plant()
    plant.force("TIC-101.PV", 0x4093_0000)
    assert _value(plant, plant.scan(), "TIC-101.PV") == pytest.approx(80.0, abs=1.0)


def test_scheduled_disturbance_is_announced_acts_and_ends() -> None:
    plant = _plant(drift=False)
    acting: list[float] = []
    announced: list[tuple[float, float]] = []
    for _ in range(1800):
        records = plant.scan()
        acting.append(_value(plant, records, "XS-902"))
        announced.append((_value(plant, records, "XS-901"), _value(plant, records, "KI-901")))
    begin = next(second for second, number in enumerate(acting) if number)
    assert 600 <= sum(number > 0 for number in acting) <= 900
    # A minute before it acts it is announced with that minute.
    assert announced[begin - 60] == (acting[begin], pytest.approx(1.0))


def test_disturbance_thrown_by_hand_acts_whatever_the_schedule_says() -> None:
    plant = _plant(schedule=ScheduleConfig(on=False))
    plant.switch("Feed temperature low", True)
    assert _value(plant, plant.scan(), "XS-902") == 1 + plant.kind.disturbances.index("Feed temperature low")
    plant.switch("Feed temperature low", False)
    assert _value(plant, plant.scan(), "XS-902") == 0


def test_commands_that_name_nothing_known_are_refused() -> None:
    plant = _plant()
    with pytest.raises(CommandError, match="TIC-999"):
        plant.force("TIC-999.PV", BAD_SENSOR_FAILURE)
    with pytest.raises(CommandError, match="choose one of"):
        plant.switch("Earthquake", True)
    with pytest.raises(CommandError, match="status"):
        plant.force("TIC-101.PV", -1)


def test_foreign_state_is_refused() -> None:
    with pytest.raises(ValueError, match="begin anew"):
        _plant().restore(b"nonsense")


def test_tripped_plant_marks_its_readings_uncertain() -> None:
    pytest.importorskip("tep_studio", reason="needs the extra 'tep' and a C compiler")
    plant = _plant(plant="tennessee-eastman", schedule=ScheduleConfig(on=False), drift=False)
    plant.write("TIC-209.MODE", 0)
    plant.write("TIC-209.OP", 0.0)
    for _ in range(3600):
        plant.scan(record=False)
    records = plant.scan()
    measured = records[records["tag"] == plant.names.index("TIC-209.PV")]
    assert measured["status"].tolist() == [0x4090_0000]
    plant.restart()
    records = plant.scan()
    assert records[records["tag"] == plant.names.index("TIC-209.PV")]["status"].tolist() == [0]


def test_unknown_plant_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of"):
        SimulatedPlantConfig(plant="refinery", port=1, folder=Path("/nowhere"))
