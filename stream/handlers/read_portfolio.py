"""Read a portfolio's text over the plants as they are stored."""

import asyncio
from collections.abc import Mapping

from stream.store.unit_of_work import UnitOfWork
from twin.atlas.definition import parse
from twin.atlas.portfolio import Portfolio
from twin.atlas.portfolio_file import parse_portfolio, read_plant_ids


async def read_portfolio(text: str, unit_of_work: UnitOfWork, *, filename: str = "") -> Portfolio:
    """The portfolio that the text describes, of the stored plants' revisions in force.

    Raises
    ------
    twin.atlas.definition.DefinitionError
        With all faults of the text; a plant that is not stored is one.
    """
    wanted = await asyncio.to_thread(read_plant_ids, text, filename)
    async with unit_of_work as unit:
        found = [await unit.plants.find(plant) for plant in wanted]
    definitions = {str(stored.plant): stored.definition for stored in found if stored is not None}
    return await asyncio.to_thread(_assemble, text, definitions, filename)


def _assemble(text: str, definitions: Mapping[str, str], filename: str) -> Portfolio:
    plants = {plant: parse(definition) for plant, definition in definitions.items()}
    return parse_portfolio(text, plants, filename)
