"""Jobs with what happened to them, and procrastinate's queue that hands them to runners.

Procrastinate's tables and functions (`procrastinate_...`) come from the package as it is installed. Its version stands
in a comment on its table of jobs, from which a later migration knows what to bring up to date.

Revision ID: 0003
Revises: 0002
"""

from importlib.metadata import version
from typing import Final

from alembic import op

from stream.jobs import queue

revision: Final = "0003"
down_revision: Final = "0002"

_TABLES: Final = """
CREATE TABLE job (
    id bigserial PRIMARY KEY,
    identity text NOT NULL UNIQUE,
    kind text NOT NULL,
    plant text NOT NULL,
    content jsonb NOT NULL,
    priority integer NOT NULL,
    timeout_s double precision NOT NULL,
    retries integer NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    done double precision NOT NULL,
    message text NOT NULL,
    attempt integer NOT NULL,
    seq integer NOT NULL,
    queue_row bigint,
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    result jsonb,
    failure jsonb
);
CREATE INDEX job_plant_id ON job (plant, id);
CREATE INDEX job_ended_at ON job (ended_at);
CREATE TABLE job_progress (
    job bigint NOT NULL REFERENCES job ON DELETE CASCADE,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL,
    done double precision NOT NULL,
    message text NOT NULL,
    partial jsonb,
    PRIMARY KEY (job, seq)
);
"""

_WITHOUT_QUEUE: Final = r"""
DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE
    found regprocedure;
BEGIN
    FOR found IN SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate\_%' LOOP
        EXECUTE format('DROP FUNCTION %s', found);
    END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
"""


def upgrade() -> None:
    """Make the tables, and the queue."""
    op.execute(_TABLES)
    op.execute(queue.schema())
    op.execute(f"COMMENT ON TABLE procrastinate_jobs IS 'procrastinate {version('procrastinate')}'")


def downgrade() -> None:
    """Take them away, with all that is in them."""
    op.execute(_WITHOUT_QUEUE)
    op.execute("DROP TABLE job_progress, job")
