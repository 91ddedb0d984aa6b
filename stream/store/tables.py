"""The tables as SQLAlchemy metadata: what the repositories are written against and the migrations are checked by."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

METADATA: Final = MetaData()


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, nullable=False, **options)


def _integer(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer, nullable=False, **options)


def _big(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, nullable=False, **options)


def _time(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, **options)


def _reading_columns() -> tuple[Column[Any], ...]:
    return (
        Column("value", Double, nullable=False),
        Column("quality", SmallInteger, nullable=False),
    )


PLANT: Final = Table(
    "plant",
    METADATA,
    Column("plant", Text, primary_key=True),
    _integer("number", unique=True),
    _text("name"),
    _integer("revision"),
    _text("tag_table"),
    CheckConstraint("number >= 0"),
    CheckConstraint("revision > 0"),
)

PLANT_REVISION: Final = Table(
    "plant_revision",
    METADATA,
    Column("plant", Text, ForeignKey("plant.plant"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _text("definition"),
    _text("tag_table"),
    _time("created_at"),
    _text("by", server_default=text("''")),
)

PORTFOLIO: Final = Table(
    "portfolio",
    METADATA,
    Column("portfolio", Text, primary_key=True),
    _text("name"),
    _integer("revision"),
    CheckConstraint("revision > 0"),
)

PORTFOLIO_REVISION: Final = Table(
    "portfolio_revision",
    METADATA,
    Column("portfolio", Text, ForeignKey("portfolio.portfolio"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _text("definition"),
    _time("created_at"),
    _text("by"),
)

PRICE_BOOK: Final = Table(
    "price_book",
    METADATA,
    Column("plant", Text, ForeignKey("plant.plant"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("entries", JSONB, nullable=False),
    _time("created_at"),
    _text("by"),
    CheckConstraint("version > 0"),
)

TAG: Final = Table(
    "tag",
    METADATA,
    Column("tag_id", Integer, primary_key=True),
    _text("plant"),
    _text("name"),
    _text("unit"),
    UniqueConstraint("plant", "name", "unit"),
)

TAG_TABLE: Final = Table(
    "tag_table",
    METADATA,
    Column("name", Text, primary_key=True),
    _text("plant"),
    Column("content", LargeBinary, nullable=False),
    _time("created_at"),
)

TAG_TABLE_REFUSAL: Final = Table(
    "tag_table_refusal",
    METADATA,
    Column("tag_table", Text, primary_key=True),
    _text("plant"),
    Column("incarnation", Text, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    _time("refused_at", server_default=text("now()")),
)

READING: Final = Table(
    "reading",
    METADATA,
    _integer("tag_id"),
    _time("ts"),
    *_reading_columns(),
    Index("reading_tag_id_ts", "tag_id", "ts", unique=True),
)

READING_RANK: Final = Table(
    "reading_rank",
    METADATA,
    Column("tag_id", Integer, primary_key=True, autoincrement=False),
    Column("ts", DateTime(timezone=True), primary_key=True),
    _integer("version"),
    Column("rank", SmallInteger, nullable=False),
)

READING_REVISION: Final = Table(
    "reading_revision",
    METADATA,
    Column("tag_id", Integer, primary_key=True, autoincrement=False),
    Column("ts", DateTime(timezone=True), primary_key=True),
    Column("value", Double, primary_key=True),
    Column("quality", SmallInteger, primary_key=True, autoincrement=False),
    _integer("version"),
    Column("rank", SmallInteger, nullable=False),
    _time("superseded_at", server_default=text("now()")),
)

LAST_READING: Final = Table(
    "last_reading",
    METADATA,
    Column("tag_id", Integer, primary_key=True, autoincrement=False),
    _time("ts"),
    *_reading_columns(),
)

STORED_MARK: Final = Table(
    "stored_mark",
    METADATA,
    Column("plant", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    _big("seq"),
    _time("stored_at"),
)

POSITION: Final = Table(
    "position",
    METADATA,
    Column("consumer", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    _text("incarnation"),
    _big("next_offset"),
    _text("fingerprint", server_default=text("''")),
    _big("clock", server_default=text("0")),
)

DIRTY_RANGE: Final = Table(
    "dirty_range",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    _time("from_ts"),
    _time("to_ts"),
    Column("tag_ids", ARRAY(Integer), nullable=False),
    CheckConstraint("from_ts < to_ts"),
    Index("dirty_range_to_ts", "to_ts"),
)

DEAD_LETTER: Final = Table(
    "dead_letter",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    _text("topic"),
    _integer("partition"),
    _text("incarnation"),
    _big("offset"),
    _integer("n"),
    _text("plant"),
    _text("source"),
    _text("reason"),
    _integer("readings"),
    Column("body", LargeBinary, nullable=False),
    _integer("body_bytes"),
    Column("releasable", Boolean, nullable=False),
    _time("created_at"),
    Column("published_at", DateTime(timezone=True)),
    Column("released_at", DateTime(timezone=True)),
    CheckConstraint("octet_length(body) <= 65536"),
    UniqueConstraint("topic", "partition", "incarnation", "offset", "n"),
    Index("dead_letter_unpublished", "id", postgresql_where=text("published_at IS NULL")),
)


def _rollup(name: str) -> Table:
    return Table(
        name,
        METADATA,
        Column("tag_id", Integer, primary_key=True, autoincrement=False),
        Column("bucket", DateTime(timezone=True), primary_key=True),
        _integer("readings"),
        _integer("good"),
        Column("total", Double, nullable=False),
        Column("minimum", Double),
        Column("maximum", Double),
        Column("first", Double),
        Column("last", Double),
        Column("quality", SmallInteger, nullable=False),
    )


ROLLUP_1M: Final = _rollup("rollup_1m")
ROLLUP_1H: Final = _rollup("rollup_1h")

SNAPSHOT: Final = Table(
    "snapshot",
    METADATA,
    Column("id", BigInteger, nullable=False, unique=True),
    Column("plant", Text, primary_key=True),
    Column("incarnation", Text, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    _big("log_time"),
    Column("state", LargeBinary, nullable=False),
    Index("snapshot_plant_log_time", "plant", "log_time"),
)

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    _text("event_id", unique=True),
    _text("aggregate"),
    _integer("version"),
    _text("type"),
    Column("content", JSONB, nullable=False),
    _time("created_at"),
    Column("sent_at", DateTime(timezone=True)),
    UniqueConstraint("aggregate", "version"),
    Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
)

JOB: Final = Table(
    "job",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    _text("identity", unique=True),
    _text("kind"),
    _text("plant"),
    Column("content", JSONB, nullable=False),
    _integer("priority"),
    Column("timeout_s", Double, nullable=False),
    _integer("retries"),
    _text("state"),
    Column("done", Double, nullable=False),
    _text("message"),
    _integer("attempt"),
    _integer("seq"),
    Column("queue_row", BigInteger),
    _time("asked_at"),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("result", JSONB),
    Column("failure", JSONB),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')"),
    Index("job_plant_id", "plant", "id"),
    Index("job_ended_at", "ended_at"),
)

JOB_PROGRESS: Final = Table(
    "job_progress",
    METADATA,
    Column("job", BigInteger, ForeignKey("job.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _time("at"),
    _text("state"),
    Column("done", Double, nullable=False),
    _text("message"),
    Column("partial", JSONB),
)
