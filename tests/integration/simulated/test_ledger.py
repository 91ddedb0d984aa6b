"""The ledger on disk: round trip, look-ups, and what a crash leaves of it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.simulated.ledger import RECORD, Ledger, LedgerError, Records, read_ledger

NAMES = ("TIC-101.PV", "TIC-101.SP", "XS-901")


def _records(rows: list[tuple[int, float, int, int]]) -> Records:
    return np.array(rows, dtype=RECORD)


def _three_hours(path: Path) -> Ledger:
    """Tag 0 every second, tag 1 every 100 s, tag 2 every 1000 s."""
    ledger = Ledger(path, NAMES)
    rows = [
        (second * 1_000_000, float(second), tag, 0)
        for second in range(10_800)
        for tag, every in ((0, 1), (1, 100), (2, 1000))
        if second % every == 0
    ]
    ledger.append(_records(rows))
    return ledger


rows = st.lists(
    st.tuples(
        st.integers(0, 10**15),
        st.floats(allow_nan=False),
        st.integers(0, len(NAMES) - 1),
        st.sampled_from([0, 0x4090_0000, 0x808C_0000]),
    ),
    max_size=60,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(rows, st.integers(0, 60))
def test_what_is_appended_is_read_back(tmp_path: Path, rows: list[tuple[int, float, int, int]], cut: int) -> None:
    path = tmp_path / "round.ledger"
    path.unlink(missing_ok=True)
    rows = sorted(rows)
    ledger = Ledger(path, NAMES)
    ledger.append(_records(rows[:cut]))
    ledger.append(_records(rows[cut:]))
    ledger.close()
    content = read_ledger(path)
    assert content.names == NAMES
    assert (
        list(
            zip(
                content.times_us.tolist(),
                content.values.tolist(),
                content.tags.tolist(),
                content.statuses.tolist(),
                strict=True,
            )
        )
        == rows
    )


def test_half_written_record_is_cut_off_and_appending_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "torn.ledger"
    ledger = Ledger(path, NAMES)
    ledger.append(_records([(1, 1.0, 0, 0), (2, 2.0, 0, 0)]))
    ledger.close()
    with path.open("ab") as file:
        file.write(b"\x07" * (RECORD.itemsize - 1))
    assert len(read_ledger(path).tags) == 2
    again = Ledger(path, NAMES)
    again.append(_records([(3, 3.0, 1, 0)]))
    again.close()
    assert read_ledger(path).values.tolist() == [1.0, 2.0, 3.0]


def test_half_written_head_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "head.ledger"
    Ledger(path, NAMES).close()
    head = path.read_bytes()
    path.write_bytes(head[:11])
    Ledger(path, NAMES).close()
    assert path.read_bytes() == head


def test_ledger_of_other_tags_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.ledger"
    ledger = Ledger(path, NAMES)
    ledger.append(_records([(1, 1.0, 0, 0)]))
    ledger.close()
    before = path.read_bytes()
    for names in (NAMES[:2], (*NAMES, "TI-1.PV")):
        with pytest.raises(LedgerError, match="other tags"):
            Ledger(path, names)
    assert path.read_bytes() == before


def test_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a ledger at all, but somebody's notes, and longer than a ledger's head would ever be " * 3)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger(path, NAMES)
    with pytest.raises(LedgerError, match="no ledger"):
        read_ledger(path)
    assert path.read_bytes() == before


def test_missing_ledger_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="start the simulated plant"):
        read_ledger(tmp_path / "none.ledger")


def test_ranges_are_found_in_both_directions(tmp_path: Path) -> None:
    ledger = _three_hours(tmp_path / "range.ledger")
    second = 1_000_000
    forward = ledger.between(1, 150 * second, 500 * second, 10)
    assert forward["value"].tolist() == [200.0, 300.0, 400.0, 500.0]
    backward = ledger.between_backward(1, 150 * second, 500 * second, 3)
    assert backward["value"].tolist() == [500.0, 400.0, 300.0]
    assert len(ledger.between(0, 0, 10**15, 10**9)) == 10_800
    assert len(ledger.between_backward(2, 0, 10**15, 10**9)) == 11
    assert len(ledger.between(0, 10_800 * second, 10**15, 5)) == 0
    assert len(ledger.between_backward(0, -5, -1, 5)) == 0
    ledger.close()


def test_newest_readings_of_all_tags_are_found(tmp_path: Path) -> None:
    ledger = _three_hours(tmp_path / "newest.ledger")
    assert {tag: value for tag, (_, value, _) in ledger.newest().items()} == {0: 10_799.0, 1: 10_700.0, 2: 10_000.0}
    assert ledger.last_us == 10_799_000_000
    ledger.close()


def test_empty_ledger_knows_no_time(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "empty.ledger", NAMES)
    assert ledger.last_us is None
    assert ledger.newest() == {}
    assert len(ledger.between(0, 0, 10**15, 5)) == 0
    ledger.close()
