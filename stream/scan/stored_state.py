"""What the table holds of a plant, for a twin that goes on in a new log (rule log-may-vanish).

The newest snapshot may be minutes older than the log that vanished, and what was stored since then is not sent again:
a setpoint that changed once in these minutes would stay wrong for ever. So the twin is brought up to the table first.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.scan import live as live_values
from stream.scan.admit import Admitted
from stream.scan.plant_twin import PlantTwin
from twin.atlas.prices import PriceBook
from twin.atlas.tags import TagTable

STORED: Final = "stored"
"""Source of values that the table gave."""
NO_PRICES: Final = PriceBook()


@dataclass(frozen=True, slots=True)
class StoredState:
    """The newest stored reading of each tag, arrays of shape (n,), and the stored marks (source, epoch, seq).

    Times in microseconds UTC, values in stored units; marks in the order of their last move. `tag_table` names the
    table in force, `prices` is the newest price book.
    """

    tag_table: str
    tag_ids: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    marks: tuple[tuple[str, int, int], ...]
    prices: PriceBook = NO_PRICES


def bring_up(twin: PlantTwin, stored: StoredState, table: TagTable) -> None:
    """Let the twin know what is stored, `table` in force included; what it knows newer stays.

    No scan closes again that may be stored.
    """
    if table.name != twin.table.name:
        twin.move_to(table)
    if stored.prices.version > twin.prices.version:
        twin.prices = stored.prices
    for mark in stored.marks:
        twin.marks.advance(*mark)
    positions = twin.table.find(stored.tag_ids)
    known = positions >= 0
    if not known.any():
        return
    readings = Admitted(
        positions[known], stored.tag_ids[known], stored.times[known], stored.values[known], stored.quality[known]
    )
    newest = int(readings.times.max())
    live_values.apply(twin.live, twin.rules.limits, readings, STORED, newest, is_live=False)
    twin.grid.hold(readings, newest)
