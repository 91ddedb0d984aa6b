"""The command that asks what if: question, position and event in one transaction, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream.handlers.ask import AskWhatIf, ask_what_if
from stream.handlers.store_plant import StorePlant, store_plant
from stream.jobs.job import Priority
from stream.jobs.question import Position, PositionError, Question
from stream.store.errors import UnknownStoredPlantError
from stream.store.unit_of_work import InMemoryUnitOfWork
from twin.matrix.errors import ScenarioError
from twin.plants import text

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOTTER = AskWhatIf(
    plant="williams-otto", changes=("TIC-101.SP=85 degC",), horizon="8 h", position="0f34:7", by="anna"
)  # fmt: skip


@pytest.fixture
async def unit() -> InMemoryUnitOfWork:
    unit = InMemoryUnitOfWork()
    await store_plant(StorePlant(definition_text=text("williams-otto")), unit)
    unit.outbox.events.clear()
    return unit


async def test_question_position_and_event_are_stored_together(unit: InMemoryUnitOfWork) -> None:
    (event,) = await ask_what_if(HOTTER, unit, now=lambda: NOW, identity=lambda: "e1")
    record = await unit.jobs.find(event.job)
    assert record is not None
    assert (record.request.kind, record.request.priority) == ("what-if", Priority.ASKED)
    question = Question.of_content(record.request.content)
    assert question.position == Position("0f34", 7)
    assert (question.by, question.at_us, question.horizon) == ("anna", round(NOW.timestamp() * 1e6), "8 h")
    assert question.title == "Reactor temperature, setpoint (TIC-101.SP) to 85 degC, 8 h ahead"
    assert [(one.type, one.aggregate, one.content["job"]) for one in unit.outbox.events] == [
        ("SimulationRequested", f"question/{event.job}", event.job)
    ]


async def test_one_key_of_one_person_asks_once(unit: InMemoryUnitOfWork) -> None:
    keyed = HOTTER.model_copy(update={"key": "k"})
    jobs = [(await ask_what_if(one, unit))[0].job for one in (keyed, keyed, keyed.model_copy(update={"by": "ben"}))]
    assert jobs == [1, 1, 2]
    assert len(unit.outbox.events) == 2


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"plant": "nowhere"}, UnknownStoredPlantError),
        ({"position": "here"}, PositionError),
        ({"changes": ("TIC-101.SP=400 degC", "TIC-7.SP=1 degC")}, ScenarioError),
        ({"horizon": "10000 h"}, ScenarioError),
    ],
)
async def test_what_cannot_be_asked_leaves_nothing(
    unit: InMemoryUnitOfWork, changed: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await ask_what_if(HOTTER.model_copy(update=changed), unit)
    assert unit.jobs.jobs == {}
    assert unit.outbox.events == []
