"""Store a portfolio's definition: the command that puts a revision and the news of it in force together."""

from pydantic import BaseModel, ConfigDict

from stream.handlers.event import Clock, Event, Identities, new_identity, utc_now
from stream.handlers.name_fault import name_fault
from stream.handlers.read_portfolio import read_portfolio
from stream.store.portfolios import StoredPortfolio
from stream.store.revisions import demand_revision
from stream.store.unit_of_work import UnitOfWork


class StorePortfolio(BaseModel):
    """Put the portfolio that `definition_text` describes in force; `filename` only names it in faults.

    Parameters
    ----------
    portfolio
        The id that the text must name; empty for whichever it names.
    expected_revision
        Which revision this is to follow, 0 where none may be stored; None follows any.
    by
        Who asks.
    """

    model_config = ConfigDict(frozen=True)

    definition_text: str
    filename: str = ""
    portfolio: str = ""
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
    twin.atlas.definition.DefinitionError
        With all faults of the text, plants that are not stored among them; nothing is stored then.
    RevisionConflictError
        Where another revision than the expected one is in force.
    """
    portfolio = await read_portfolio(command.definition_text, unit_of_work, filename=command.filename)
    if command.portfolio not in ("", portfolio.id):
        raise name_fault("portfolio", command.portfolio, portfolio.id, command.filename)
    async with unit_of_work as unit:
        before = await unit.portfolios.claim(portfolio.id)
        revision = 0 if before is None else before.revision
        demand_revision(f"portfolio {portfolio.id}", command.expected_revision, revision)
        if before is not None and before.definition == command.definition_text:
            return []
        revision += 1
        event = PortfolioRevised(
            event_id=identity(),
            at=now(),
            by=command.by,
            portfolio=portfolio.id,
            name=portfolio.name,
            revision=revision,
        )
        stored = StoredPortfolio(portfolio.id, portfolio.name, revision, command.definition_text)
        await unit.portfolios.save(stored, event.at, command.by)
        await unit.outbox.add(event.for_outbox(f"portfolio/{portfolio.id}", revision))
        await unit.commit()
    return [event]
