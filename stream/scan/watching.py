"""Policies over closed scans: what the state of a plant calls for, and in which words (rule pure-twin)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from analytics.conditions import Delayed
from analytics.quality import BAD_WAITING_FOR_INITIAL_DATA, Quality, is_good
from twin.atlas.live_triggers import full_name, read_triggers
from twin.atlas.tags import LiveTrigger, TagTable
from twin.atlas.triggers import Threshold, Trigger, Watch, WatchState, thresholds_of


@dataclass(frozen=True)
class WatchRules:
    """The triggers of a tag table, made once per table."""

    watch: Watch
    triggers: Mapping[str, LiveTrigger]
    unchanged: Quality
    """Qualities with which no value changes a condition; shape (tags,)."""

    @classmethod
    def of(cls, table: TagTable) -> "WatchRules":
        """Read the table's triggers; most plants have a few, some none."""
        live = () if table.content.triggers is UNSET else table.content.triggers
        watch = Watch.of(read_triggers(live), table.positions)
        unchanged = np.full(len(table), BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32)
        return cls(watch, {full_name(each): each for each in live}, unchanged)

    def look(
        self, state: WatchState, time: int, values: NDArray[np.float64], quality: Quality
    ) -> tuple[WatchState, tuple[LiveTrigger, ...]]:
        """The state after a scan, and the triggers that it calls; a value that isn't good changes nothing.

        `values` and `quality` are the scan's by position, shape (tags,); `time` is the scan's, microseconds UTC.
        """
        if not self.triggers:
            return state, ()
        state, called = self.watch(state, np.where(is_good(quality), values, np.nan), time)
        return state, tuple(self.triggers[trigger.name] for trigger in called)

    def reason(self, live: LiveTrigger, state: WatchState, table: TagTable, values: NDArray[np.float64]) -> str:
        """Why a trigger was called, for a person: every threshold of it that is passed, with the value."""
        at = list(self.triggers).index(full_name(live))
        begin = sum(len(_thresholds(trigger)) for trigger in self.watch.triggers[:at])
        passed = [
            _told(threshold, table, values)
            for n, threshold in enumerate(_thresholds(self.watch.triggers[at]), begin)
            if state.passed[n]
        ]
        held = f", for {live.hold_s:g} s" if live.hold_s else ""
        return f"{'; '.join(passed)}{held} (policy {live.policy} of {live.equipment})"

    def carried(self, state: WatchState, after: "WatchRules") -> WatchState:
        """The state under another revision: a trigger that is still the same goes on, any other begins anew."""
        begun = after.watch.start()
        passed, delayed = begun.passed.copy(), {name: getattr(begun.delayed, name).copy() for name in _DELAYED}
        before = _places(self)
        for name, (number, leaves) in _places(after).items():
            if self.triggers.get(name) == after.triggers[name]:
                old_number, old_leaves = before[name]
                passed[leaves] = state.passed[old_leaves]
                for part, array in delayed.items():
                    array[number] = getattr(state.delayed, part)[old_number]
        return WatchState(passed, Delayed(**delayed))


_DELAYED = ("holds", "since", "active", "waiting", "called")


def _places(rules: WatchRules) -> dict[str, tuple[int, slice]]:
    """By trigger: its number, and where its thresholds stand."""
    places: dict[str, tuple[int, slice]] = {}
    begin = 0
    for number, trigger in enumerate(rules.watch.triggers):
        end = begin + len(_thresholds(trigger))
        places[trigger.name] = (number, slice(begin, end))
        begin = end
    return places


def _thresholds(trigger: Trigger) -> list[Threshold]:
    return list(thresholds_of(trigger.when))


def _told(threshold: Threshold, table: TagTable, values: NDArray[np.float64]) -> str:
    position = table.position(threshold.tag)
    tag = table.tags[position]
    now, limit = (f"{value:.{tag.decimals}f} {tag.unit}" for value in (values[position], threshold.limit))
    return f"{tag.description or tag.name} is {now}, {'above' if threshold.above else 'below'} {limit}"
