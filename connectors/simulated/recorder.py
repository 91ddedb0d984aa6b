"""A simulated plant with its ledger and state file: what has been offered is never offered again with other values.

A restart takes up the last saved state and simulates the same seconds again; their readings lie in the ledger already
and are left out. What was missed meanwhile is simulated fast and offered as history only.
"""

import logging
from collections.abc import Iterator
from itertools import islice

import numpy as np

from connectors.simulated.config import SimulatedPlantConfig
from connectors.simulated.ledger import RECORD, Ledger, Records
from connectors.simulated.plant import SimulatedPlant
from connectors.simulated.state_file import load_state, save_state

_LOGGER = logging.getLogger(__name__)
_SAVE_EVERY_S = 10
_SHORT_GAP_S = 600
"""A gap up to this long is made up scan by scan, a longer one at the history's coarser pace."""


class RecordedPlant:
    """A plant whose every reading goes into its ledger before anyone sees it."""

    def __init__(self, config: SimulatedPlantConfig, now_s: int) -> None:
        """Resume, or begin `history_hours` before `now_s`; raises what model and ledger raise."""
        self._config = config
        config.folder.mkdir(parents=True, exist_ok=True)
        self._history_s = round(config.history_hours * 3600)
        self.plant = SimulatedPlant(config, now_s - self._history_s)
        self.ledger = Ledger(config.ledger, self.plant.names)
        self._dirty = False
        self._resume(now_s)
        last_us = self.ledger.last_us
        # Nothing at or before this second is offered a second time, but what a crash cut off from it.
        self._last_s = -1 if last_us is None else last_us // 1_000_000
        self._had = self._tags_at(self._last_s)
        self._first = last_us is None
        if self._first:
            self.plant.offer_everything()

    def _resume(self, now_s: int) -> None:
        state = load_state(self._config.state)
        plant = self.plant
        if state is not None:
            try:
                plant.restore(state)
            except ValueError as error:
                _LOGGER.warning("%s", error, extra={"plant": plant.kind.name})
                self.plant = plant = SimulatedPlant(self._config, now_s - self._history_s)
        oldest = now_s - max(self._history_s, _SHORT_GAP_S)
        if plant.next_s < oldest:
            _LOGGER.warning(
                "stopped for longer than its history: the plant goes on %d s later",
                oldest - plant.next_s,
                extra={"plant": plant.kind.name},
            )
            plant.next_s = oldest

    def _tags_at(self, second: int) -> frozenset[int]:
        first = self.ledger.find(second * 1_000_000)
        return frozenset(self.ledger.read(first, self.ledger.count - first)["tag"].tolist())

    def touch(self) -> None:
        """Say that a command changed the plant: its state is saved before the next scan."""
        self._dirty = True

    def scan(self, record: bool = True, save_every_s: int = _SAVE_EVERY_S) -> Records:
        """Run the next scan, write it to the ledger and give what is new in it."""
        plant = self.plant
        if self._dirty or plant.next_s % save_every_s == 0:
            self.save()
        second = plant.next_s
        readings = plant.scan(record)
        if second < self._last_s:
            return np.empty(0, dtype=RECORD)
        if second == self._last_s:
            readings = readings[[tag not in self._had for tag in readings["tag"].tolist()]]
        if len(readings):
            self.ledger.append(readings)
        return readings

    def make_up(self, until_s: int, scans: int) -> bool:
        """Simulate up to `scans` seconds before `until_s` as history; whether some are left."""
        gap = until_s - max(self.plant.next_s, self._last_s + 1)
        pace = 1 if gap <= _SHORT_GAP_S and not self._first else self._config.history_every_s
        for second in islice(self._seconds(until_s), scans):
            record = second <= self._last_s or second % pace == 0 or second == until_s - 1
            self.scan(record, save_every_s=_SHORT_GAP_S)
        left = self.plant.next_s < until_s
        self._first = self._first and left
        return left

    def _seconds(self, until_s: int) -> Iterator[int]:
        while self.plant.next_s < until_s:
            yield self.plant.next_s

    def save(self) -> None:
        """Save the state that the next scan begins from."""
        save_state(self._config.state, self.plant.snapshot())
        self._dirty = False

    def close(self) -> None:
        """Save the state and close the ledger."""
        self.save()
        self.ledger.close()
