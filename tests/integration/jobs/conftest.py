"""Runners' tests share their steps with the unit tests; the steps' processes find them by their module's name."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "jobs"))


@pytest.fixture
def empty_jobs() -> object:
    """Empties the tables of jobs in the database of this address."""

    def run(dsn: str) -> str:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE job, job_progress, procrastinate_jobs, procrastinate_workers CASCADE")
        return dsn

    return run
