"""The position in the inbox: epochs follow from the log, so that no file that is lost or old changes a number."""

from pathlib import Path

from connectors.push.position import InboxPosition


def test_log_may_vanish_epochs_differ_by_log_partition_and_inbox_and_need_no_file(tmp_path: Path) -> None:
    first, other = InboxPosition(tmp_path / "a", "log1"), InboxPosition(tmp_path / "b", "log1")
    assert first.epoch(3) == other.epoch(3)
    epochs = {first.epoch(3), first.epoch(4), InboxPosition(tmp_path / "c", "log2").epoch(3)}
    first.begin_anew()
    epochs.add(first.epoch(3))
    assert len(epochs) == 4
    assert all(0 <= epoch < 2**63 for epoch in epochs)
    assert InboxPosition(tmp_path / "a", "log1").epoch(3) == first.epoch(3)


def test_position_goes_on_in_the_same_log_and_begins_anew_in_another(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "position.json"
    position = InboxPosition(path, "log1")
    assert position.next(5) == 0
    position.advance(5, 17)
    assert InboxPosition(path, "log1").next(5) == 0
    position.save()
    assert InboxPosition(path, "log1").next(5) == 17
    assert InboxPosition(path, "log2").next(5) == 0
    path.write_text("{")
    assert InboxPosition(path, "log1").next(5) == 0
