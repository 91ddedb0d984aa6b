"""The estimate beside the live twin: an ensemble of the process model that follows the plant's closed scans.

It is a pure function of the partition (rule pure-twin): what it takes comes from closed scans, its random numbers from
plant and offset. The scans of some seconds make a window. The ensemble goes through a window a few members at a scan,
so that no scan waits long; therefore the estimate is a window or so behind the newest scan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from analytics.quality import GOOD, UNCERTAIN, Quality, is_bad, is_good
from stream.envelope import EstimateTold
from stream.scan.estimate_rules import EstimateRules
from stream.scan.grid import Scan
from stream.scan.told_estimate import tell
from twin.atlas.errors import AtlasError
from twin.atlas.tags import TagTable
from twin.estimation.ensemble_filter import Estimate, Measured
from twin.matrix.errors import SnapshotError
from twin.matrix.model_state import ModelState, joined
from twin.matrix.snapshot import TwinSnapshot

MOST_BEHIND_S: Final = 900
"""A gap in the scans longer than this begins the estimate anew: what happened meanwhile is not known."""
RETRY_S: Final = 600
"""How long after a model has failed it is tried again, seconds of plant time; starting one may take a second."""
_MICRO: Final = 1_000_000

Floats = NDArray[np.float64]


class NoEstimateError(AtlasError):
    """There is no estimate of the plant's state; the message says why."""


