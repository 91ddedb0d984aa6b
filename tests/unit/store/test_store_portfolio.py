"""Storing a portfolio: a revision and the news of it together, only where something is new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stream.handlers.store_plant import StorePlant, store_plant
from stream.handlers.store_portfolio import PortfolioRevised, StorePortfolio, store_portfolio
from stream.store.errors import RevisionConflictError
from stream.store.unit_of_work import InMemoryUnitOfWork
from twin import plants
from twin.atlas.definition import DefinitionError

AT = datetime(2026, 11, 24, tzinfo=UTC)
ID = plants.portfolio_names()[0]
TEXT = plants.portfolio_text(ID)


@pytest.fixture
async def unit() -> InMemoryUnitOfWork:
    """The plants that ship are stored, and their events are sent."""
    unit = InMemoryUnitOfWork()
    for plant in plants.names():
        await store_plant(StorePlant(definition_text=plants.text(plant)), unit)
    unit.outbox.events.clear()
    return unit


async def store(unit: InMemoryUnitOfWork, text: str = TEXT, **options: Any) -> list[PortfolioRevised]:
    command = StorePortfolio(definition_text=text, by="anna", **options)
    return await store_portfolio(command, unit, now=lambda: AT, identity=lambda: f"event {len(text)}")


async def test_a_revision_is_stored_with_its_event(unit: InMemoryUnitOfWork) -> None:
    (event,) = await store(unit)
    assert (event.portfolio, event.revision, event.by, event.at) == (ID, 1, "anna", AT)
    (sent,) = unit.outbox.events
    assert (sent.event_id, sent.aggregate, sent.version) == (event.event_id, f"portfolio/{ID}", 1)
    assert PortfolioRevised.model_validate(sent.content) == event
    found = await unit.portfolios.find(ID)
    assert found is not None
    assert (found.name, found.definition) == (event.name, TEXT)
    assert await store(unit) == []
    (event,) = await store(unit, TEXT + "# later\n", expected_revision=1)
    assert event.revision == 2


async def test_a_change_made_for_another_revision_is_refused(unit: InMemoryUnitOfWork) -> None:
    with pytest.raises(RevisionConflictError, match=f"portfolio {ID} is not stored"):
        await store(unit, expected_revision=3)
    await store(unit, expected_revision=0)
    with pytest.raises(RevisionConflictError):
        await store(unit, TEXT + "# late\n", expected_revision=0)
    assert len(unit.outbox.events) == 1


async def test_a_faulty_text_stores_nothing(unit: InMemoryUnitOfWork) -> None:
    with pytest.raises(DefinitionError, match="store it as"):
        await store(unit, portfolio="another")
    with pytest.raises(DefinitionError):
        await store(unit, "portfolio: [")
    with pytest.raises(DefinitionError, match=plants.names()[0]):
        await store(InMemoryUnitOfWork())
    assert await unit.portfolios.list() == []
