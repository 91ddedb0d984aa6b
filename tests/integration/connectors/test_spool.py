"""The spool on a real disk (rule stored-then-trimmed): nothing kept is lost or reordered by any crash or restart."""

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import connectors.spool
from connectors.errors import SpoolError, SpoolFullError
from connectors.spool import open_spool

SEGMENT = 400


def walk(spool):
    """All kept batches from the beginning."""
    spool.rewind()
    found = []
    while (batch := spool.peek()) is not None:
        found.append((batch.epoch, batch.seq, batch.payload))
        spool.advance(batch)
    return found


class SpoolMachine(RuleBasedStateMachine):
    """Any sequence of append, trim, reopen and torn tails keeps what must be kept, in order."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "spool"
        self.appended = []
        self.trimmed = {}
        self.epoch = 1
        self.seq = 0
        self.spool = self.runner.run(open_spool(self.folder, limit_bytes=100_000, segment_bytes=SEGMENT))

    @rule(sizes=st.lists(st.integers(0, 150), min_size=1, max_size=6))
    def append(self, sizes):
        async def several():
            async with asyncio.TaskGroup() as group:
                for size in sizes:
                    payload = bytes([self.seq % 256]) * size
                    group.create_task(self.spool.append(self.epoch, self.seq, payload))
                    self.appended.append((self.epoch, self.seq, payload))
                    self.seq += 1

        self.runner.run(several())

    @precondition(lambda self: self.appended)
    @rule(data=st.data())
    def trim(self, data):
        epoch, seq, _ = data.draw(st.sampled_from(self.appended))
        self.spool.trim(epoch, seq)
        self.trimmed[epoch] = max(seq, self.trimmed.get(epoch, -1))

    @rule(torn=st.binary(max_size=40))
    def crash_while_writing(self, torn):
        self.runner.run(self.spool.close())
        files = sorted(self.folder.glob("*.spool"))
        if files:
            with files[-1].open("ab") as file:
                file.write(torn)
        self.reopen()

    @rule()
    def crash_at_a_new_file(self):
        self.runner.run(self.spool.close())
        (self.folder / "999999999999.spool").touch()
        self.reopen()
        self.runner.run(self.spool.close())
        (self.folder / "999999999999.spool").unlink(missing_ok=True)
        self.reopen(same_epoch=True)

    def reopen(self, same_epoch=False):
        self.spool = self.runner.run(open_spool(self.folder, limit_bytes=100_000, segment_bytes=SEGMENT))
        if not same_epoch:
            self.epoch, self.seq = self.epoch + 1, 0

    @invariant()
    def keeps_what_is_not_stored_in_order(self):
        found = walk(self.spool)
        places = [self.appended.index(batch) for batch in found]
        assert places == sorted(set(places))
        must = [batch for batch in self.appended if batch[1] > self.trimmed.get(batch[0], -1)]
        assert [batch for batch in found if batch in must] == must

    def teardown(self):
        self.runner.run(self.spool.close())
        self.runner.close()
        self.temporary.cleanup()


SpoolMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSpoolMachine = SpoolMachine.TestCase


async def test_trimming_frees_the_disk_and_wakes_who_waits_for_room(tmp_path):
    spool = await open_spool(tmp_path, limit_bytes=2_000, segment_bytes=500)
    for seq in range(15):
        await spool.append(1, seq, b"x" * 100)
    with pytest.raises(SpoolFullError, match="holds 1860 of 2000"):
        await spool.append(1, 15, b"x" * 200)
    waiter = asyncio.create_task(spool.wait_for_room(200))
    await asyncio.sleep(0.02)
    assert not waiter.done()
    spool.trim(1, 14)
    await asyncio.wait_for(waiter, 2)
    await spool.append(1, 15, b"x" * 200)
    assert [seq for _, seq, _ in walk(spool)] == [15]
    assert sum(path.stat().st_size for path in tmp_path.glob("*.spool")) < 500
    await spool.close()


async def test_a_number_that_does_not_rise_is_refused(tmp_path):
    spool = await open_spool(tmp_path, limit_bytes=10_000)
    await spool.append(1, 3, b"a")
    with pytest.raises(SpoolError, match="number them upwards"):
        await spool.append(1, 3, b"b")
    await spool.close()


async def test_two_processes_cannot_write_one_spool(tmp_path):
    spool = await open_spool(tmp_path, limit_bytes=10_000)
    with pytest.raises(SpoolError, match="stop the other connector"):
        await open_spool(tmp_path, limit_bytes=10_000)
    await spool.close()
    await (await open_spool(tmp_path, limit_bytes=10_000)).close()


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, SpoolFullError), (errno.EIO, SpoolError)])
async def test_a_failing_disk_is_told_and_keeps_nothing_half(tmp_path, monkeypatch, number, error):
    spool = await open_spool(tmp_path, limit_bytes=10_000)
    await spool.append(1, 0, b"first")

    def fail(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(connectors.spool.os, "fdatasync", fail)
    with pytest.raises(error):
        await spool.append(1, 1, b"second")
    monkeypatch.undo()
    if number == errno.ENOSPC:
        await spool.append(1, 1, b"second again")
        assert walk(spool) == [(1, 0, b"first"), (1, 1, b"second again")]
    else:
        with pytest.raises(SpoolError, match="replace it"):
            await spool.append(1, 1, b"second again")
    await spool.close()


async def test_damage_in_the_middle_is_counted_and_the_rest_goes_on(tmp_path, caplog):
    spool = await open_spool(tmp_path, limit_bytes=10_000, segment_bytes=100)
    for seq in range(6):
        await spool.append(1, seq, b"y" * 60)
    files = sorted(tmp_path.glob("*.spool"))
    with files[2].open("r+b") as file:
        file.seek(40)
        file.write(b"Z")
    assert [seq for _, seq, _ in walk(spool)] == [0, 1, 3, 4, 5]
    assert spool.damaged_bytes == 84
    assert "is damaged" in caplog.text
    await spool.close()
    spool = await open_spool(tmp_path, limit_bytes=10_000, segment_bytes=100)
    assert [seq for _, seq, _ in walk(spool)] == [0, 1, 3, 4, 5]
    assert list(tmp_path.glob("*.damaged"))
    await spool.close()


WRITER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from connectors.spool import open_spool

    async def main():
        spool = await open_spool(Path(sys.argv[1]), limit_bytes=50_000_000, segment_bytes=20_000)
        seq = 0
        while True:
            async def keep(number):
                await spool.append(5, number, str(number).encode() * 50)
                print(number, flush=True)
            async with asyncio.TaskGroup() as group:
                for _ in range(7):
                    group.create_task(keep(seq))
                    seq += 1

    asyncio.run(main())
    """
)


async def test_kill_9_loses_nothing_that_was_said_to_be_kept(tmp_path):
    folder = tmp_path / "spool"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    with contextlib.suppress(ValueError):
        said += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    spool = await open_spool(folder, limit_bytes=50_000_000, segment_bytes=20_000)
    found = walk(spool)
    assert [seq for _, seq, _ in found] == list(range(len(found)))
    assert set(said) <= {seq for _, seq, _ in found}
    assert all(payload == str(seq).encode() * 50 for _, seq, payload in found)
    await spool.close()
