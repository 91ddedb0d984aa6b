"""Store a portfolio's definition: the command that puts a revision and the news of it in force together."""

from pydantic import BaseModel, ConfigDict, Field

from stream.handlers.event import Clock, Event, Identities, new_identity, utc_now
from stream.store.portfolios import StoredPortfolio
from stream.store.revisions import demand_revision
from stream.store.unit_of_work import UnitOfWork


class StorePortfolio(BaseModel):
    """Put the portfolio that `definition_text` describes in force; see `StorePlant` for the other fields."""

    model_config = ConfigDict(frozen=True)

    portfolio: str = Field(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60)
    name: str = Field(min_length=1, max_length=120)
    definition_text: str
    expected_revision: int | None = None
    by: str = ""


class PortfolioRevised(Event):
    """A portfolio has a new revision."""

    portfolio: str
    name: str
    revision: int


async def store_portfolio(
    command: StorePortfolio, unit_of_work: UnitOfWork, *, now: Clock = utc_now, identity: Identities = new_identity
) -> list[PortfolioRevised]:
    """Store a revision where the text is a new one, and its event in the outbox, in one transaction.

    Returns
    -------
    The events: one `PortfolioRevised`, or none where the text is the one in force.

    Raises
    ------
    RevisionConflictError
        Where another revision than the expected one is in force.
    """
    async with unit_of_work as unit:
        before = await unit.portfolios.claim(command.portfolio)
        revision = 0 if before is None else before.revision
        demand_revision(f"portfolio {command.portfolio}", command.expected_revision, revision)
        if before is not None and before.definition == command.definition_text:
            return []
        revision += 1
        event = PortfolioRevised(
            event_id=identity(),
            at=now(),
            by=command.by,
            portfolio=command.portfolio,
            name=command.name,
            revision=revision,
        )
        stored = StoredPortfolio(command.portfolio, command.name, revision, command.definition_text)
        await unit.portfolios.save(stored, event.at, command.by)
        await unit.outbox.add(event.for_outbox(f"portfolio/{command.portfolio}", revision))
        await unit.commit()
    return [event]
