"""The twin of one plant: a pure function of its partition's records (rule pure-twin).

Nothing here reads a clock, a database or Kafka. Worker, recovery, replay and what-if all call `apply`, record by
record; the twin's clock is the log time, and whatever it says comes back as the outputs of that record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import LimitArrays
from analytics.quality import Quality
from stream.envelope import Control, DerivedScan, ReadingBatch, Record, Tick, TriggerCalled, TwinChange
from stream.scan import live as live_values
from stream.scan.admit import Admitted, admit
from stream.scan.controls import Applied, apply_prices, apply_revision
from stream.scan.derived import DerivedTags
from stream.scan.estimate_rules import EstimateRules, read_estimate_rules
from stream.scan.estimating import Estimating, NoEstimateError
from stream.scan.grid import Grid, Scan
from stream.scan.live import AgeRules
from stream.scan.marks import Marks, Verdict
from stream.scan.outputs import called_of, change_of, derived_of
from stream.scan.watching import WatchRules
from twin.atlas.limits import limit_arrays
from twin.atlas.prices import PriceBook
from twin.atlas.state import PlantState
from twin.atlas.tags import TagTable
from twin.atlas.triggers import Watch, WatchState
from twin.estimation.ensemble_filter import Estimate

Floats = NDArray[np.float64]
FindTable = Callable[[str, int], TagTable | None]
"""The tag table of a name for the record at an offset, or None where it was refused (rule tag-tables)."""

Output = TwinChange | DerivedScan | TriggerCalled
COMPUTED = ""
"""Source of derived tags' values."""
FULL_EVERY_US = 60_000_000
"""How often a change carries every tag, so that a reader that starts anew waits no longer for the whole state."""


@dataclass(slots=True)
class Counts:
    """What has happened to the plant's batches and readings since the twin began."""

    batches: int = 0
    repeated: int = 0
    gaps: int = 0
    readings: int = 0
    quarantined: int = 0
    refused: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the tag table says about how to treat values, made once per table."""

    table: TagTable
    limits: LimitArrays
    ages: AgeRules
    derived: DerivedTags
    watch: WatchRules
    estimate: EstimateRules | None
    no_estimate: str

    @classmethod
    def of(cls, table: TagTable) -> "Rules":
        """Work out the table's rules."""
        return cls(
            table,
            limit_arrays(tag.limits for tag in table.tags),
            live_values.age_rules(table),
            DerivedTags.of(table),
            WatchRules.of(table),
            *read_estimate_rules(table),
        )


