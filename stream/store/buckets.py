"""The one place that says what a bucket of readings amounts to; rollups and the history's unrolled tail share it.

Only readings of severity Good count for total, extremes, first and last; `quality` is the worst of all. Stored quality
is the status code's high half as a signed number, so Good is 0 to 16383.
"""

from dataclasses import dataclass
from typing import Final

from psycopg import sql

OF_READINGS: Final = sql.SQL("""
    SELECT count(*)::int AS readings,
        count(*) FILTER (WHERE quality BETWEEN 0 AND 16383)::int AS good,
        coalesce(sum(value) FILTER (WHERE quality BETWEEN 0 AND 16383), 0) AS total,
        min(value) FILTER (WHERE quality BETWEEN 0 AND 16383) AS minimum,
        max(value) FILTER (WHERE quality BETWEEN 0 AND 16383) AS maximum,
        (array_agg(value ORDER BY ts) FILTER (WHERE quality BETWEEN 0 AND 16383))[1] AS first,
        (array_agg(value ORDER BY ts DESC) FILTER (WHERE quality BETWEEN 0 AND 16383))[1] AS last,
        (mod(max(mod(quality + 65536, 65536)) + 32768, 65536) - 32768)::smallint AS quality
    FROM reading
    WHERE tag_id = piece.tag_id AND ts >= piece.bucket AND ts < piece.bucket + {width}
    HAVING count(*) > 0
""")
"""The aggregates of one piece: a tag and the beginning of a bucket of a width (an interval)."""

OF_MINUTES: Final = sql.SQL("""
    SELECT sum(readings)::int AS readings, sum(good)::int AS good, sum(total) AS total,
        min(minimum) AS minimum, max(maximum) AS maximum,
        (array_agg(first ORDER BY bucket) FILTER (WHERE good > 0))[1] AS first,
        (array_agg(last ORDER BY bucket DESC) FILTER (WHERE good > 0))[1] AS last,
        (mod(max(mod(quality + 65536, 65536)) + 32768, 65536) - 32768)::smallint AS quality
    FROM rollup_1m
    WHERE tag_id = piece.tag_id AND bucket >= piece.bucket AND bucket < piece.bucket + {width}
    HAVING count(*) > 0
""")
"""The same of an hour, from its minutes."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A rollup: what the API calls it, its table, and its width."""

    name: str
    table: str
    width_us: int

    @property
    def interval(self) -> sql.Literal:
        """The width for SQL."""
        return sql.Literal(f"{self.width_us // 1_000_000} seconds")


MINUTES: Final = Resolution("1m", "rollup_1m", 60_000_000)
HOURS: Final = Resolution("1h", "rollup_1h", 3_600_000_000)


def width_sql(resolution: Resolution) -> sql.Composed:
    """The width as an interval expression."""
    return sql.SQL("{}::interval").format(resolution.interval)
