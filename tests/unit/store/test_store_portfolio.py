"""Storing a portfolio: a revision and the news of it together, only where something is new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stream.handlers.store_portfolio import PortfolioRevised, StorePortfolio, store_portfolio
from stream.store.errors import RevisionConflictError
from stream.store.unit_of_work import InMemoryUnitOfWork

AT = datetime(2026, 11, 24, tzinfo=UTC)


async def store(unit: InMemoryUnitOfWork, text: str, **options: Any) -> list[PortfolioRevised]:
    command = StorePortfolio(portfolio="rhine", name="Rhine", definition_text=text, by="anna", **options)
    return await store_portfolio(command, unit, now=lambda: AT, identity=lambda: f"event of {text}")


async def test_a_revision_is_stored_with_its_event() -> None:
    unit = InMemoryUnitOfWork()
    (event,) = await store(unit, "one")
    assert (event.portfolio, event.revision, event.by, event.at) == ("rhine", 1, "anna", AT)
    (sent,) = unit.outbox.events
    assert (sent.event_id, sent.aggregate, sent.version) == ("event of one", "portfolio/rhine", 1)
    assert PortfolioRevised.model_validate(sent.content) == event
    assert await store(unit, "one") == []
    (event,) = await store(unit, "two", expected_revision=1)
    assert event.revision == 2


async def test_a_change_made_for_another_revision_is_refused() -> None:
    unit = InMemoryUnitOfWork()
    with pytest.raises(RevisionConflictError, match="portfolio rhine is not stored"):
        await store(unit, "one", expected_revision=3)
    await store(unit, "one", expected_revision=0)
    with pytest.raises(RevisionConflictError):
        await store(unit, "two", expected_revision=0)
    assert len(unit.outbox.events) == 1
