"""Following jobs: all that happens, from any number on, also where notifications are lost."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
from kettles import Site

from stream.store.database import DatabaseConfig, open_pool
from stream.store.job_feed import JobFeed


async def test_who_follows_a_job_hears_all_of_it_from_any_number_on(site: Site) -> None:
    settings = DatabaseConfig(site.dsn)
    async with await open_pool(settings) as pool, JobFeed(settings, pool) as feed, site.runner():
        job = await site.ask("tea", "one", litres=1)
        heard = [progress async for progress in feed.follow(job)]
        assert heard == await site.progress(job)
        assert heard[-1].state == "done"
        assert [each async for each in feed.follow(job, after=2)] == heard[2:]
        assert [each async for each in feed.follow(job, after=heard[-1].seq)] == []


async def test_a_follower_hears_at_once_even_where_the_notifications_were_cut(site: Site) -> None:
    settings = DatabaseConfig(site.dsn)
    async with await open_pool(settings) as pool, JobFeed(settings, pool) as feed, site.runner():
        job = await site.ask("slow", "one", seconds=4)
        delays: list[float] = []
        async for progress in feed.follow(job):
            delays.append((datetime.now(UTC) - progress.at).total_seconds())
            if len(delays) == 3:
                with psycopg.connect(site.dsn, autocommit=True) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                    )
        assert progress.state == "done"
        assert max(delays) < 4
