"""Who stored a plant's revision; portfolios with their revisions; price books by version.

Revision ID: 0002
Revises: 0001
"""

from typing import Final

from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

_TABLES: Final = """
ALTER TABLE plant_revision ADD COLUMN by text NOT NULL DEFAULT '';
CREATE TABLE portfolio (
    portfolio text PRIMARY KEY,
    name text NOT NULL,
    revision integer NOT NULL CHECK (revision > 0)
);
CREATE TABLE portfolio_revision (
    portfolio text NOT NULL REFERENCES portfolio,
    revision integer NOT NULL,
    definition text NOT NULL,
    created_at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (portfolio, revision)
);
CREATE TABLE price_book (
    plant text NOT NULL REFERENCES plant,
    version integer NOT NULL CHECK (version > 0),
    entries jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (plant, version)
);
"""


def upgrade() -> None:
    """Add the column and make the tables."""
    op.execute(_TABLES)


def downgrade() -> None:
    """Take them away, with all that is in them."""
    op.execute("DROP TABLE price_book, portfolio_revision, portfolio")
    op.execute("ALTER TABLE plant_revision DROP COLUMN by")
