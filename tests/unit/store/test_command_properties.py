"""Whatever commands come in whatever order: revisions and events count without a gap, and a refused one leaves none."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.handlers.change_prices import ChangePrices, change_prices
from stream.handlers.store_plant import StorePlant, store_plant
from stream.store.errors import RevisionConflictError, UnknownStoredPlantError
from stream.store.unit_of_work import InMemoryUnitOfWork

TEXT = """\
atlas: 1
plant: {plant}
name: Mill
sources:
  - {{name: opcua, kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840/mill"}}
tags:
  - {{name: TI-1.PV, description: Oven {content}, unit: degC, range: [0, 300], address: ns=2;s=TI-1}}
"""
COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(["plant", "prices"]),
        st.sampled_from(["mill", "kiln"]),
        st.integers(0, 2),  # content
        st.none() | st.integers(0, 3),  # what the change was made for
    ),
    max_size=12,
)


@given(COMMANDS)
@settings(max_examples=60, deadline=None)
def test_any_commands_leave_whole_histories(commands: list[tuple[str, str, int, int | None]]) -> None:
    asyncio.run(play(commands))


async def play(commands: list[tuple[str, str, int, int | None]]) -> None:
    unit = InMemoryUnitOfWork()
    newest: dict[tuple[str, str], int] = defaultdict(int)
    for kind, plant, content, expected in commands:
        before, refused = list(unit.outbox.events), None
        try:
            if kind == "plant":
                text = TEXT.format(plant=plant, content=content)
                events = await store_plant(StorePlant(definition_text=text, expected_revision=expected), unit)
            else:
                entries = [{"item": "steam", "price": f"{content} EUR/t"}]
                command = ChangePrices(plant=plant, entries=entries, expected_version=expected)
                events = list(await change_prices(command, unit))
        except RevisionConflictError as error:
            refused = error
        except UnknownStoredPlantError:
            assert newest["plant", plant] == 0
            continue
        if refused is not None:
            assert (refused.expected, refused.actual) == (expected, newest[kind, plant])
            assert refused.expected != refused.actual
            assert unit.outbox.events == before
            continue
        assert expected in (None, newest[kind, plant])
        newest[kind, plant] += len(events)
    await check(unit, newest)


async def check(unit: InMemoryUnitOfWork, newest: dict[tuple[str, str], int]) -> None:
    for plant in ("mill", "kiln"):
        revisions = [each.number for each in await unit.plants.revisions(plant)]
        versions = [each.number for each in await unit.prices.versions(plant)]
        assert revisions == list(range(1, newest["plant", plant] + 1))
        assert versions == list(range(1, newest["prices", plant] + 1))
        for aggregate, numbers in ((f"plant/{plant}", revisions), (f"prices/{plant}", versions)):
            assert [event.version for event in unit.outbox.events if event.aggregate == aggregate] == numbers
    assert len({event.event_id for event in unit.outbox.events}) == len(unit.outbox.events)
