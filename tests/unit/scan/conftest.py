"""A small plant, and batches of it, for the tests of the scan path."""

from collections.abc import Callable

import numpy as np
import pytest

from stream.envelope import Origin, ReadingBatch, make_batch
from twin.atlas.tags import Limits, Tag, TagTable, TagTableContent

T0 = 1_790_000_000_000_000
"""A time of day for the tests, microseconds UTC."""

Reading = tuple[int, int, float] | tuple[int, int, float, int]


@pytest.fixture
def t0() -> int:
    return T0


@pytest.fixture
def table() -> TagTable:
    return TagTable.of(
        TagTableContent(
            plant="mill",
            number=7,
            revision=1,
            history_from_us=T0 - 3_600_000_000,
            tags=(
                Tag(
                    tag_id=11, name="TI-1.PV", description="Oven", unit="degC", low=0, high=100, source="opcua",
                    limits=Limits(low_low=5, low=10, high=80, high_high=90, deadband=2), stale_after_s=5,
                ),
                Tag(
                    tag_id=12, name="FI-2.PV", description="Feed", unit="kg/s", low=0, high=10, source="opcua",
                    scale=0.5, offset=1.0,
                ),
                Tag(
                    tag_id=15, name="TI-1.SP", description="Oven setpoint", unit="degC", low=0, high=100,
                    source="opcua", stale_after_s=0, kind="setpoint",
                ),
                Tag(
                    tag_id=20, name="TDI-1.PV", description="Deviation", unit="delta_degC", low=-100, high=100,
                    expression="[TI-1.PV] - [TI-1.SP]", kind="derived",
                ),
            ),
        )
    )  # fmt: skip


@pytest.fixture
def batch(table: TagTable) -> Callable[..., ReadingBatch]:
    """Make a batch: `batch(seq, (tag_id, time, value[, quality]), ...)`."""

    def make(seq: int, *readings: Reading, origin: Origin = "live", epoch: int = 1, **other: object) -> ReadingBatch:
        rows = [(*reading, 0)[:4] for reading in readings]
        columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
        settings: dict[str, object] = {
            "plant": "mill", "source": "opcua", "epoch": epoch, "seq": seq, "tag_table": table.name, "origin": origin,
            **other,
        }  # fmt: skip
        return make_batch(
            tag_ids=np.array(columns[0], dtype=np.int32),
            times=np.array(columns[1], dtype=np.int64),
            values=np.array(columns[2], dtype=np.float64),
            quality=np.array(columns[3], dtype=np.uint32),
            **settings,  # type: ignore[arg-type]  # a test's own keywords
        )

    return make
