"""The contract of the sources: a suite that every source passes, ours and those of others.

Subclass `SourceContract` in a test module and give it a fixture `field`, a `Field` of your kind. The tests are
coroutines; pytest with an asyncio plug-in in automatic mode runs them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from connectors.errors import SpoolError
from connectors.port import MOST_READINGS, Readings, Report, Sink, Source

PATIENCE_S: Final = 30.0
"""How long a source may take for anything, s; generous, because test machines are slow."""
ENDS_WITHIN_S: Final = 5.0


class Field(Protocol):
    """What a source is connected to, as the suite hurts it. It has at least two tags, of these numbers."""

    @property
    def tag_ids(self) -> tuple[int, ...]:
        """Numbers of the source's tags."""
        ...

    def make(self) -> Source:
        """A new source over this field, as after a restart: what an earlier one kept on disk is there."""
        ...

    async def say(self, tag_id: int, value: float) -> None:
        """Have the field report a new value, Good and now."""
        ...

    async def leave(self) -> None:
        """Be away: nobody answers."""
        ...

    async def come_back(self) -> None:
        """Answer again."""
        ...


@dataclass
class RecordingSink:
    """A sink that remembers; `failing` is how many of the next puts raise."""

    puts: list[tuple[Readings, tuple[int, int] | None]] = field(default_factory=list)
    failing: int = 0
    highest: dict[int, int] = field(default_factory=dict)

    async def put(self, readings: Readings, *, wait: bool, number: tuple[int, int] | None = None) -> bool:
        """See `connectors.port.Sink`."""
        if self.failing:
            self.failing -= 1
            raise SpoolError("the disk failed; replace it")
        if number is not None:
            epoch, seq = number
            if seq <= self.highest.get(epoch, -1):
                return True
            assert len(readings) <= MOST_READINGS, "a batch with a number of its own cannot be divided"  # noqa: S101
            self.highest[epoch] = seq
        self.puts.append((readings, number))
        return True

    def values(self, tag_id: int) -> list[float]:
        """All values of a tag that were put, in order."""
        return [
            value
            for readings, _ in self.puts
            for tag, value in zip(readings.tag_ids.tolist(), readings.values.tolist(), strict=True)
            if tag == tag_id
        ]


@dataclass
class Reports:
    """What a source has said of its line."""

    said: list[tuple[bool, str]] = field(default_factory=list)

    def __call__(self, ok: bool, why: str) -> None:
        """Take a report."""
        self.said.append((ok, why))


@contextlib.asynccontextmanager
async def running(source: Source, sink: RecordingSink, reports: Reports) -> AsyncIterator["asyncio.Task[None]"]:
    """The source as a task; fails where it ended by itself, or does not end when it is told to."""
    task = asyncio.create_task(source.run(sink, reports))
    try:
        yield task
        assert not task.done(), f"the source ended by itself: {task}"  # noqa: S101 - this is a test suite
    finally:
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=ENDS_WITHIN_S)
    assert done, f"the source still runs {ENDS_WITHIN_S:g} s after it was cancelled"  # noqa: S101


@dataclass(frozen=True)
class _Restarted:
    """A source that is made anew where its sink's error ended it, as the connector's process does."""

    field: Field

    async def run(self, sink: Sink, report: Report) -> None:
        while True:
            try:
                await self.field.make().run(sink, report)
            except* SpoolError:  # Alone or in a group, as tasks raise it.
                pass
            else:
                return


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds.

    Raises
    ------
    AssertionError
        Where it does not within `PATIENCE_S`.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}") from None


class SourceContract:
    """What every source promises (rules one-in-flight, back-fill)."""

    async def test_one_in_flight_what_the_field_says_is_put_once_and_in_order(self, field: Field) -> None:
        """Each value reaches the sink, once and in the tag's order, with arrays of the tags asked for."""
        sink, reports = RecordingSink(), Reports()
        first, second = field.tag_ids[:2]
        async with running(field.make(), sink, reports):
            await until(lambda: any(ok for ok, _ in reports.said), "the source says that its line is up")
            for n in range(1, 21):
                await field.say(first, 10.0 + n)
                await field.say(second, 60.0 + n)
                await until(lambda n=n: 60.0 + n in sink.values(second), f"value {n} is put")  # type: ignore[misc]
        expected = [[10.0 + n for n in range(1, 21)], [60.0 + n for n in range(1, 21)]]
        got = [[value for value in sink.values(tag) if value >= 10.0] for tag in (first, second)]
        assert got == expected  # noqa: S101
        put = {tag for readings, _ in sink.puts for tag in readings.tag_ids.tolist()}
        assert put <= set(field.tag_ids)  # noqa: S101

    async def test_a_field_that_is_away_is_told_and_waited_for(self, field: Field) -> None:
        """Neither a start without the field nor a line that breaks ends the source."""
        sink, reports = RecordingSink(), Reports()
        first = field.tag_ids[0]
        await field.leave()
        async with running(field.make(), sink, reports):
            await until(lambda: any(not ok and why for ok, why in reports.said), "the source says what it waits for")
            await field.come_back()
            await until(lambda: any(ok for ok, _ in reports.said), "the source finds the field")
            await field.say(first, 11.0)
            await until(lambda: 11.0 in sink.values(first), "the field's value is put")
            before = len(reports.said)
            await field.leave()
            await until(lambda: any(not ok for ok, _ in reports.said[before:]), "the source says that its line is down")
            await field.come_back()
            await until(lambda: reports.said[-1][0], "the source finds the field again")
            await field.say(first, 12.0)
            await until(lambda: 12.0 in sink.values(first), "the next value is put")

    async def test_a_sink_that_fails_costs_a_source_at_most_its_run(self, field: Field) -> None:
        """A disk that fails is waited out, or ends the run with the sink's own error, so that it is begun again."""
        sink, reports = RecordingSink(), Reports()
        first = field.tag_ids[0]
        async with running(_Restarted(field), sink, reports):
            await until(lambda: any(ok for ok, _ in reports.said), "the source says that its line is up")
            await field.say(first, 11.0)
            await until(lambda: 11.0 in sink.values(first), "the first value is put")
            sink.failing = 1
            await field.say(first, 12.0)
            await until(lambda: not sink.failing, "the source tries to put")
            await field.say(first, 13.0)
            await until(lambda: 13.0 in sink.values(first), "a later value is put")

    async def test_a_source_made_anew_goes_on(self, field: Field) -> None:
        """A restart keeps what was put: numbers do not begin again, and new values come."""
        sink = RecordingSink()
        first = field.tag_ids[0]
        for n in (11.0, 12.0):
            reports = Reports()
            async with running(field.make(), sink, reports):
                await until(lambda reports=reports: any(ok for ok, _ in reports.said), "up")  # type: ignore[misc]
                await field.say(first, n)
                await until(lambda n=n: n in sink.values(first), f"{n} is put")  # type: ignore[misc]
        assert [value for value in sink.values(first) if value in (11.0, 12.0)].count(12.0) == 1  # noqa: S101