class Window(msgspec.Struct, frozen=True):
    """A stretch of plant time that the ensemble goes through: up to `end_s`, with what the plant's settings were.

    `settings` are in the inputs' units, `readings` what the instruments said in it. `offset` is the record's that
    closed it.
    """

    end_s: int
    duration_s: int
    settings: dict[str, float]
    readings: tuple[Measured, ...]
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What the scans since `since_s` said, up to the one at `seen`; never changed, only followed by another.

    `sums` are the inputs' values by the seconds that they held, `latest` the newest good value of each, NaN where none
    has come; both in the inputs' units, of shape (inputs,). `seen` and `used`, the times of the newest readings taken,
    shape (instruments,), are in microseconds UTC.
    """

    since_s: int
    seen: int
    sums: Floats
    latest: Floats
    used: NDArray[np.int64]

    @classmethod
    def start(cls, rules: EstimateRules, scan: Scan) -> "Gathered":
        """From this scan on."""
        inputs, now_s = len(rules.enumerated), scan.time // _MICRO
        unknown = np.full(inputs, np.nan)
        used = np.zeros(len(rules.delays), dtype=np.int64)
        used[rules.instruments.places] = scan.times[rules.instruments.positions]
        return cls(now_s, scan.time, np.zeros(inputs), unknown, used).after(rules, scan)

    def after(self, rules: EstimateRules, scan: Scan) -> "Gathered":
        """With one more scan, until which what the one before it said has held."""
        values = rules.inputs.read(scan)
        known = is_good(scan.quality[rules.inputs.positions]) & np.isfinite(values)
        places = rules.inputs.places[known]
        latest = self.latest.copy()
        latest[places] = values[known]
        held = np.where(np.isfinite(self.latest), self.latest, latest)
        sums = self.sums + held * ((scan.time - self.seen) / _MICRO)
        return replace(self, seen=scan.time, sums=sums, latest=latest)

    def settings(self, rules: EstimateRules) -> dict[str, float]:
        """What the settings were: on average, or for modes and the like the last one; by input name."""
        values = np.where(rules.enumerated, self.latest, self.sums / max(1e-6, self.seen / _MICRO - self.since_s))
        inputs = rules.filter.model.declaration.inputs
        return {inputs[place].name: float(values[place]) for place in np.flatnonzero(np.isfinite(values))}

    def readings(self, rules: EstimateRules, scan: Scan) -> tuple[tuple[Measured, ...], "Gathered"]:
        """The readings of the window that ends with this scan, and what is gathered in the next one."""
        link, now_s = rules.instruments, scan.time // _MICRO
        times, quality = scan.times[link.positions], scan.quality[link.positions]
        values = link.read(scan)
        new = (times > self.used[link.places]) & is_good(quality) & np.isfinite(values)
        delays = rules.delays[link.places]
        sampled = np.where(delays > 0, times // _MICRO - delays, now_s)
        names = rules.filter.tags
        readings = tuple(
            Measured(names[link.places[at]], int(sampled[at]), float(values[at])) for at in np.flatnonzero(new)
        )
        used = self.used.copy()
        used[link.places] = np.maximum(used[link.places], times)
        return readings, replace(self, since_s=now_s, sums=np.zeros(len(self.sums)), used=used)


@dataclass(slots=True)
class Estimating:
    """The estimate of one plant and what it still has to go through; `told` is what was last said of it.

    `done` are the members of the first window's ensemble that have gone through it, `retry_s` is the time before which
    a model that failed is not tried again.
    """

    told: EstimateTold | None = None
    estimate: Estimate | None = None
    gathered: Gathered | None = None
    windows: list[Window] = field(default_factory=list)
    done: list[ModelState] = field(default_factory=list)
    retry_s: int = 0

    @classmethod
    def of(cls, reason: str) -> "Estimating":
        """Nothing is estimated yet; `reason` says why it never will be, empty where it will or nobody wants it."""
        return cls(EstimateTold(reason=reason) if reason else None)

    def take(self, rules: EstimateRules, table: TagTable, scan: Scan, offset: int) -> bool:
        """Take a closed scan, which the record at `offset` closed; whether there is a new estimate."""
        now_s = scan.time // _MICRO
        try:
            if self.estimate is None or self.gathered is None or now_s - self.estimate.time_s > MOST_BEHIND_S:
                return self._begin(rules, table, scan, offset)
            elapsed_us = scan.time - self.gathered.seen
            self.gathered = self.gathered.after(rules, scan)
            if now_s // rules.every_s > self.gathered.since_s // rules.every_s:
                self._close_window(rules, scan, offset)
            turns = range(rules.due(elapsed_us, len(self.windows)))
            return any([self._work(rules) for _ in turns])
        except Exception as error:  # another's model may raise anything, and the twin lives without it
            self._end(f"{error}" if isinstance(error, AtlasError) else f"{type(error).__name__}: {error}")
            self.retry_s = now_s + (rules.every_s if isinstance(error, SnapshotError) else RETRY_S)
            return False

    def shown(self, rules: EstimateRules) -> tuple[Floats, Quality]:
        """Values of the tags that show quantities of the estimate, in their units, and qualities; shape (shown,)."""
        told = self.told or EstimateTold()
        means = {quantity.name: quantity.mean for quantity in (*told.outputs, *told.unknowns)}
        values = np.array([means.get(name, np.nan) for name in rules.shown_names])
        quality = np.full(len(values), GOOD if told.explains and not told.learning else UNCERTAIN, dtype=np.uint32)
        return rules.shown.write(values), quality

    def carried(self, old: EstimateRules | None, new: EstimateRules | None, reason: str) -> "Estimating":
        """The same by another revision's rules; begun anew where these estimate something else."""
        if old is None or new is None or not new.continues(old):
            return Estimating.of(reason)
        return replace(self, done=[])

    def fork(self) -> "Estimating":
        """An equal one that shares nothing that changes."""
        return replace(self, windows=list(self.windows), done=list(self.done))

    def newest(self, rules: EstimateRules) -> Estimate:
        """The estimate at the newest scan, with the settings of then; this one itself stays where it is.

        Raises
        ------
        NoEstimateError
            Where there is none.
        MatrixError
            What the model raised.
        """
        estimate, gathered, estimator = self.estimate, self.gathered, rules.filter
        if estimate is None or gathered is None:
            why = self.told.reason if self.told else ""
            raise NoEstimateError(
                why or "the estimate has not begun", remedy="start the model from the measured values"
            )
        for number, window in enumerate(self.windows):
            done = self.done if number == 0 else []
            estimate = _through(rules, estimate, window, [*done, *parts(rules, estimate, window, _members(done))])
        latest, inputs = gathered.latest, estimator.model.declaration.inputs
        now = {inputs[place].name: float(latest[place]) for place in np.flatnonzero(np.isfinite(latest))}
        rest = gathered.seen // _MICRO - gathered.since_s
        if rest > 0:
            estimate = estimator.advance(estimate, gathered.settings(rules), rest, (rules.seed, gathered.seen))
        return replace(estimate, ensemble=estimator.model.follow(estimate.ensemble, now))

    def _begin(self, rules: EstimateRules, table: TagTable, scan: Scan, offset: int) -> bool:
        now_s = scan.time // _MICRO
        if now_s < self.retry_s:
            return False
        self.windows, self.done = [], []
        start = rules.filter.model.start(_snapshot(table, scan))
        self.estimate = rules.filter.start(start, now_s, (rules.seed, offset, now_s))
        self.gathered = Gathered.start(rules, scan)
        self.told = tell(rules.filter, self.estimate, None)
        return True

    def _end(self, reason: str) -> None:
        self.estimate = self.gathered = None
        self.windows, self.done = [], []
        if self.told is None or self.told.reason != reason:
            self.told = EstimateTold(reason=reason)

    def _close_window(self, rules: EstimateRules, scan: Scan, offset: int) -> None:
        """A window ends with this scan; a long one, as after a gap, is gone through in pieces of the usual length."""
        assert self.gathered is not None  # noqa: S101 - `take` has made sure; this tells the type checker
        begin_s, end_s = self.gathered.since_s, scan.time // _MICRO
        settings = self.gathered.settings(rules)
        readings, self.gathered = self.gathered.readings(rules, scan)
        while end_s - begin_s > rules.every_s:
            begin_s += rules.every_s
            self.windows.append(Window(begin_s, rules.every_s, settings, (), offset))
        self.windows.append(Window(end_s, end_s - begin_s, settings, readings, offset))

    def _work(self, rules: EstimateRules) -> bool:
        """Take a turn: some members' way through the first window, the correction, or what is told of it.

        Whether there is something new to tell.
        """
        assert self.estimate is not None  # noqa: S101 - `take` has made sure; this tells the type checker
        if self.told is None or self.told.time != self.estimate.time_s * _MICRO:
            self.told = tell(rules.filter, self.estimate, self.told)
            return True
        if not self.windows:
            return False
        window = self.windows[0]
        if _members(self.done) < rules.filter.plan.members:
            self.done.append(next(parts(rules, self.estimate, window, _members(self.done))))
        else:
            self.estimate = _through(rules, self.estimate, window, self.done)
            self.windows, self.done = self.windows[1:], []
        return False


