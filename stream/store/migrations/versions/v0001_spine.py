"""The spine's tables.

`reading` adapts to what the database can do. With TimescaleDB it is a hypertable of day chunks, compressed by tag where
the licence allows ("timescale"; the Apache edition refuses columnstore, its policies and the job API). On plain
PostgreSQL it stays one plain table: back-fill and corrections may bear any past time, and with partitions by range a
row without its partition either stops the historian or falls into a default partition that must later be emptied under
an exclusive lock. Retention there deletes along the unique index, tag by tag, in bounded steps (`retention.py`).

Revision ID: 0001
Revises:
"""

from typing import Final

from alembic import context, op
from sqlalchemy import text

from stream.store.database import CAPABILITIES_SQL, Capabilities

revision: Final = "0001"
down_revision: Final = None

_PLANTS: Final = """
CREATE TABLE plant (
    plant text PRIMARY KEY,
    number integer NOT NULL UNIQUE CHECK (number >= 0),
    name text NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    tag_table text NOT NULL
);
CREATE TABLE plant_revision (
    plant text NOT NULL REFERENCES plant,
    revision integer NOT NULL,
    definition text NOT NULL,
    tag_table text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (plant, revision)
);
CREATE TABLE tag (
    tag_id serial PRIMARY KEY,
    plant text NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    UNIQUE (plant, name, unit)
);
CREATE TABLE tag_table (
    name text PRIMARY KEY,
    plant text NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE tag_table_refusal (
    tag_table text NOT NULL,
    plant text NOT NULL,
    incarnation text NOT NULL,
    "offset" bigint NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tag_table, incarnation, "offset")
);
"""

_READINGS: Final = """
CREATE TABLE reading (
    tag_id integer NOT NULL,
    ts timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL
);
CREATE UNIQUE INDEX reading_tag_id_ts ON reading (tag_id, ts);
CREATE TABLE reading_rank (
    tag_id integer NOT NULL,
    ts timestamptz NOT NULL,
    version integer NOT NULL,
    rank smallint NOT NULL,
    PRIMARY KEY (tag_id, ts)
);
CREATE TABLE reading_revision (
    tag_id integer NOT NULL,
    ts timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL,
    version integer NOT NULL,
    rank smallint NOT NULL,
    superseded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tag_id, ts, value, quality)
);
CREATE TABLE last_reading (
    tag_id integer PRIMARY KEY,
    ts timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL
) WITH (fillfactor = 50);
"""

_POSITIONS: Final = """
CREATE TABLE stored_mark (
    plant text NOT NULL,
    source text NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (plant, source, epoch)
) WITH (fillfactor = 50);
CREATE TABLE position (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    incarnation text NOT NULL,
    next_offset bigint NOT NULL,
    fingerprint text NOT NULL DEFAULT '',
    clock bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50);
CREATE TABLE dirty_range (
    id bigserial PRIMARY KEY,
    from_ts timestamptz NOT NULL,
    to_ts timestamptz NOT NULL,
    tag_ids integer[] NOT NULL,
    CHECK (from_ts < to_ts)
);
CREATE INDEX dirty_range_to_ts ON dirty_range (to_ts);
CREATE TABLE dead_letter (
    id bigserial PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    incarnation text NOT NULL,
    "offset" bigint NOT NULL,
    n integer NOT NULL,
    plant text NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    readings integer NOT NULL,
    body bytea NOT NULL CHECK (octet_length(body) <= 65536),
    body_bytes integer NOT NULL,
    releasable boolean NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    released_at timestamptz,
    UNIQUE (topic, partition, incarnation, "offset", n)
);
CREATE INDEX dead_letter_unpublished ON dead_letter (id) WHERE published_at IS NULL;
"""

_ROLLUP: Final = """
CREATE TABLE {name} (
    tag_id integer NOT NULL,
    bucket timestamptz NOT NULL,
    readings integer NOT NULL,
    good integer NOT NULL,
    total double precision NOT NULL,
    minimum double precision,
    maximum double precision,
    first double precision,
    last double precision,
    quality smallint NOT NULL,
    PRIMARY KEY (tag_id, bucket)
);
"""

_TWINS: Final = """
CREATE TABLE snapshot (
    id bigserial NOT NULL UNIQUE,
    plant text NOT NULL,
    incarnation text NOT NULL,
    "offset" bigint NOT NULL,
    log_time bigint NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (plant, incarnation, "offset")
);
CREATE INDEX snapshot_plant_log_time ON snapshot (plant, log_time);
CREATE TABLE outbox (
    id bigserial PRIMARY KEY,
    event_id text NOT NULL UNIQUE,
    aggregate text NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    content jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    UNIQUE (aggregate, version)
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
"""


def upgrade() -> None:
    """Make the tables, and of `reading` what the database can make of it."""
    for ddl in (_PLANTS, _READINGS, _POSITIONS, _TWINS):
        op.execute(ddl)
    for name in ("rollup_1m", "rollup_1h"):
        op.execute(_ROLLUP.format(name=name))
    row = op.get_bind().execute(text(CAPABILITIES_SQL)).one()
    able = Capabilities(*row)
    if able.hypertables:
        op.execute(
            "SELECT create_hypertable('reading', 'ts', chunk_time_interval => INTERVAL '1 day',"
            " create_default_indexes => false)"
        )
    if able.columnstore:
        _compress(able, context.config.attributes["columnstore_after"])


def _compress(able: Capabilities, after: str) -> None:
    """Switch columnstore on, by the words of the version at hand (renamed in 2.18)."""
    major, minor = (int(part) for part in able.timescale_version.split(".")[:2])
    if (major, minor) >= (2, 18):
        op.execute(
            "ALTER TABLE reading SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'tag_id',"
            " timescaledb.orderby = 'ts')"
        )
        policy = "CALL add_columnstore_policy('reading', after => CAST(:after AS interval))"
    else:
        op.execute(
            "ALTER TABLE reading SET (timescaledb.compress, timescaledb.compress_segmentby = 'tag_id',"
            " timescaledb.compress_orderby = 'ts')"
        )
        policy = "SELECT add_compression_policy('reading', CAST(:after AS interval))"
    op.execute(text(policy).bindparams(after=after))


def downgrade() -> None:
    """Take the tables away, with all that is in them."""
    op.execute(
        "DROP TABLE outbox, snapshot, rollup_1h, rollup_1m, dead_letter, dirty_range, position, stored_mark,"
        " last_reading, reading_revision, reading_rank, reading, tag_table_refusal, tag_table, tag,"
        " plant_revision, plant"
    )
