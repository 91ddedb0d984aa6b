"""What a twin says of one record, as messages named by (plant, kind, incarnation, offset, n) (rule named-outputs)."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stream.envelope import DerivedScan, EstimateTold, TriggerCalled, TwinChange
from stream.scan.admit import Admitted
from twin.atlas.tags import LiveTrigger

if TYPE_CHECKING:
    from stream.scan.plant_twin import PlantTwin

STALE = 0x01
"""Flag of a changed tag: its value is stale."""


def change_of(
    twin: "PlantTwin", positions: NDArray[np.intp], full: bool, estimate: EstimateTold | None = None
) -> TwinChange:
    """The change message of the record that the twin took last; all tags where `full`, else those at `positions`."""
    at = np.arange(len(twin.table)) if full else positions
    live = twin.live
    return TwinChange(
        plant=twin.table.plant,
        incarnation=twin.incarnation,
        offset=twin.offset,
        n=0,
        log_time=twin.clock,
        tag_table=twin.table.name,
        full=full,
        positions=at.astype("<i4").tobytes(),
        times=live.times[at].astype("<i8").tobytes(),
        values=live.values[at].astype("<f8").tobytes(),
        quality=live.quality[at].astype("<u4").tobytes(),
        limits=live.limits[at].tobytes(),
        flags=(live.stale[at] * np.uint8(STALE)).tobytes(),
        counts=asdict(twin.counts) if full else {},
        estimate=estimate,
    )


def derived_of(twin: "PlantTwin", scan_time: int, readings: Admitted, n: int) -> DerivedScan:
    """The message of a closed scan's derived values; `n` tells it from the record's other outputs."""
    return DerivedScan(
        plant=twin.table.plant,
        incarnation=twin.incarnation,
        offset=twin.offset,
        n=n,
        scan_time=scan_time,
        tag_table=twin.table.name,
        tag_ids=readings.tag_ids.astype("<i4").tobytes(),
        values=readings.values.astype("<f8").tobytes(),
        quality=readings.quality.astype("<u4").tobytes(),
    )


def called_of(twin: "PlantTwin", scan_time: int, trigger: LiveTrigger, reason: str, n: int) -> TriggerCalled:
    """The message of what a closed scan calls for; `n` tells it from the record's other outputs."""
    return TriggerCalled(
        plant=twin.table.plant,
        incarnation=twin.incarnation,
        offset=twin.offset,
        n=n,
        scan_time=scan_time,
        policy=trigger.policy,
        trigger=trigger.name,
        calls=trigger.calls,
        changes=trigger.changes,
        horizon=trigger.horizon,
        reason=reason,
    )