def parts(rules: EstimateRules, estimate: Estimate, window: Window, first: int) -> Iterator[ModelState]:
    """The ensemble's members from `first` on after the window, in parts as large as one scan takes."""
    model = rules.filter.model
    for at in range(first, estimate.ensemble.members, rules.share):
        part = model.follow(estimate.ensemble.taken(slice(at, at + rules.share)), window.settings)
        yield model.step(part, float(window.duration_s), hold=True)


def _members(done: Sequence[ModelState]) -> int:
    return sum(part.members for part in done)


def _through(rules: EstimateRules, estimate: Estimate, window: Window, done: Sequence[ModelState]) -> Estimate:
    """The estimate after a window that all members have gone through, corrected by its readings."""
    seed = (rules.seed, window.offset, window.end_s)
    moved = rules.filter.moved(estimate, joined(list(done)), window.duration_s, (*seed, 0))
    return rules.filter.assimilate(moved, window.readings, (*seed, 1))


def _snapshot(table: TagTable, scan: Scan) -> TwinSnapshot:
    usable = np.flatnonzero(~is_bad(scan.quality) & np.isfinite(scan.values))
    tags = [table.tags[at] for at in usable]
    values = scan.values[usable].tolist()
    named = {tag.name: value for tag, value in zip(tags, values, strict=True)}
    return TwinSnapshot(str(table.plant), named, {tag.name: tag.unit for tag in tags})