@dataclass(slots=True)
class PlantTwin:
    """Live state, grid, estimate, marks, prices and clock of one plant.

    `offset` is the newest record taken, `clock` its time.
    """

    incarnation: str
    rules: Rules
    find_table: FindTable
    live: PlantState
    grid: Grid
    marks: Marks = field(default_factory=Marks)
    controls: Applied = field(default_factory=Applied)
    counts: Counts = field(default_factory=Counts)
    prices: PriceBook = field(default_factory=PriceBook)
    estimating: Estimating = field(default_factory=Estimating)
    watching: WatchState = field(default_factory=lambda: Watch.of((), {}).start())
    offset: int = -1
    clock: int = 0
    last_full: int = 0

    @classmethod
    def new(cls, table: TagTable, incarnation: str, find_table: FindTable) -> "PlantTwin":
        """A twin that has seen nothing yet."""
        rules = Rules.of(table)
        twin = cls(incarnation, rules, find_table, PlantState.empty(len(table)), Grid.of(table))
        twin.estimating = Estimating.of(rules.no_estimate)
        twin.watching = rules.watch.watch.start()
        return twin

    @property
    def table(self) -> TagTable:
        """The tag table in force."""
        return self.rules.table

    def apply(self, record: Record, offset: int, log_time: int) -> list[Output]:
        """Take one record of the partition and return its outputs; a record at or below `offset` has none.

        Parameters
        ----------
        record
            A batch or control record of this plant, or a tick.
        offset, log_time
            Where the record lies in the partition, and its timestamp in microseconds UTC; the clock never goes back.
        """
        if offset <= self.offset:
            return []
        self.offset = offset
        self.clock = max(self.clock, log_time)
        changed = np.zeros(len(self.table), dtype=np.bool_)
        told = self.estimating.told
        scans = self._close_scans(changed)  # first, because a scan holds what lies before the record that closes it
        if isinstance(record, ReadingBatch):
            changed[self._take_batch(record)] = True
        elif isinstance(record, Control) and self._take_control(record):
            changed = np.zeros(len(self.table), dtype=np.bool_)
            self.last_full = 0
        changed[live_values.age(self.live, self.rules.ages, self.clock)] = True
        if self.rules.estimate is not None:
            changed[live_values.age_shown(self.live, self.rules.estimate, self.clock)] = True
        changed[self.rules.derived.stale(self.live.stale)] = True
        return [self._change(changed, self.estimating.told is not told), *scans]

    def fork(self) -> "PlantTwin":
        """An equal twin for a what-if: what happens to either leaves the other alone."""
        return replace(
            self,
            live=self.live.fork(),
            grid=self.grid.fork(),
            marks=Marks(dict(self.marks.seen)),
            controls=Applied(dict(self.controls.identities)),
            counts=replace(self.counts),
            estimating=self.estimating.fork(),
        )

    def newest_estimate(self) -> Estimate:
        """What is estimated of the plant as it is now: at the newest closed scan, with the settings of then.

        Its `ensemble` is what the process model goes on from; the filter that it is of is `rules.estimate.filter`.

        Raises
        ------
        NoEstimateError
            Where nothing is estimated; the message says why.
        MatrixError
            What the model raised.
        """
        if self.rules.estimate is None:
            why = self.rules.no_estimate or f"{self.table.plant} names no process model to estimate with"
            raise NoEstimateError(why, remedy="name one in its file, or start the model from the measured values")
        return self.estimating.newest(self.rules.estimate)

    def _take_batch(self, batch: ReadingBatch) -> live_values.Positions:
        nothing = np.empty(0, dtype=np.intp)
        verdict = self.marks.judge(batch.source, batch.epoch, batch.seq, batch.after)
        if verdict is Verdict.REPEATED:
            self.counts.repeated += 1
            return nothing
        self.marks.advance(batch.source, batch.epoch, batch.seq)
        self.counts.batches += 1
        self.counts.gaps += verdict is Verdict.GAP
        own = batch.tag_table == self.table.name
        table = self.table if own else self.find_table(batch.tag_table, self.offset)
        if table is None or table.plant != self.table.plant:
            self.counts.refused += 1
            return nothing
        readings = admit(batch, table, self.clock)
        self.counts.readings += len(readings.times)
        self.counts.quarantined += len(readings.quarantined)
        if not own:
            readings = _of_table(readings, self.table)
        self.grid.offer(readings, batch.origin == "live")
        self.counts.late = self.grid.late
        return live_values.apply(
            self.live, self.rules.limits, readings, batch.source, self.clock, batch.origin == "live"
        )

    def _take_control(self, control: Control) -> bool:
        """Take a change that is no reading; whether another tag table is in force now."""
        self.prices = apply_prices(self.controls, control, self.prices)
        table = apply_revision(self.controls, control, self.table, lambda name: self.find_table(name, self.offset))
        if table is None:
            return False
        self.move_to(table)
        return True

    def move_to(self, table: TagTable) -> None:
        """Put another revision's table in force; state moves by tag number."""
        self.live = self.live.carried(self.table, table)
        self.grid = self.grid.carried(self.table, table)
        before, self.rules = self.rules, Rules.of(table)
        self.estimating = self.estimating.carried(before.estimate, self.rules.estimate, self.rules.no_estimate)
        self.watching = before.watch.carried(self.watching, self.rules.watch)

    def _close_scans(self, changed: NDArray[np.bool_]) -> list[Output]:
        outputs: list[Output] = []
        computed = self.rules.derived.positions
        closed = self.grid.closed
        for scan in self.grid.close(self.clock):
            closed = scan.time
            for time, positions, values, quality in self._estimated(scan):
                outputs.append(self._take_computed(changed, time, positions, values, quality, len(outputs) + 1))
            if len(computed):
                values, quality = self.rules.derived.evaluate(scan)
                outputs.append(self._take_computed(changed, scan.time, computed, values, quality, len(outputs) + 1))
                scan.values[computed], scan.quality[computed] = values, quality
            outputs += self._called(scan.time, scan.values, scan.quality, len(outputs) + 1)
        if self.grid.closed > closed and self.rules.watch.triggers:
            # Scans that changed nothing: hold times pass all the same.
            outputs += self._called(self.grid.closed, self.live.values, self.rules.watch.unchanged, len(outputs) + 1)
        return outputs

    def _called(self, time: int, values: Floats, quality: Quality, first: int) -> list[Output]:
        """What the triggers call for by a scan's values, numbered from `first`."""
        rules = self.rules.watch
        self.watching, called = rules.look(self.watching, time, values, quality)
        reasons = [rules.reason(trigger, self.watching, self.table, values) for trigger in called]
        return [
            called_of(self, time, trigger, reason, n)
            for n, (trigger, reason) in enumerate(zip(called, reasons, strict=True), first)
        ]

    def _estimated(self, scan: Scan) -> "list[tuple[int, live_values.Positions, Floats, Quality]]":
        """Let the estimate take a scan; time, positions, values and qualities of the tags that show it, if it is new.

        The scan takes the values that these tags have by then, for derived tags made of them.
        """
        rules = self.rules.estimate
        if rules is None:
            return []
        shown, at = [], rules.shown.positions
        if self.estimating.take(rules, self.table, scan, self.offset) and len(at):
            assert self.estimating.told is not None  # noqa: S101 - it has just said so; this tells the type checker
            shown.append((self.estimating.told.time, at, *self.estimating.shown(rules)))
        scan.values[at], scan.quality[at] = shown[0][2:] if shown else (self.live.values[at], self.live.quality[at])
        return shown

    def _take_computed(
        self, changed: NDArray[np.bool_], time: int, at: live_values.Positions, values: Floats, quality: Quality, n: int
    ) -> DerivedScan:
        """Take values that the twin itself has computed, as an output of its own."""
        times = np.full(len(values), time, dtype=np.int64)
        readings = Admitted(at, self.table.tag_ids[at], times, values, quality)
        moved = live_values.apply(self.live, self.rules.limits, readings, COMPUTED, self.clock, is_live=False)
        changed[moved] = True
        return derived_of(self, time, readings, n)

    def _change(self, changed: NDArray[np.bool_], is_estimate_new: bool) -> TwinChange:
        full = self.clock - self.last_full >= FULL_EVERY_US
        if full:
            self.last_full = self.clock
        return change_of(self, np.flatnonzero(changed), full, self.estimating.told if full or is_estimate_new else None)


def _of_table(readings: Admitted, table: TagTable) -> Admitted:
    """Readings admitted by another revision's table, at the positions of the one in force; unknown tags fall out."""
    positions = table.find(readings.tag_ids)
    known = positions >= 0
    return Admitted(
        positions[known],
        readings.tag_ids[known],
        readings.times[known],
        readings.values[known],
        readings.quality[known],
    )


def is_for(record: Record, plant: str) -> bool:
    """Whether a record concerns the plant: its own, or a tick, which concerns all plants of the partition."""
    return isinstance(record, Tick) or record.plant == plant
