"""A simulated plant across restarts: what has been offered is never offered again, least of all with other values."""

from pathlib import Path

import numpy as np
import pytest

from connectors.simulated.config import SimulatedPlantConfig
from connectors.simulated.ledger import RECORD, read_ledger
from connectors.simulated.recorder import RecordedPlant

NOW = 1_900_000_005


def _config(folder: Path, **changes: object) -> SimulatedPlantConfig:
    settings: dict[str, object] = {
        "plant": "williams-otto",
        "port": 1,
        "folder": folder,
        "history_hours": 0.5,
        **changes,
    }
    return SimulatedPlantConfig(**settings)  # type: ignore[arg-type]


def _start(config: SimulatedPlantConfig, now_s: int) -> RecordedPlant:
    plant = RecordedPlant(config, now_s)
    while plant.make_up(now_s, 100):
        pass
    return plant


def _crash(plant: RecordedPlant) -> None:
    """What kill -9 leaves: the ledger as far as written, the state as last saved."""
    plant.ledger.close()


def _series(config: SimulatedPlantConfig, name: str) -> dict[int, float]:
    content = read_ledger(config.ledger)
    mine = content.tags == content.names.index(name)
    times = (content.times_us[mine] // 1_000_000).tolist()
    assert len(times) == len(set(times)), f"{name} was offered twice for one time"
    assert times == sorted(times)
    return dict(zip(times, content.values[mine].tolist(), strict=True))


def test_first_start_makes_up_the_hours_before_now_and_nothing_later(tmp_path: Path) -> None:
    config = _config(tmp_path)
    _start(config, NOW).close()
    times = sorted(_series(config, "TIC-101.PV"))
    assert times[0] == NOW - 1800
    assert times[-1] == NOW - 1
    assert set(np.diff(times[1:-1])) == {10}


@pytest.mark.parametrize("plant", ["williams-otto", "tennessee-eastman"])
@pytest.mark.parametrize("lived", [3, 27])
def test_crash_neither_repeats_nor_changes_what_was_offered(tmp_path: Path, plant: str, lived: int) -> None:
    if plant == "tennessee-eastman":
        pytest.importorskip("tep_studio", reason="needs the extra 'tep' and a C compiler")
    name = {"williams-otto": "TIC-101.PV", "tennessee-eastman": "TIC-209.PV"}[plant]
    config = _config(tmp_path / "crashed", plant=plant)
    first = _start(config, NOW)
    for _ in range(lived):
        first.scan()
    _crash(first)
    before = config.ledger.read_bytes()
    second = _start(config, NOW + lived + 20)
    for _ in range(15):
        second.scan()
    second.close()
    assert config.ledger.read_bytes().startswith(before)
    calm = _config(tmp_path / "calm", plant=plant)
    whole = _start(calm, NOW)
    for _ in range(lived + 35):
        whole.scan()
    whole.close()
    # The plant went on as if nothing had happened, second by second.
    assert _series(config, name) == _series(calm, name)


def test_record_cut_off_by_a_crash_is_offered_after_it(tmp_path: Path) -> None:
    config = _config(tmp_path)
    plant = _start(config, NOW)
    for _ in range(4):
        plant.scan()
    _crash(plant)
    whole = config.ledger.read_bytes()
    config.ledger.write_bytes(whole[: -RECORD.itemsize * 2 - 5])
    again = _start(config, NOW + 10)
    again.close()
    content = config.ledger.read_bytes()
    # Three records were lost, and they come back first.
    assert content[: len(whole)] == whole


def test_crash_during_the_first_history_repeats_nothing(tmp_path: Path) -> None:
    config = _config(tmp_path)
    plant = RecordedPlant(config, NOW)
    plant.make_up(NOW, 700)
    _crash(plant)
    config.state.unlink(missing_ok=True)
    before = config.ledger.read_bytes()
    _start(config, NOW + 30).close()
    assert config.ledger.read_bytes().startswith(before)
    assert max(_series(config, "TIC-101.PV")) == NOW + 29


def test_operators_write_survives_a_crash_right_after_its_scan(tmp_path: Path) -> None:
    config = _config(tmp_path)
    plant = _start(config, NOW)
    plant.plant.write("TIC-101.SP", 85.0)
    plant.touch()
    plant.scan()
    _crash(plant)
    again = _start(config, NOW + 300)
    again.close()
    assert _series(config, "TIC-101.SP")[NOW] == 85.0
    assert max(_series(config, "TIC-101.PV").values()) > 81.0


def test_long_stop_is_made_up_as_far_as_the_history_goes(tmp_path: Path) -> None:
    config = _config(tmp_path)
    _start(config, NOW).close()
    later = NOW + 36_000
    _start(config, later).close()
    times = sorted(_series(config, "TIC-101.PV"))
    gaps = np.diff(times)
    assert gaps.max() == pytest.approx(36_000 - 1800, abs=12)
    assert times[-1] == later - 1


def test_lost_ledger_is_begun_anew_with_every_signal(tmp_path: Path) -> None:
    config = _config(tmp_path)
    _start(config, NOW).close()
    config.ledger.unlink()
    plant = _start(config, NOW + 60)
    plant.close()
    assert set(read_ledger(config.ledger).tags.tolist()) == set(range(len(plant.plant.names)))


def test_damaged_state_begins_anew_but_keeps_what_was_offered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = _config(tmp_path)
    _start(config, NOW).close()
    before = config.ledger.read_bytes()
    config.state.write_bytes(b"nonsense")
    _start(config, NOW + 60).close()
    assert "begin anew" in caplog.text
    assert config.ledger.read_bytes().startswith(before)
    assert max(_series(config, "TIC-101.PV")) == NOW + 59
